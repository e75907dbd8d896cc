/* event_read.h - how each kind of member of an event is read.
 *
 * Is:      the readers that event.c's tables name: one JSON value in, checked, one member of struct
 *          search_event out.
 * Is not:  which members there are, and which must be: event.c.
 * Beware:  `path` of a field is the whole way from the event's root; it is what errors show.
 */
#ifndef NARAE_SEARCH_EVENT_READ_H
#define NARAE_SEARCH_EVENT_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "functions/search/event.h"
#include "functions/search/scan.h"

struct event_reader {
    struct scan scan;
    const struct event_place *place;
    int64_t now_unix_ms;
    char *arena_at; /* room for whatever the text still holds */
    struct search_event *event;
    struct nr_err *err;
    bool is_in_list; /* the value at hand is item `item` of its field */
    size_t item;
};

struct event_field;

/* Read the value that comes next. Returns 0, or -1 with the error recorded. */
typedef int (*event_read_fn)(struct event_reader *reader, const struct event_field *field);

/* One member of an object, a row of members.h: how it is read, where it goes, and what it may be. */
struct event_field {
    struct scan_name name;
    event_read_fn read;
    size_t offset;    /* in struct search_event */
    int64_t min, max; /* bytes and characters of a text, values of a number */
    const char *path;
};

/* Record what is wrong with a value: "Records[3].body.page: must be ...". -1 always. */
int event_refuse(struct event_reader *reader, const struct event_field *field, const char *format, ...)
    NR_PRINTF(3, 4);

/* Record a fault of the JSON itself: where it is, but not what stands there. -1 always. */
int event_broken(struct event_reader *reader);

int event_read_text(struct event_reader *reader, const struct event_field *field);
int event_read_name(struct event_reader *reader, const struct event_field *field); /* a text; empty = none */
int event_read_token(struct event_reader *reader,
                     const struct event_field *field); /* ASCII letters, digits, . _ : - */
int event_read_whole(struct event_reader *reader, const struct event_field *field);
int event_read_real(struct event_reader *reader, const struct event_field *field);
int event_read_flag(struct event_reader *reader, const struct event_field *field);
int event_read_time(struct event_reader *reader, const struct event_field *field);
int event_read_id(struct event_reader *reader,
                  const struct event_field *field); /* a string or a whole number */
int event_read_ids(struct event_reader *reader,
                   const struct event_field *field); /* an array of such, into hit_ids */
int event_read_flat(struct event_reader *reader,
                    const struct event_field *field); /* an object of scalars and arrays of scalars */

#endif
