#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "runtime/api_error.h"

enum { ESCAPED_MAX_BYTES = 32 * 1024 /* of the longest message six times over: no escape takes more */ };

/* Message and hint as one text; a caller of Lambda has only one place for both. */
static void join_words(const struct nr_err *failure,
                       char out[NR_ERR_MESSAGE_MAX_BYTES + NR_ERR_HINT_MAX_BYTES + 16])
{
    snprintf(out, NR_ERR_MESSAGE_MAX_BYTES + NR_ERR_HINT_MAX_BYTES + 16, "%s%s%s%s", failure->message,
             failure->hint[0] ? " (" : "", failure->hint, failure->hint[0] ? ")" : "");
}

void api_error_body(struct nr_buf *out, const struct nr_err *failure)
{
    char text[NR_ERR_MESSAGE_MAX_BYTES + NR_ERR_HINT_MAX_BYTES + 16];

    join_words(failure, text);
    nr_buf_add_text(out, "{\"errorMessage\":");
    nr_buf_add_json_text(out, nr_view(text));
    nr_buf_add_text(out, ",\"errorType\":");
    nr_buf_add_json_text(out, nr_view(failure->type));
    nr_buf_add_text(out, ",\"stackTrace\":[]}");
}

static bool is_letter(char c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

/* Lambda looks for (Runtime|Function)\.[A-Z][a-zA-Z]+ and keeps the whole; what follows must suit a
 * header. */
static bool is_kept(const char *name)
{
    if (name[0] < 'A' || name[0] > 'Z' || !is_letter(name[1]))
        return false;
    for (; *name; name++)
        if (!is_letter(*name) && !(*name >= '0' && *name <= '9') && !strchr("._-", *name))
            return false;
    return true;
}

void api_error_header_type(const char *type, char out[NR_ERR_TYPE_MAX_BYTES + 16])
{
    static const char *const prefixes[] = {"Runtime.", "Function."};
    size_t n = 0;

    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
        if (strncmp(type, prefixes[i], strlen(prefixes[i])) == 0)
            n = strlen(prefixes[i]);
    if (is_kept(type + n))
        snprintf(out, NR_ERR_TYPE_MAX_BYTES + 16, "%s%.*s", n ? "" : "Function.", NR_ERR_TYPE_MAX_BYTES,
                 type);
    else
        snprintf(out, NR_ERR_TYPE_MAX_BYTES + 16, "Function.Unknown");
}

/* One character from beyond ASCII as \uXXXX, two of them above the first plane; `n` bytes of good UTF-8. */
static void add_escaped(struct nr_buf *out, const unsigned char *c, size_t n)
{
    static const unsigned char lead[] = {0, 0, 0x1f, 0x0f, 0x07};
    unsigned code = c[0] & lead[n];

    for (size_t i = 1; i < n; i++)
        code = code << 6 | (c[i] & 0x3fu);
    if (code < 0x10000)
        nr_buf_printf(out, "\\u%04x", code);
    else
        nr_buf_printf(out, "\\u%04x\\u%04x", 0xd7c0 + (code >> 10), 0xdc00 + (code & 0x3ff));
}

/* A JSON text of ASCII alone. nr_buf_add_json_text() has made good UTF-8 of it before. */
static void add_ascii(struct nr_buf *out, const char *text)
{
    NR_BUF_AUTO utf8;
    const unsigned char *c;

    nr_buf_init(&utf8, ESCAPED_MAX_BYTES);
    nr_buf_add_json_text(&utf8, nr_view(text));
    for (c = (const unsigned char *)nr_buf_text(&utf8); *c;) {
        size_t n = *c < 0x80 ? 1 : *c < 0xe0 ? 2 : *c < 0xf0 ? 3 : 4;

        if (n == 1)
            nr_buf_add_char(out, (char)*c);
        else
            add_escaped(out, c, n);
        c += n;
    }
}

void api_error_cause(struct nr_buf *out, const struct nr_err *failure, const char *working_dir)
{
    char text[NR_ERR_MESSAGE_MAX_BYTES + NR_ERR_HINT_MAX_BYTES + 16];

    join_words(failure, text);
    nr_buf_add_text(out, "{\"working_directory\":");
    add_ascii(out, working_dir);
    nr_buf_add_text(out, ",\"exceptions\":[{\"type\":");
    add_ascii(out, failure->type);
    nr_buf_add_text(out, ",\"message\":");
    add_ascii(out, text);
    nr_buf_add_text(out, ",\"stack\":[]}],\"paths\":[]}");
}
