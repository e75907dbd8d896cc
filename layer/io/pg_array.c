#include <inttypes.h>

#include <narae/pg.h>

void nr_pg_array_begin(struct nr_buf *out)
{
    nr_buf_add_char(out, '{');
}

static void add_between(struct nr_buf *out)
{
    if (out->len && out->data[out->len - 1] != '{')
        nr_buf_add_char(out, ',');
}

/* Always quoted: an item that spells NULL, or has a comma in it, must stay text. */
void nr_pg_array_add(struct nr_buf *out, struct nr_view item)
{
    add_between(out);
    nr_buf_add_char(out, '"');
    for (size_t i = 0; i < item.len; i++) {
        if (item.ptr[i] == '"' || item.ptr[i] == '\\')
            nr_buf_add_char(out, '\\');
        nr_buf_add_char(out, item.ptr[i]);
    }
    nr_buf_add_char(out, '"');
}

void nr_pg_array_add_int(struct nr_buf *out, int64_t item)
{
    add_between(out);
    nr_buf_printf(out, "%" PRId64, item);
}

void nr_pg_array_end(struct nr_buf *out)
{
    nr_buf_add_text(out, "}");
    (void)nr_buf_text(out); /* libpq wants a NUL behind it */
}
