/* members.h - the members of an object whose names are known, likely in a known order.
 *
 * Is:      which row of a table comes next in the text. Programs write members in the order of their schema:
 *          to look whether the expected one is there is quicker than to read a name and search for it.
 * Is not:  a check that a member is there, or there once.
 * Beware:  a row is any struct that begins with its struct scan_name.
 *
 *     struct members members = MEMBERS(fields);
 *
 *     while (members_next(&members, &scan, &row)) // row: a struct field, or NULL when the name is in no row
 */
#ifndef NARAE_SEARCH_MEMBERS_H
#define NARAE_SEARCH_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>

#include "functions/search/scan.h"

struct members {
    const char *rows;
    size_t n_rows, row_bytes;
    size_t next; /* the row that is likely to come */
};

/* A table as it is declared. */
#define MEMBERS(table) MEMBERS_N(table, sizeof(table) / sizeof((table)[0]))
#define MEMBERS_N(table, n)                                                                                  \
    {                                                                                                        \
        .rows = (const char *)(table), .n_rows = (n), .row_bytes = sizeof((table)[0])                        \
    }

static inline const void *members_row(const struct members *members, size_t i)
{
    return members->rows + i * members->row_bytes;
}

/* What members_next() does when the expected member is not there. */
bool members_find(struct members *members, struct scan *scan, const void **row);

/* Is there another member? Then *row is its row, or NULL, and its value comes next. False at the `}`, which
 * is passed, or on a fault. scan_enter() comes first. */
static inline bool members_next(struct members *members, struct scan *scan, const void **row)
{
    if (members->next == members->n_rows || !scan_member_is(scan, members_row(members, members->next)))
        return !scan_is_closed(scan) && members_find(members, scan, row);
    *row = members_row(members, members->next++);
    return true;
}

#endif
