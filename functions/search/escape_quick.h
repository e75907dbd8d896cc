/* escape_quick.h - JSON text inside JSON text, eight bytes at a time.
 *
 * Is:      pure; copies text with a backslash in front of each quote and backslash. No branch depends on
 *          where they stand, as in unescape_quick.h.
 * Is not:  for what has no such escape: it stops somewhere in front of a control character or DEL.
 * Beware:  does nothing where shuffle_can() says no: whoever calls goes on byte by byte.
 */
#ifndef NARAE_SEARCH_ESCAPE_QUICK_H
#define NARAE_SEARCH_ESCAPE_QUICK_H

/* Copy to *to, which has room for twice as many bytes and sixteen more. Returns how far it came; *to is
 * behind what was written. */
const char *escape_quick(const char *at, const char *end, char **to);

#endif
