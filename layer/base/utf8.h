/* utf8.h - is this UTF-8?
 *
 * Is:      the length of the character that a text begins with.
 * Is not:  a decoder.
 * Source:  RFC 3629 section 4 (no overlong forms, no surrogates, nothing above U+10FFFF).
 */
#ifndef NARAE_BASE_UTF8_H
#define NARAE_BASE_UTF8_H

#include <narae/view.h>

/* Bytes of the first character of `text` (1 to 4); 0 when the text is empty or begins with no valid
 * character. */
size_t utf8_length(struct nr_view text);

#endif
