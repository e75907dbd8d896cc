#include <inttypes.h>
#include <stdio.h>

#include "functions/push/store_arrays.h"

enum { ARRAY_MAX_BYTES = 16 * 1024 * 1024 /* more than an event of 6 MB can name */ };

void store_arrays_begin(struct store_arrays *arrays)
{
    for (size_t i = 0; i < arrays->n; i++) {
        nr_buf_init(&arrays->bufs[i], ARRAY_MAX_BYTES);
        nr_pg_array_begin(&arrays->bufs[i]);
    }
}

int store_arrays_end(struct store_arrays *arrays, struct nr_pg_value *values, const char *what,
                     struct nr_err *err)
{
    for (size_t i = 0; i < arrays->n; i++) {
        nr_pg_array_end(&arrays->bufs[i]);
        if (nr_buf_check(&arrays->bufs[i], what, err) != 0)
            return -1;
        values[i].text = nr_buf_view(&arrays->bufs[i]);
    }
    return 0;
}

void store_arrays_done(struct store_arrays *arrays)
{
    for (size_t i = 0; i < arrays->n; i++)
        nr_buf_done(&arrays->bufs[i]);
}

void store_arrays_add_bool(struct nr_buf *out, bool value)
{
    nr_pg_array_add(out, value ? NR_VIEW("t") : NR_VIEW("f"));
}

struct nr_view store_number(int64_t value, char *text)
{
    return nr_view_n(text, (size_t)snprintf(text, STORE_NUMBER_BYTES, "%" PRId64, value));
}
