/* base64.h - bytes as text, both ways.
 *
 * Is:      pure; the standard alphabet (RFC 4648 section 4), with padding when written. Read with white
 *          space, with any padding or none, and base64url (section 5) as well; spare bits of the last digit
 *          are not looked at.
 */
#ifndef NARAE_SEARCH_BASE64_H
#define NARAE_SEARCH_BASE64_H

#include <stdbool.h>

#include <narae/buf.h>
#include <narae/view.h>

/* Append the text of `bytes`. */
void base64_write(struct nr_view bytes, struct nr_buf *out);

/* Append the bytes that `text` stands for. False when it is no base64, or `out` is bad; then `out`
 * holds what was read so far. */
bool base64_read(struct nr_view text, struct nr_buf *out);

#endif
