/* json_out.h - append JSON quickly: a row is a hundred small pieces.
 *
 * Is:      pure; what nr_buf_add() and nr_buf_add_json_text() do, without a call for each piece.
 * Beware:  the text of json_out_text() must be valid UTF-8, as everything is that scan.h has read.
 */
#ifndef NARAE_SEARCH_JSON_OUT_H
#define NARAE_SEARCH_JSON_OUT_H

#include <string.h>

#include <narae/buf.h>
#include <narae/view.h>

#include "functions/search/sixteen.h"

/* Append bytes as they stand. */
static inline void json_out(struct nr_buf *out, struct nr_view bytes)
{
    if (bytes.len == 0)
        return;
    if (out->is_bad || bytes.len >= out->cap - out->len) {
        nr_buf_add(out, bytes);
        return;
    }
    memcpy(out->data + out->len, bytes.ptr, bytes.len);
    out->len += bytes.len;
}

/* Room for so many bytes, which are to be written and then added to out->len; NULL when there can be none. */
static inline char *json_out_room(struct nr_buf *out, size_t n)
{
    return !out->is_bad && n < out->cap - out->len ? out->data + out->len : nr_buf_room(out, n);
}

/* Flags the bytes that a JSON string cannot have as they are, and DEL, which no line of text should have. */
static inline sixteen json_out_escaped(sixteen bytes)
{
    return (bytes == '"') | (bytes == '\\') | (bytes == 0x7f) | sixteen_controls(bytes);
}

/* Append the text as a JSON string with its quotes. */
void json_out_text(struct nr_buf *out, struct nr_view text);

#endif
