/* normal.h - one spelling for texts that read the same.
 *
 * Is:      pure: Unicode's canonical composition (NFC) for what is stored, and a key for what is counted
 *          together.
 * Is not:  for identifiers, which stay as they are.
 * Beware:  ASCII and composed Hangul, nearly all that is typed, take a short way; everything else goes
 *          through utf8proc. Both ways give the same.
 * Source:  Unicode Standard Annex #15 (NFC, quick check); CaseFolding.txt by utf8proc.
 */
#ifndef NARAE_SEARCH_NORMAL_H
#define NARAE_SEARCH_NORMAL_H

#include <stddef.h>

#include <narae/buf.h>
#include <narae/view.h>

enum { NORMAL_MAX_BYTES = 4096 }; /* texts that are longer stay as they are: none is, see event.h */

/* The text in NFC: itself when it is already, else a copy that is put into `out`. text is valid UTF-8. */
struct nr_view normal_nfc(struct nr_view text, struct nr_buf *out);

/* Append the key of a text in NFC: case folded, full-width ASCII as ASCII, characters without width gone,
 * white space as single spaces inside. Returns its length in characters. */
size_t normal_key(struct nr_view text, struct nr_buf *out);

#endif
