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

/* Append the text as a JSON string with its quotes. */
void json_out_text(struct nr_buf *out, struct nr_view text);

#endif
