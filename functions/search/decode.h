/* decode.h - a body as it came, as text.
 *
 * Is:      pure: base64 and gzip taken off, within a bound. What does not begin like JSON is tried as base64,
 *          and what then begins like gzip is inflated.
 * Is not:  a judge of the JSON inside.
 * Beware:  a small gzip can hold much: the bound is on what comes out.
 * Source:  RFC 1952 (gzip); HTTP API payload format 2.0 (isBase64Encoded).
 */
#ifndef NARAE_SEARCH_DECODE_H
#define NARAE_SEARCH_DECODE_H

#include <stdbool.h>
#include <stddef.h>

#include <narae/buf.h>
#include <narae/err.h>
#include <narae/view.h>

/* Room for the steps of one body; kept from one to the next. */
struct decode {
    struct nr_buf bytes, text;
};

void decode_init(struct decode *decode, size_t max_bytes);
void decode_done(struct decode *decode);

/* Decode.
 *
 * body       in   borrowed
 * is_base64  in   it is said to be base64; else that is guessed
 * out        out  `body` itself, or bytes of `decode` until the next call
 * Returns 0, or -1, for the caller to say whose body it is: INVALID, Function.InvalidBody (neither JSON nor
 * base64 of it, broken gzip) or Function.TooLarge (than the bound); UNAVAILABLE (memory). */
int decode_body(struct decode *decode, struct nr_view body, bool is_base64, struct nr_view *out,
                struct nr_err *err) NR_MUST_CHECK;

#endif
