#include "functions/search/json_out.h"
#include "functions/search/escape_quick.h"

enum { ESCAPE_MAX_BYTES = 6 /* \u001f */ };

/* The short escapes of RFC 8259 section 7. */
static const char letters[256] = {
    ['"'] = '"', ['\\'] = '\\', ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};

static char *escape(unsigned char c, char *to)
{
    *to++ = '\\';
    if (letters[c]) {
        *to++ = letters[c];
        return to;
    }
    to[0] = 'u';
    to[1] = to[2] = '0';
    to[3] = (char)('0' + (c >> 4)); /* 0, 1 or, of DEL, 7 */
    to[4] = "0123456789abcdef"[c & 15];
    return to + 5;
}

/* Copy up to what must be escaped, sixteen bytes at a time: what is behind it, or behind the end, is written
 * again. */
static const char *copy_plain(const char *at, const char *end, char **to)
{
    while (at < end) {
        size_t left = (size_t)(end - at);
        sixteen bytes = sixteen_load_up_to(at, left);
        size_t n = sixteen_first(json_out_escaped(bytes));

        n = n < left ? n : left;
        memcpy(*to, &bytes, sizeof(bytes));
        at += n;
        *to += n;
        if (n < SIXTEEN)
            break;
    }
    return at;
}

void json_out_text(struct nr_buf *out, struct nr_view text)
{
    const char *at = text.ptr;
    const char *end;
    char *to;

    if (text.len == 0 || out->is_bad || out->cap - out->len <= 2 + ESCAPE_MAX_BYTES * text.len + SIXTEEN) {
        nr_buf_add_json_text(out, text);
        return;
    }
    end = at + text.len;
    to = out->data + out->len;
    *to++ = '"';
    at = escape_quick(at, end, &to);
    while ((at = copy_plain(at, end, &to)) < end)
        to = escape((unsigned char)*at++, to);
    *to++ = '"';
    out->len = (size_t)(to - out->data);
}
