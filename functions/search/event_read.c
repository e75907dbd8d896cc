#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "functions/search/event_read.h"
#include "functions/search/instant.h"

enum { REAL_MAX_BYTES = 32 };

/* --- errors --------------------------------------------------------------------------------------------- */

int event_refuse(struct event_reader *reader, const struct event_field *field, const char *format, ...)
{
    char where[EVENT_PLACE_BYTES];
    char item[24] = "";
    char words[128];
    va_list args;

    va_start(args, format);
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): clang 14 forgets va_start() on the way from a caller */
    vsnprintf(words, sizeof(words), format, args);
    va_end(args);
    event_place_format(reader->place, where);
    if (reader->is_in_list)
        snprintf(item, sizeof(item), "[%zu]", reader->item);
    return nr_err_set(reader->err, NR_ERR_INVALID, "Function.InvalidEvent", "%s%s%s%s: %s", where,
                      where[0] && field->path[0] ? "." : "",
                      where[0] || field->path[0] ? field->path : "event", item, words);
}

int event_broken(struct event_reader *reader)
{
    const struct scan *scan = &reader->scan;
    char where[EVENT_PLACE_BYTES];

    event_place_format(reader->place, where);
    return nr_err_set(reader->err, NR_ERR_INVALID, "Function.InvalidJson", "%s: %s at byte %zu",
                      where[0] ? where : "event", scan->fault, (size_t)(scan->at - scan->start));
}

void event_place_format(const struct event_place *place, char out[EVENT_PLACE_BYTES])
{
    char index[24] = "";

    if (place->is_one_of)
        snprintf(index, sizeof(index), "[%zu]", place->index);
    if (place->in == EVENT_IN_RECORD)
        snprintf(out, EVENT_PLACE_BYTES, "Records[%zu].body%s", place->record, index);
    else
        snprintf(out, EVENT_PLACE_BYTES, "%s%s", place->in == EVENT_IN_BODY ? "body" : "", index);
}

/* --- values --------------------------------------------------------------------------------------------- */

static size_t count_chars(struct nr_view text)
{
    size_t n = 0;

    for (size_t i = 0; i < text.len; i++)
        n += (text.ptr[i] & 0xc0) != 0x80;
    return n;
}

/* The text that a string means; in the arena when it has escapes. */
static struct nr_view text_of(struct event_reader *reader, struct scan_text text)
{
    struct nr_view meant = text.raw;

    if (text.has_escapes) {
        meant = nr_view_n(reader->arena_at, scan_unescape(text, reader->arena_at));
        reader->arena_at += meant.len;
    }
    return meant;
}

static int get_text(struct event_reader *reader, const struct event_field *field, struct nr_view *out)
{
    struct scan_text text;

    if (scan_peek(&reader->scan) != SCAN_STRING)
        return event_refuse(reader, field, "must be a string");
    if (!scan_string(&reader->scan, &text))
        return event_broken(reader);
    *out = text_of(reader, text);
    if (out->len > (size_t)field->max && count_chars(*out) > (size_t)field->max)
        return event_refuse(reader, field, "must have at most %" PRId64 " characters", field->max);
    if (out->len < (size_t)field->min)
        return event_refuse(reader, field, "must not be empty");
    return 0;
}

static void *target(struct event_reader *reader, const struct event_field *field)
{
    return (char *)reader->event + field->offset;
}

int event_read_text(struct event_reader *reader, const struct event_field *field)
{
    struct nr_view text = {0};

    if (get_text(reader, field, &text) != 0)
        return -1;
    memcpy(target(reader, field), &text, sizeof(text));
    return 0;
}

/* An id may be empty (UBI: nobody is signed in), which is the same as none. */
int event_read_name(struct event_reader *reader, const struct event_field *field)
{
    struct nr_view text = {0};

    if (get_text(reader, field, &text) != 0)
        return -1;
    if (text.len)
        memcpy(target(reader, field), &text, sizeof(text));
    return 0;
}

/* Ids and language tags of our own: they are keys, not words. */
static bool is_token(struct nr_view text)
{
    static const bool is_good[256] = {
        ['0' ... '9'] = true, ['A' ... 'Z'] = true, ['a' ... 'z'] = true, ['.'] = true,
        ['_'] = true,         [':'] = true,         ['-'] = true};

    for (size_t i = 0; i < text.len; i++)
        if (!is_good[(unsigned char)text.ptr[i]])
            return false;
    return true;
}

int event_read_token(struct event_reader *reader, const struct event_field *field)
{
    struct nr_view text = {0};

    if (get_text(reader, field, &text) != 0)
        return -1;
    if (!is_token(text))
        return event_refuse(reader, field, "must consist of ASCII letters, digits and . _ : -");
    memcpy(target(reader, field), &text, sizeof(text));
    return 0;
}

static int get_number(struct event_reader *reader, const struct event_field *field, struct nr_view *out)
{
    if (scan_peek(&reader->scan) != SCAN_NUMBER)
        return event_refuse(reader, field, "must be a number");
    return scan_number(&reader->scan, out) ? 0 : event_broken(reader);
}

int event_read_whole(struct event_reader *reader, const struct event_field *field)
{
    struct nr_view number = {0};
    int64_t value;

    if (get_number(reader, field, &number) != 0)
        return -1;
    if (!scan_whole(number, &value) || value < field->min || value > field->max)
        return event_refuse(reader, field, "must be a whole number from %" PRId64 " to %" PRId64, field->min,
                            field->max);
    memcpy(target(reader, field), &value, sizeof(value));
    return 0;
}

/* Is it digits, perhaps a point and digits, and between the bounds by its whole part alone? Nearly all are,
 * and to convert one costs more than to read it. */
static bool is_plainly_inside(struct nr_view number, const struct event_field *field)
{
    const char *point = memchr(number.ptr, '.', number.len);
    size_t n = point ? (size_t)(point - number.ptr) : number.len;
    int64_t whole;
    int64_t fraction;

    return number.ptr[0] != '-' && scan_whole(nr_view_n(number.ptr, n), &whole) && whole >= field->min &&
           whole < field->max && (!point || scan_whole(nr_view_n(point + 1, number.len - n - 1), &fraction));
}

static bool is_inside(struct nr_view number, const struct event_field *field)
{
    char copy[REAL_MAX_BYTES + 1];
    double value;

    memcpy(copy, number.ptr, number.len);
    copy[number.len] = '\0';
    value = strtod(copy, NULL);
    return isfinite(value) && value >= (double)field->min && value <= (double)field->max;
}

int event_read_real(struct event_reader *reader, const struct event_field *field)
{
    struct nr_view number = {0};

    if (get_number(reader, field, &number) != 0)
        return -1;
    if (!number.ptr || number.len > REAL_MAX_BYTES)
        return event_refuse(reader, field, "must have at most %d digits", REAL_MAX_BYTES);
    if (!is_plainly_inside(number, field) && !is_inside(number, field))
        return event_refuse(reader, field, "must be a number from %" PRId64 " to %" PRId64, field->min,
                            field->max);
    memcpy(target(reader, field), &number, sizeof(number));
    return 0;
}

int event_read_flag(struct event_reader *reader, const struct event_field *field)
{
    enum scan_kind kind = scan_peek(&reader->scan);
    bool is_true = kind == SCAN_TRUE;

    if (kind != SCAN_TRUE && kind != SCAN_FALSE)
        return event_refuse(reader, field, "must be true or false");
    memcpy(target(reader, field), &is_true, sizeof(is_true));
    return scan_skip(&reader->scan) ? 0 : event_broken(reader);
}

int event_read_time(struct event_reader *reader, const struct event_field *field)
{
    struct nr_view text = {0};
    int64_t unix_ms;

    if (get_text(reader, field, &text) != 0)
        return -1;
    if (!instant_parse(text, &unix_ms))
        return event_refuse(reader, field, "must be a time such as 2026-12-01T09:00:00Z");
    if (unix_ms > reader->now_unix_ms + SEARCH_FUTURE_MAX_MS)
        return event_refuse(reader, field, "must not be more than %d s ahead of the clock",
                            SEARCH_FUTURE_MAX_MS / 1000);
    memcpy(target(reader, field), &unix_ms, sizeof(unix_ms));
    return 0;
}

/* UBI: an id of an object is a string or a whole number. */
static int get_id(struct event_reader *reader, const struct event_field *field, struct nr_view *out)
{
    int64_t value;

    if (scan_peek(&reader->scan) != SCAN_NUMBER)
        return get_text(reader, field, out);
    if (!scan_number(&reader->scan, out))
        return event_broken(reader);
    return scan_whole(*out, &value) ? 0 : event_refuse(reader, field, "must be a string or a whole number");
}

int event_read_id(struct event_reader *reader, const struct event_field *field)
{
    struct nr_view id = {0};

    if (get_id(reader, field, &id) != 0)
        return -1;
    if (id.len)
        memcpy(target(reader, field), &id, sizeof(id));
    return 0;
}

int event_read_ids(struct event_reader *reader, const struct event_field *field)
{
    struct search_event *event = reader->event;

    if (scan_peek(&reader->scan) != SCAN_ARRAY)
        return event_refuse(reader, field, "must be an array");
    scan_enter(&reader->scan, SCAN_ARRAY);
    for (reader->item = 0; scan_item(&reader->scan); reader->item++) {
        struct nr_view id = {0};

        if (reader->item == SEARCH_HITS_MAX)
            return event_refuse(reader, field, "must have at most %d items", SEARCH_HITS_MAX);
        reader->is_in_list = true;
        if (get_id(reader, field, &id) != 0)
            return -1;
        reader->is_in_list = false;
        if (reader->item < SEARCH_HITS_KEPT)
            event->hit_ids[event->n_hit_ids++] = id;
    }
    return reader->scan.fault ? event_broken(reader) : 0;
}

/* --- filters -------------------------------------------------------------------------------------------- */

static int check_scalar(struct event_reader *reader, const struct event_field *field)
{
    char *arena_at = reader->arena_at;
    struct nr_view ignored;

    switch (scan_peek(&reader->scan)) {
    case SCAN_OBJECT:
    case SCAN_ARRAY:
        return event_refuse(reader, field, "must not hold objects or arrays in arrays");
    case SCAN_STRING:
        if (get_text(reader, field, &ignored) != 0)
            return -1;
        reader->arena_at = arena_at; /* only looked at */
        return 0;
    default:
        return scan_skip(&reader->scan) ? 0 : event_broken(reader);
    }
}

static int check_values(struct event_reader *reader, const struct event_field *field)
{
    if (scan_peek(&reader->scan) != SCAN_ARRAY)
        return check_scalar(reader, field);
    scan_enter(&reader->scan, SCAN_ARRAY);
    for (int n = 0; scan_item(&reader->scan); n++) {
        if (n == SEARCH_FILTERS_MAX)
            return event_refuse(reader, field, "must have at most %d values for one name",
                                SEARCH_FILTERS_MAX);
        if (check_scalar(reader, field) != 0)
            return -1;
    }
    return reader->scan.fault ? event_broken(reader) : 0;
}

/* Names and flat values; what they are is the application's business. */
int event_read_flat(struct event_reader *reader, const struct event_field *field)
{
    struct scan_text name;
    const char *start;
    struct nr_view flat;

    if (scan_peek(&reader->scan) != SCAN_OBJECT)
        return event_refuse(reader, field, "must be an object");
    start = reader->scan.at;
    scan_enter(&reader->scan, SCAN_OBJECT);
    for (int n = 0; scan_member(&reader->scan, &name); n++) {
        if (n == SEARCH_FILTERS_MAX)
            return event_refuse(reader, field, "must have at most %d members", SEARCH_FILTERS_MAX);
        if (name.raw.len == 0 || name.raw.len > 64 || name.has_escapes || !is_token(name.raw))
            return event_refuse(reader, field,
                                "must have names of 1 to 64 ASCII letters, digits and . _ : -");
        if (check_values(reader, field) != 0)
            return -1;
    }
    if (reader->scan.fault)
        return event_broken(reader);
    flat = nr_view_n(start, (size_t)(reader->scan.at - start));
    memcpy(target(reader, field), &flat, sizeof(flat));
    return 0;
}
