/* base64.h - bytes as base64 text.
 *
 * Is:      pure; safe in a signal handler when the buffer's memory is given.
 * Source:  RFC 4648 section 4.
 */
#ifndef NARAE_RUNTIME_BASE64_H
#define NARAE_RUNTIME_BASE64_H

#include <narae/buf.h>

void base64_add(struct nr_buf *out, struct nr_view bytes);

#endif
