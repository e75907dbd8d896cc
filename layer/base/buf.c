#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <narae/buf.h>

#include "utf8.h"

enum { FIRST_CAP_BYTES = 256 }; /* most requests and log lines fit; two doublings reach a kilobyte */

void nr_buf_init(struct nr_buf *buf, size_t max_bytes)
{
    *buf = (struct nr_buf){.max_bytes = max_bytes};
}

void nr_buf_done(struct nr_buf *buf)
{
    free(buf->data);
    nr_buf_init(buf, buf->max_bytes);
}

void nr_buf_reset(struct nr_buf *buf)
{
    buf->len = 0;
    buf->is_bad = buf->is_too_long = false;
}

void nr_buf_rewind(struct nr_buf *buf, size_t len)
{
    nr_buf_reset(buf);
    buf->len = len;
}

void nr_buf_shrink(struct nr_buf *buf, size_t keep_bytes)
{
    if (buf->cap > keep_bytes)
        nr_buf_done(buf);
    nr_buf_reset(buf);
}

/* The cap that holds `need` bytes and a NUL, doubling so that appending stays linear. */
static size_t cap_for(const struct nr_buf *buf, size_t need)
{
    size_t cap = buf->cap ? buf->cap : FIRST_CAP_BYTES;

    while (cap < need + 1)
        cap *= 2;
    return cap > buf->max_bytes + 1 ? buf->max_bytes + 1 : cap;
}

char *nr_buf_room(struct nr_buf *buf, size_t n)
{
    size_t cap;
    char *data;

    if (!buf->is_bad && n > buf->max_bytes - buf->len)
        buf->is_bad = buf->is_too_long = true;
    if (buf->is_bad)
        return NULL;
    if (buf->len + n < buf->cap)
        return buf->data + buf->len;
    cap = cap_for(buf, buf->len + n);
    data = realloc(buf->data, cap);
    if (!data) {
        buf->is_bad = true;
        return NULL;
    }
    buf->data = data;
    buf->cap = cap;
    return data + buf->len;
}

void nr_buf_add(struct nr_buf *buf, struct nr_view bytes)
{
    char *room = bytes.len ? nr_buf_room(buf, bytes.len) : NULL;

    if (!room)
        return;
    memcpy(room, bytes.ptr, bytes.len);
    buf->len += bytes.len;
}

void nr_buf_add_text(struct nr_buf *buf, const char *text)
{
    nr_buf_add(buf, nr_view(text));
}

void nr_buf_add_char(struct nr_buf *buf, char byte)
{
    nr_buf_add(buf, nr_view_n(&byte, 1));
}

/* Digits are made from the last to the first. */
static void add_digits(struct nr_buf *buf, uint64_t number, unsigned base)
{
    char digits[20]; /* of 2^64 - 1 */
    size_t at = sizeof(digits);

    do {
        digits[--at] = "0123456789abcdef"[number % base];
        number /= base;
    } while (number);
    nr_buf_add(buf, nr_view_n(digits + at, sizeof(digits) - at));
}

void nr_buf_add_int(struct nr_buf *buf, int64_t number)
{
    if (number < 0)
        nr_buf_add_char(buf, '-');
    add_digits(buf, number < 0 ? 0 - (uint64_t)number : (uint64_t)number, 10);
}

void nr_buf_add_hex(struct nr_buf *buf, uint64_t number)
{
    add_digits(buf, number, 16);
}

void nr_buf_vprintf(struct nr_buf *buf, const char *format, va_list args)
{
    va_list again;
    char *room;
    int n;

    va_copy(again, args);
    n = vsnprintf(NULL, 0, format, again);
    va_end(again);
    room = n > 0 ? nr_buf_room(buf, (size_t)n) : NULL;
    if (!room)
        return;
    vsnprintf(room, (size_t)n + 1, format, args);
    buf->len += (size_t)n;
}

void nr_buf_printf(struct nr_buf *buf, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    nr_buf_vprintf(buf, format, args);
    va_end(args);
}

/* The short escapes of RFC 8259 section 7; 0 = none. */
static char short_escape(unsigned char c)
{
    switch (c) {
    case '"':
    case '\\':
        return (char)c;
    case '\b':
        return 'b';
    case '\f':
        return 'f';
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    default:
        return 0;
    }
}

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/* Append one character (or one broken byte) that is not plain; returns how many bytes it took. */
static size_t add_escaped(struct nr_buf *buf, struct nr_view rest)
{
    unsigned char c = (unsigned char)rest.ptr[0];
    size_t n = utf8_length(rest);
    char quick = short_escape(c);

    if (quick) {
        nr_buf_add_char(buf, '\\');
        nr_buf_add_char(buf, quick);
    } else if (c < 0x20 || c == 0x7f) {
        nr_buf_add_text(buf, c < 0x10 ? "\\u000" : "\\u00");
        nr_buf_add_hex(buf, c);
    } else if (n == 0) {
        nr_buf_add_text(buf, "\xEF\xBF\xBD"); /* U+FFFD for each byte that is no UTF-8 */
    } else {
        nr_buf_add(buf, nr_view_n(rest.ptr, n));
    }
    return n ? n : 1;
}

void nr_buf_add_json_text(struct nr_buf *buf, struct nr_view text)
{
    size_t at = 0;
    size_t run;

    nr_buf_add_char(buf, '"');
    while (at < text.len) {
        for (run = at; run < text.len && is_plain((unsigned char)text.ptr[run]);)
            run++;
        nr_buf_add(buf, nr_view_n(text.ptr + at, run - at));
        at = run;
        if (at < text.len)
            at += add_escaped(buf, nr_view_n(text.ptr + at, text.len - at));
    }
    nr_buf_add_char(buf, '"');
}

struct nr_view nr_buf_view(const struct nr_buf *buf)
{
    return buf->is_bad ? nr_view_n(NULL, 0) : nr_view_n(buf->data, buf->len);
}

const char *nr_buf_text(struct nr_buf *buf)
{
    if (buf->is_bad || !buf->data)
        return "";
    buf->data[buf->len] = '\0'; /* cap_for() keeps a byte for it */
    return buf->data;
}

int nr_buf_check(const struct nr_buf *buf, const char *what, struct nr_err *err)
{
    if (!buf->is_bad)
        return 0;
    if (buf->is_too_long)
        return nr_err_set(err, NR_ERR_INVALID, "Function.TooLarge", "%s: longer than %zu bytes", what,
                          buf->max_bytes);
    return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.OutOfMemory", "%s: no memory", what);
}
