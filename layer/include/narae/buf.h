/* buf.h - growable bytes, born with a cap.
 *
 * Is:      the one place where output is gathered: requests, replies, log lines.
 * Is not:  a string; the bytes are not NUL-terminated unless nr_buf_text() is asked for it. A buffer whose
 *          data, cap and max_bytes (cap - 1) the caller sets uses that memory and never another; all but the
 *          printf functions may then be called in a signal handler.
 * Beware:  appending never fails on the spot. Over the cap, or out of memory, the buffer turns bad, ignores
 *          what follows, and nr_buf_check() says so once. Check before the bytes leave.
 */
#ifndef NARAE_BUF_H
#define NARAE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <narae/attr.h>
#include <narae/err.h>
#include <narae/view.h>

struct nr_buf {
    char *data; /* owned; NULL until the first byte */
    size_t len;
    size_t cap;
    size_t max_bytes;
    bool is_bad;      /* something appended is missing */
    bool is_too_long; /* because of max_bytes; else for want of memory */
};

/* An empty buffer that may grow to max_bytes. Allocates nothing. */
void nr_buf_init(struct nr_buf *buf, size_t max_bytes);

/* Release the bytes; the buffer is empty again and keeps its cap. Accepts a zeroed buffer. */
void nr_buf_done(struct nr_buf *buf);

/* Forget the bytes, keep the memory; a bad buffer is good again. */
void nr_buf_reset(struct nr_buf *buf);

/* Forget what is behind the first `len` bytes, and that something behind them is missing.
 *
 * len  in  the buffer's, at a moment when it was good */
void nr_buf_rewind(struct nr_buf *buf, size_t len);

/* As reset, but memory above keep_bytes goes back to the system: one huge event must not be paid for ever. */
void nr_buf_shrink(struct nr_buf *buf, size_t keep_bytes);

void nr_buf_add(struct nr_buf *buf, struct nr_view bytes);
void nr_buf_add_text(struct nr_buf *buf, const char *text);
void nr_buf_add_char(struct nr_buf *buf, char byte);
void nr_buf_add_int(struct nr_buf *buf, int64_t number);  /* decimal */
void nr_buf_add_hex(struct nr_buf *buf, uint64_t number); /* lower case, without 0x and leading zeros */
void nr_buf_printf(struct nr_buf *buf, const char *format, ...) NR_PRINTF(2, 3);
void nr_buf_vprintf(struct nr_buf *buf, const char *format, va_list args) NR_PRINTF(2, 0);

/* Append `text` as a JSON string with its quotes. Control characters are escaped, invalid UTF-8 becomes
 * U+FFFD, so that the result is valid JSON whatever came in. */
void nr_buf_add_json_text(struct nr_buf *buf, struct nr_view text);

/* Room for at least n more bytes at data + len, for a read(2); then add to len. NULL when the buffer is
 * bad. */
char *nr_buf_room(struct nr_buf *buf, size_t n);

/* The bytes as a view; alive until the next change. Empty for a bad buffer. */
struct nr_view nr_buf_view(const struct nr_buf *buf);

/* The bytes as a C string (a NUL is kept behind them, not counted); "" for an empty or bad buffer. */
const char *nr_buf_text(struct nr_buf *buf);

/* 0 when everything appended is there; else -1: INVALID (over the cap; the message names `what` and the cap)
 * or UNAVAILABLE (no memory). */
int nr_buf_check(const struct nr_buf *buf, const char *what, struct nr_err *err) NR_MUST_CHECK;

#define NR_BUF_AUTO NR_AUTO(nr_buf_done) struct nr_buf

#endif
