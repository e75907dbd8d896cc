/* store_arrays.h - array parameters of a statement.
 *
 * Is:      some arrays that grow side by side and become the first parameters of a statement; numbers as
 *          text.
 * Is not:  SQL.
 */
#ifndef NARAE_PUSH_STORE_ARRAYS_H
#define NARAE_PUSH_STORE_ARRAYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <narae/buf.h>
#include <narae/err.h>
#include <narae/pg.h>

enum { STORE_NUMBER_BYTES = sizeof("-9223372036854775808") };

/* The caller's buffers, in the order of the statement's parameters. */
struct store_arrays {
    struct nr_buf *bufs;
    size_t n;
};

/* Make them empty arrays; release with store_arrays_done(). */
void store_arrays_begin(struct store_arrays *arrays);

/* End the arrays and put them into values[0 .. n-1]. Returns 0, or -1 as nr_buf_check(), naming `what`. */
int store_arrays_end(struct store_arrays *arrays, struct nr_pg_value *values, const char *what,
                     struct nr_err *err) NR_MUST_CHECK;

void store_arrays_done(struct store_arrays *arrays);

void store_arrays_add_bool(struct nr_buf *out, bool value);

/* `value` as text in the caller's STORE_NUMBER_BYTES. */
struct nr_view store_number(int64_t value, char *text);

#endif
