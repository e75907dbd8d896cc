/* view.h - a pointer and a length that never own.
 *
 * Is:      how bytes travel through Narae: by value, with their length, not NUL-terminated.
 * Is not:  a string class; nothing here allocates or changes bytes.
 * Beware:  a view is as alive as what it points into; keep one only as long as its owner's document says.
 */
#ifndef NARAE_VIEW_H
#define NARAE_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct nr_view {
    const char *ptr; /* not NUL-terminated; may be NULL when len is 0 */
    size_t len;      /* bytes */
};

/* A view of a string literal, usable in static tables. */
#define NR_VIEW(literal) ((struct nr_view){(literal), sizeof(literal) - 1})

/* For printf: NR_LOG-free text such as printf("%.*s", NR_VIEW_ARG(v)). */
#define NR_VIEW_ARG(view) (int)(view).len, (view).ptr

/* View of a C string; NULL gives the empty view. */
static inline struct nr_view nr_view(const char *text)
{
    return (struct nr_view){text, text ? strlen(text) : 0};
}

/* View of len bytes at ptr. */
static inline struct nr_view nr_view_n(const char *ptr, size_t len)
{
    return (struct nr_view){ptr, len};
}

/* Same bytes. */
static inline bool nr_view_is(struct nr_view a, struct nr_view b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* Same bytes when ASCII letters are compared without case (HTTP header names, enumerations). */
bool nr_view_is_nocase(struct nr_view a, struct nr_view b);

/* Does `view` begin with `start`? */
static inline bool nr_view_starts(struct nr_view view, struct nr_view start)
{
    return view.len >= start.len && (start.len == 0 || memcmp(view.ptr, start.ptr, start.len) == 0);
}

/* `view` without leading and trailing spaces, tabs, CR and LF. */
struct nr_view nr_view_trim(struct nr_view view);

#endif
