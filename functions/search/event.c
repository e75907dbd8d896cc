#include <string.h>

#include "functions/search/event.h"
#include "functions/search/event_read.h"
#include "functions/search/members.h"

enum { TIME_MAX_CHARS = 64 };

/* --- members -------------------------------------------------------------------------------------------- */

/* The value of a member; field is NULL for one that is not ours. A null is the same as nothing. */
static int read_value(struct event_reader *reader, const struct event_field *field, uint64_t bit,
                      uint64_t *seen)
{
    if (field && *seen & bit)
        return event_refuse(reader, field, "is there twice");
    *seen |= bit;
    if (field && scan_peek(&reader->scan) != SCAN_NULL)
        return field->read(reader, field);
    reader->event->n_unknown += !field;
    return scan_skip(&reader->scan) ? 0 : event_broken(reader);
}

static int read_members(struct event_reader *reader, const struct event_field *fields, size_t n)
{
    struct members members = MEMBERS_N(fields, n);
    const void *row;
    uint64_t seen = 0; /* a bit for each field */

    scan_enter(&reader->scan, SCAN_OBJECT);
    while (members_next(&members, &reader->scan, &row)) {
        const struct event_field *field = row;

        if (read_value(reader, field, field ? (uint64_t)1 << (field - fields) : 0, &seen) != 0)
            return -1;
    }
    return reader->scan.fault ? event_broken(reader) : 0;
}

#define N(fields)    (sizeof(fields) / sizeof((fields)[0]))
#define INTO(member) offsetof(struct search_event, member)

static int read_object(struct event_reader *reader, const struct event_field *field,
                       const struct event_field *fields, size_t n)
{
    if (scan_peek(&reader->scan) != SCAN_OBJECT)
        return event_refuse(reader, field, "must be an object");
    return read_members(reader, fields, n);
}

static int read_xy(struct event_reader *reader, const struct event_field *field)
{
    /* Pixels of any screen, and of a page that scrolls. */
    static const struct event_field fields[] = {
        {SCAN_NAME("x"), event_read_real, INTO(position_x), -10000000, 10000000,
         "event_attributes.position.xy.x"},
        {SCAN_NAME("y"), event_read_real, INTO(position_y), -10000000, 10000000,
         "event_attributes.position.xy.y"},
    };

    return read_object(reader, field, fields, N(fields));
}

static int read_position(struct event_reader *reader, const struct event_field *field)
{
    static const struct event_field fields[] = {
        {SCAN_NAME("ordinal"), event_read_whole, INTO(position), 0, 1000000000,
         "event_attributes.position.ordinal"},
        {SCAN_NAME("xy"), read_xy, 0, 0, 0, "event_attributes.position.xy"},
    };

    return read_object(reader, field, fields, N(fields));
}

static int read_object_attributes(struct event_reader *reader, const struct event_field *field)
{
    static const struct event_field fields[] = {
        {SCAN_NAME("object_id"), event_read_id, INTO(object_id), 0, SEARCH_OBJECT_ID_MAX_CHARS,
         "event_attributes.object.object_id"},
        {SCAN_NAME("object_id_type"), event_read_name, INTO(object_id_type), 0, SEARCH_TEXT_MAX_CHARS,
         "event_attributes.object.object_id_type"},
        {SCAN_NAME("object_id_field"), event_read_name, INTO(object_id_field), 0, SEARCH_TEXT_MAX_CHARS,
         "event_attributes.object.object_id_field"},
        {SCAN_NAME("internal_id"), event_read_id, INTO(internal_id), 0, SEARCH_OBJECT_ID_MAX_CHARS,
         "event_attributes.object.internal_id"},
    };

    return read_object(reader, field, fields, N(fields));
}

static int read_attributes(struct event_reader *reader, const struct event_field *field)
{
    static const struct event_field fields[] = {
        {SCAN_NAME("object"), read_object_attributes, 0, 0, 0, "event_attributes.object"},
        {SCAN_NAME("position"), read_position, 0, 0, 0, "event_attributes.position"},
    };

    return read_object(reader, field, fields, N(fields));
}

#define ROOT(name, read, min, max)                                                                           \
    {                                                                                                        \
        SCAN_NAME(#name), read, INTO(name), min, max, #name                                                  \
    }

static const struct event_field root_fields[] = {
    ROOT(schema_version, event_read_whole, 1, 1),
    ROOT(event_id, event_read_token, 1, 128),
    {SCAN_NAME("timestamp"), event_read_time, INTO(timestamp_unix_ms), 0, TIME_MAX_CHARS, "timestamp"},
    ROOT(application, event_read_name, 0, SEARCH_TEXT_MAX_CHARS),
    ROOT(query_id, event_read_name, 0, SEARCH_TEXT_MAX_CHARS),
    ROOT(client_id, event_read_name, 0, SEARCH_TEXT_MAX_CHARS),
    ROOT(session_id, event_read_name, 0, SEARCH_TEXT_MAX_CHARS),
    ROOT(user_id, event_read_name, 0, SEARCH_TEXT_MAX_CHARS),
    {SCAN_NAME("opt_out"), event_read_flag, INTO(is_opt_out), 0, 0, "opt_out"},
    ROOT(user_query, event_read_text, 0, SEARCH_QUERY_MAX_CHARS),
    ROOT(lang, event_read_token, 1, 35), /* RFC 5646 section 4.4.1 */
    ROOT(result_count, event_read_whole, 0, INT64_MAX),
    ROOT(took_ms, event_read_real, 0, 86400000),
    ROOT(page, event_read_whole, 1, 1000000),
    ROOT(page_size, event_read_whole, 1, 1000000),
    ROOT(sort, event_read_name, 0, SEARCH_TEXT_MAX_CHARS),
    ROOT(filters, event_read_flat, 0, SEARCH_FILTER_MAX_CHARS),
    ROOT(query_attributes, event_read_flat, 0, SEARCH_FILTER_MAX_CHARS),
    ROOT(error, event_read_name, 0, SEARCH_TEXT_MAX_CHARS),
    ROOT(object_id_field, event_read_name, 0, SEARCH_TEXT_MAX_CHARS),
    ROOT(query_response_id, event_read_name, 0, SEARCH_TEXT_MAX_CHARS),
    {SCAN_NAME("query_response_hit_ids"), event_read_ids, 0, 0, SEARCH_OBJECT_ID_MAX_CHARS,
     "query_response_hit_ids"},
    ROOT(action_name, event_read_text, 1, SEARCH_TEXT_MAX_CHARS),
    ROOT(message_type, event_read_name, 0, SEARCH_TEXT_MAX_CHARS),
    ROOT(message, event_read_name, 0, SEARCH_MESSAGE_MAX_CHARS),
    {SCAN_NAME("event_attributes"), read_attributes, 0, 0, 0, "event_attributes"},
};

_Static_assert(N(root_fields) <= 64, "read_members() has a bit for each");

/* --- the event ------------------------------------------------------------------------------------------ */

static enum search_event_type type_of(struct nr_view action)
{
    if (!action.ptr)
        return SEARCH_EVENT_SEARCH;
    if (nr_view_is(action, NR_VIEW("click")) || nr_view_is(action, NR_VIEW("click_through")))
        return SEARCH_EVENT_CLICK;
    return nr_view_is(action, NR_VIEW("impression")) ? SEARCH_EVENT_IMPRESSION : SEARCH_EVENT_ACTION;
}

static int missing(struct event_reader *reader, const char *path, const char *why)
{
    return event_refuse(reader, &(struct event_field){.path = path}, "%s", why);
}

/* Rules between members, and what stands for those that are not there. */
static int finish(struct event_reader *reader)
{
    struct search_event *event = reader->event;

    if (!event->action_name.ptr && !event->user_query.ptr)
        return missing(reader, "user_query", "is required, or action_name");
    if (event->action_name.ptr && event->timestamp_unix_ms < 0)
        return missing(reader, "timestamp", "is required with action_name");
    if (event->timestamp_unix_ms < 0)
        event->timestamp_unix_ms = reader->now_unix_ms;
    if (!event->filters.ptr)
        event->filters = event->query_attributes;
    event->type = type_of(event->action_name);
    return 0;
}

static int read_event(struct event_reader *reader)
{
    static const struct event_field root = {.path = ""};
    const char *start;

    if (scan_peek(&reader->scan) != SCAN_OBJECT)
        return event_refuse(reader, &root, "must be an object");
    start = reader->scan.at;
    if (read_members(reader, root_fields, N(root_fields)) != 0)
        return -1;
    if (reader->scan.at - start > SEARCH_EVENT_MAX_BYTES)
        return event_refuse(reader, &root, "must have at most %d bytes", SEARCH_EVENT_MAX_BYTES);
    return reader->event->is_opt_out ? 0 : finish(reader);
}

/* Somebody who opted out must not be kept waiting in a dead-letter queue because of another member. */
static bool is_opted_out(struct nr_view text)
{
    struct scan scan;
    struct scan_text name;
    bool is_out = false;

    scan_init(&scan, text);
    if (scan_peek(&scan) != SCAN_OBJECT || !scan_enter(&scan, SCAN_OBJECT))
        return false;
    while (scan_member(&scan, &name)) {
        if (nr_view_is(name.raw, NR_VIEW("opt_out")) && scan_peek(&scan) == SCAN_TRUE)
            is_out = true;
        scan_skip(&scan);
    }
    return is_out && !scan.fault;
}

/* What could not be read is passed over, so that the next event can be. */
static int give_up(struct scan *scan, struct search_event *out, struct nr_err *err)
{
    struct nr_view text;

    if (!scan_raw(scan, &text) || !is_opted_out(text))
        return -1;
    nr_err_reset(err);
    *out = (struct search_event){.is_opt_out = true};
    return 0;
}

int search_event_read(struct scan *scan, const struct event_place *place, int64_t now_unix_ms,
                      struct nr_buf *arena, struct search_event *out, struct nr_err *err)
{
    struct event_reader reader = {
        .scan = *scan, .place = place, .now_unix_ms = now_unix_ms, .event = out, .err = err};

    *out = (struct search_event){
        .timestamp_unix_ms = -1, .result_count = -1, .page = -1, .page_size = -1, .position = -1};
    nr_buf_reset(arena);
    reader.arena_at = nr_buf_room(arena, (size_t)(scan->end - scan->at) + SCAN_SPARE_BYTES);
    if (!reader.arena_at) {
        scan_skip(scan); /* it is refused: the next one may have room */
        return nr_buf_check(arena, "a search event", err);
    }
    if (read_event(&reader) != 0)
        return give_up(scan, out, err);
    *scan = reader.scan;
    if (out->is_opt_out)
        *out = (struct search_event){.is_opt_out = true};
    return 0;
}

int search_event_parse(struct nr_view text, const struct event_place *place, int64_t now_unix_ms,
                       struct nr_buf *arena, struct search_event *out, struct nr_err *err)
{
    struct scan scan;

    scan_init(&scan, text);
    if (search_event_read(&scan, place, now_unix_ms, arena, out, err) != 0)
        return -1;
    if (!scan_end(&scan))
        return event_broken(&(struct event_reader){.scan = scan, .place = place, .err = err});
    return 0;
}

struct nr_view search_event_type_name(enum search_event_type type)
{
    static const struct nr_view names[] = {{"search", 6}, {"click", 5}, {"impression", 10}, {"action", 6}};

    return names[type];
}
