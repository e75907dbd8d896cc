#include "functions/search/row.h"
#include "functions/search/instant.h"
#include "functions/search/json_out.h"
#include "functions/search/normal.h"
#include "functions/search/privacy.h"
#include "functions/search/scan.h"
#include "functions/search/sixteen.h"

enum {
    WORK_MAX_BYTES = 64 * 1024, /* 1,024 characters, each of which may become a few */
    NUMBER_BYTES = 24,
};

struct row {
    struct row_maker *maker;
    struct nr_buf *out;
    unsigned pii;
    struct nr_err *err;
};

void row_maker_init(struct row_maker *maker, const struct pseudonym_key *key, int64_t received_unix_ms)
{
    *maker = (struct row_maker){.key = key};
    instant_format(received_unix_ms, maker->received);
    nr_buf_init(&maker->nfc, WORK_MAX_BYTES);
    nr_buf_init(&maker->scrubbed, WORK_MAX_BYTES);
    nr_buf_init(&maker->norm, WORK_MAX_BYTES);
    nr_buf_init(&maker->filters, SEARCH_EVENT_MAX_BYTES);
}

void row_maker_done(struct row_maker *maker)
{
    nr_buf_done(&maker->nfc);
    nr_buf_done(&maker->scrubbed);
    nr_buf_done(&maker->norm);
    nr_buf_done(&maker->filters);
}

/* --- members -------------------------------------------------------------------------------------------- */

/* The first member of a row is written with its brace. */
#define NAMED(name) NR_VIEW(",\"" name "\":")

/* A text that is ours, or was checked to be a token. */
static void put_plain(struct row *row, struct nr_view name, struct nr_view text)
{
    size_t n = name.len + text.len + 2;
    char *to = json_out_room(row->out, n);

    if (!to)
        return;
    to = mempcpy(to, name.ptr, name.len);
    *to++ = '"';
    to = mempcpy(to, text.ptr, text.len);
    *to = '"';
    row->out->len += n;
}

static void put_number(struct row *row, struct nr_view name, struct nr_view number)
{
    if (!number.ptr)
        return;
    json_out(row->out, name);
    json_out(row->out, number);
}

static void put_whole(struct row *row, struct nr_view name, int64_t value)
{
    char digits[NUMBER_BYTES];
    size_t at = sizeof(digits);
    uint64_t left = (uint64_t)value;

    if (value < 0)
        return;
    do
        digits[--at] = (char)('0' + left % 10);
    while (left /= 10);
    put_number(row, name, nr_view_n(digits + at, sizeof(digits) - at));
}

static void put_instant(struct row *row, struct nr_view name, int64_t unix_ms)
{
    char text[INSTANT_BYTES];

    instant_format(unix_ms, text);
    put_plain(row, name, nr_view_n(text, sizeof(text)));
}

/* Append a text as it may be stored. Returns what that is; alive until the next call. */
static struct nr_view put_safe(struct row *row, struct nr_buf *out, struct nr_view text,
                               enum privacy_scope scope)
{
    struct row_maker *maker = row->maker;

    if (scope == PRIVACY_WORDS)
        text = normal_nfc(text, &maker->nfc);
    if (privacy_add_clean(text, scope, out))
        return text;
    nr_buf_reset(&maker->scrubbed);
    privacy_scrub(text, scope, &maker->scrubbed, &row->pii);
    text = nr_buf_view(&maker->scrubbed);
    json_out_text(out, text);
    return text;
}

static void put_member(struct row *row, struct nr_view name, struct nr_view text, enum privacy_scope scope)
{
    if (!text.ptr)
        return;
    json_out(row->out, name);
    put_safe(row, row->out, text, scope);
}

static void put_words(struct row *row, struct nr_view name, struct nr_view text)
{
    put_member(row, name, text, PRIVACY_WORDS);
}

static void put_key(struct row *row, struct nr_view name, struct nr_view text)
{
    put_member(row, name, text, PRIVACY_KEY);
}

/* --- groups of members ---------------------------------------------------------------------------------- */

static int put_people(struct row *row, const struct search_event *event)
{
    const struct nr_view names[] = {NAMED("client_id"), NAMED("session_id"), NAMED("user_hash")};
    struct pseudonym people[] = {
        {.realm = NR_VIEW("client"), .id = event->client_id},
        {.realm = NR_VIEW("session"), .id = event->session_id},
        {.realm = NR_VIEW("user"), .id = event->user_id},
    };
    bool is_anyone = false;

    if (pseudonym_make(row->maker->key, people, sizeof(people) / sizeof(people[0]), row->err) != 0)
        return -1;
    for (size_t i = 0; i < sizeof(people) / sizeof(people[0]); i++) {
        if (!people[i].id.ptr)
            continue;
        put_plain(row, names[i], nr_view_n(people[i].text, PSEUDONYM_CHARS));
        is_anyone = true;
    }
    if (is_anyone)
        put_plain(row, NAMED("hash_key_id"), nr_view(row->maker->key->id));
    return 0;
}

static void put_query(struct row *row, struct nr_view query)
{
    struct nr_buf *norm = &row->maker->norm;
    struct nr_view text;
    size_t n_chars;

    if (!query.ptr)
        return;
    json_out(row->out, NAMED("user_query"));
    text = put_safe(row, row->out, query, PRIVACY_WORDS);
    nr_buf_reset(norm);
    n_chars = normal_key(text, norm);
    json_out(row->out, NAMED("query_norm"));
    json_out_text(row->out, nr_buf_view(norm));
    put_whole(row, NAMED("query_len"), (int64_t)n_chars);
}

/* What the string means; alive until the next one. */
static struct nr_view meaning_of(struct row *row, struct scan_text text)
{
    struct nr_buf *room = &row->maker->norm;

    nr_buf_reset(room);
    if (!text.has_escapes || !nr_buf_room(room, text.raw.len + SCAN_SPARE_BYTES))
        return text.raw;
    room->len = scan_unescape(text, room->data);
    return nr_buf_view(room);
}

/* A number stays as it stands, were it long, unless it is somebody's: then it becomes a text. */
static void put_filter_number(struct row *row, struct nr_view number)
{
    struct nr_buf *scrubbed = &row->maker->scrubbed;
    unsigned found = 0;

    nr_buf_reset(scrubbed);
    privacy_scrub(number, PRIVACY_WORDS, scrubbed, &found);
    if (found & ~(1u << PRIVACY_NUM)) {
        row->pii |= found;
        json_out_text(&row->maker->filters, nr_buf_view(scrubbed));
    } else {
        json_out(&row->maker->filters, number);
    }
}

/* A value of a filter. */
static void put_scalar(struct row *row, struct scan *scan)
{
    struct scan_text text;
    struct nr_view raw;

    if (scan_peek(scan) != SCAN_STRING) {
        if (scan_raw(scan, &raw))
            put_filter_number(row, raw); /* or a word, which has no digits */
    } else if (scan_string(scan, &text)) {
        put_safe(row, &row->maker->filters, meaning_of(row, text), PRIVACY_WORDS);
    }
}

static void put_scalars(struct row *row, struct scan *scan)
{
    const char *between = "[";

    scan_enter(scan, SCAN_ARRAY);
    while (scan_item(scan)) {
        json_out(&row->maker->filters, nr_view(between));
        put_scalar(row, scan);
        between = ",";
    }
    json_out(&row->maker->filters, nr_view(*between == '[' ? "[]" : "]"));
}

/* Each name and value on its own, written again without blanks. */
static void write_filters(struct row *row, struct nr_view filters, struct nr_buf *out)
{
    const char *between = "{";
    struct scan scan;
    struct scan_text name;

    nr_buf_reset(out);
    scan_init(&scan, filters);
    scan_enter(&scan, SCAN_OBJECT);
    while (scan_member(&scan, &name)) {
        json_out(out, nr_view(between));
        put_safe(row, out, name.raw, PRIVACY_WORDS); /* a token: nothing in it is escaped */
        json_out(out, NR_VIEW(":"));
        between = ",";
        if (scan_peek(&scan) == SCAN_ARRAY)
            put_scalars(row, &scan);
        else
            put_scalar(row, &scan);
    }
    json_out(out, nr_view(*between == '{' ? "{}" : "}"));
}

/* Would write_filters() write the same? It would when there is nothing to replace in all of it together, no
 * blank to leave out, no escape to resolve and nothing that composes. */
static bool is_settled(struct nr_view filters)
{
    for (size_t at = 0; at < filters.len; at += SIXTEEN) {
        size_t left = filters.len - at;
        sixteen c = sixteen_load_up_to(filters.ptr + at, left);

        /* Signed: what is not ASCII is below a blank as well. */
        if (sixteen_mask((c <= ' ') | (c == '\\') | (c == 0x7f)) & sixteen_below(left))
            return false;
    }
    return privacy_is_clean(filters, PRIVACY_WORDS);
}

/* An object as text: its names are the application's, and a table has no column for each. */
static void put_filters(struct row *row, struct nr_view filters)
{
    struct nr_buf *out = &row->maker->filters;

    if (!filters.ptr)
        return;
    json_out(row->out, NAMED("filters"));
    if (is_settled(filters)) {
        json_out_text(row->out, filters);
        return;
    }
    write_filters(row, filters, out);
    json_out_text(row->out, nr_buf_view(out));
}

static void put_hits(struct row *row, const struct search_event *event)
{
    if (!event->n_hit_ids)
        return;
    json_out(row->out, NAMED("query_response_hit_ids"));
    for (size_t i = 0; i < event->n_hit_ids; i++) {
        json_out(row->out, i ? NR_VIEW(",") : NR_VIEW("["));
        put_safe(row, row->out, event->hit_ids[i], PRIVACY_KEY);
    }
    json_out(row->out, NR_VIEW("]"));
}

static void put_flags(struct row *row)
{
    bool is_first = true;

    if (!row->pii)
        return;
    json_out(row->out, NAMED("pii_flags"));
    for (int kind = 0; kind < PRIVACY_N_KINDS; kind++) {
        if (!(row->pii & 1u << kind))
            continue;
        json_out(row->out, nr_view(is_first ? "[\"" : ",\""));
        json_out(row->out, nr_view(privacy_kind_name((enum privacy_kind)kind)));
        json_out(row->out, NR_VIEW("\""));
        is_first = false;
    }
    json_out(row->out, NR_VIEW("]"));
}

/* --- the row -------------------------------------------------------------------------------------------- */

static void put_id(struct row *row, const struct search_event *event, struct nr_view source, size_t index)
{
    json_out(row->out, NR_VIEW("{\"schema_version\":1"));
    if (event->event_id.ptr) {
        put_key(row, NAMED("event_id"), event->event_id);
        return;
    }
    json_out(row->out, NAMED("event_id"));
    nr_buf_add_json_text(row->out, source);
    if (row->out->len)
        row->out->len--; /* its closing quote */
    nr_buf_printf(row->out, ".%zu\"", index);
}

static int put_head(struct row *row, const struct search_event *event)
{
    put_plain(row, NAMED("event_type"), search_event_type_name(event->type));
    put_words(row, NAMED("action_name"), event->action_name);
    put_instant(row, NAMED("timestamp"), event->timestamp_unix_ms);
    put_plain(row, NAMED("received_at"), nr_view_n(row->maker->received, INSTANT_BYTES));
    put_key(row, NAMED("application"), event->application);
    put_key(row, NAMED("query_id"), event->query_id);
    return put_people(row, event);
}

static void put_search(struct row *row, const struct search_event *event)
{
    put_query(row, event->user_query);
    put_key(row, NAMED("lang"), event->lang);
    put_whole(row, NAMED("result_count"), event->result_count);
    put_number(row, NAMED("took_ms"), event->took_ms);
    put_whole(row, NAMED("page"), event->page);
    put_whole(row, NAMED("page_size"), event->page_size);
    put_filters(row, event->filters);
    put_key(row, NAMED("sort"), event->sort);
}

static void put_action(struct row *row, const struct search_event *event)
{
    put_key(row, NAMED("object_id"), event->object_id);
    put_key(row, NAMED("object_id_type"), event->object_id_type);
    put_key(row, NAMED("object_id_field"), event->object_id_field);
    put_key(row, NAMED("internal_id"), event->internal_id);
    put_whole(row, NAMED("position"), event->position);
    put_number(row, NAMED("position_x"), event->position_x);
    put_number(row, NAMED("position_y"), event->position_y);
    put_key(row, NAMED("query_response_id"), event->query_response_id);
    put_hits(row, event);
    put_words(row, NAMED("message_type"), event->message_type);
    put_words(row, NAMED("message"), event->message);
    put_words(row, NAMED("error"), event->error);
}

/* What there was no room for in the last event is nothing to this one. */
static void forget(struct row_maker *maker)
{
    nr_buf_reset(&maker->nfc);
    nr_buf_reset(&maker->scrubbed);
    nr_buf_reset(&maker->norm);
    nr_buf_reset(&maker->filters);
}

/* A text that had no room to be scrubbed must not leave a row that looks whole. */
static int check(struct row *row)
{
    const struct row_maker *maker = row->maker;

    if (nr_buf_check(&maker->nfc, "a search event", row->err) != 0 ||
        nr_buf_check(&maker->scrubbed, "a search event", row->err) != 0 ||
        nr_buf_check(&maker->norm, "a search event", row->err) != 0 ||
        nr_buf_check(&maker->filters, "a search event", row->err) != 0)
        return -1;
    return nr_buf_check(row->out, "rows of search events", row->err);
}

int row_write(struct row_maker *maker, const struct search_event *event, struct nr_view source, size_t index,
              struct nr_buf *out, unsigned *pii, struct nr_err *err)
{
    struct row row = {.maker = maker, .out = out, .err = err};
    size_t start = out->len;

    forget(maker);
    put_id(&row, event, source, index);
    if (put_head(&row, event) == 0) {
        put_search(&row, event);
        put_action(&row, event);
        put_flags(&row);
        json_out(out, NR_VIEW("}"));
        if (check(&row) == 0) {
            *pii = row.pii;
            return 0;
        }
    }
    nr_buf_rewind(out, start);
    return -1;
}
