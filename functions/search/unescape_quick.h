/* unescape_quick.h - JSON that travels in JSON, sixteen bytes at a time.
 *
 * Is:      pure; copies text and leaves out the backslash of each \", \\ and \/, of which such text is
 *          full. No branch depends on where they stand, but for runs of backslashes: to go from one to the
 *          next would be guessed wrong too often.
 * Is not:  for any other escape: it stops in front of one.
 * Beware:  does nothing where shuffle_can() says no: whoever calls goes on byte by byte.
 */
#ifndef NARAE_SEARCH_UNESCAPE_QUICK_H
#define NARAE_SEARCH_UNESCAPE_QUICK_H

/* Copy from `at`, which is not inside an escape, to *to, which has room for end - at bytes and sixteen more.
 * Returns how far it came, which is not inside one either; *to is behind what was written. */
const char *unescape_quick(const char *at, const char *end, char **to);

#endif
