#include <stdio.h>
#include <string.h>

#include <narae/clock.h>
#include <narae/log.h>
#include <narae/rand.h>
#include <narae/sqs.h>

#include "functions/search/event.h"
#include "functions/search/log_batch.h"
#include "functions/search/scan.h"

enum {
    BODY_MAX_BYTES = 4 * 1024 * 1024,  /* of one message when inflated; SQS takes 1 MiB */
    BODY_EVENTS_MAX = 2000,            /* of one message: its rows are kept together until they are stored */
    ARENA_MAX_BYTES = 8 * 1024 * 1024, /* Lambda hands over 6 MB at most */
    ROW_MAX_BYTES =
        4 * SEARCH_EVENT_MAX_BYTES, /* far above what a row can be: a unit has room for one more */
};

void log_batch_init(struct log_batch *batch, const struct nr_request *request)
{
    *batch = (struct log_batch){
        .request = request, .now_unix_ms = nr_clock_wall_ms(), .started_us = nr_clock_mono_us()};
    decode_init(&batch->decode, BODY_MAX_BYTES);
    nr_buf_init(&batch->body, ARENA_MAX_BYTES);
    nr_buf_init(&batch->arena, ARENA_MAX_BYTES);
    log_reply_init(&batch->reply);
}

void log_batch_done(struct log_batch *batch)
{
    intake_done(&batch->intake);
    row_maker_done(&batch->rows);
    decode_done(&batch->decode);
    nr_buf_done(&batch->body);
    nr_buf_done(&batch->arena);
    outbox_done(&batch->outbox);
    log_reply_done(&batch->reply);
}

/* --- the outbox ----------------------------------------------------------------------------------------- */

static void fail_later(struct log_batch *batch, size_t i, const struct nr_err *why)
{
    nr_sqs_fail_by(&batch->intake.sqs, i, why, nr_rand_below(1ULL << 32));
}

static void lose_message(void *ctx, uint32_t item, size_t n_events)
{
    struct log_batch *batch = ctx;

    fail_later(batch, item, &batch->outbox.why);
    batch->n_lost += n_events;
}

static void lose_event(void *ctx, uint32_t item, size_t n_events)
{
    struct log_batch *batch = ctx;

    log_reply_lose(&batch->reply, item);
    batch->n_lost += n_events;
}

int log_batch_prepare(struct log_batch *batch, const struct log_settings *settings, int64_t deadline_mono_ms,
                      struct nr_err *err)
{
    const struct outbox_options options = {
        .stream = {.name = settings->stream,
                   .region = settings->region[0] ? settings->region : NULL,
                   .request_timeout_ms = settings->request_timeout_ms},
        .record_bytes = (size_t)settings->record_bytes,
        .request_bytes = (size_t)settings->request_bytes,
        .is_by_session = settings->is_by_session,
        .deadline_mono_ms = deadline_mono_ms,
        .lost = batch->intake.shape == INTAKE_SQS ? lose_message : lose_event,
        .ctx = batch,
    };

    row_maker_init(&batch->rows, &settings->key, batch->now_unix_ms);
    return outbox_init(&batch->outbox, &options, err);
}

/* --- events --------------------------------------------------------------------------------------------- */

/* What holds events, and how far it is read. */
struct place {
    struct scan scan;
    bool is_array;
    struct event_place at;
    size_t n; /* read so far */
};

static void open_place(struct place *place, struct nr_view text, struct event_place at)
{
    *place = (struct place){.at = at};
    scan_init(&place->scan, text);
    place->is_array = scan_peek(&place->scan) == SCAN_ARRAY && scan_enter(&place->scan, SCAN_ARRAY);
}

/* Is there another event? */
static bool next_event(struct place *place)
{
    bool is_more = place->is_array ? scan_item(&place->scan) : scan_peek(&place->scan) != SCAN_NOTHING;

    place->at.index = place->n;
    place->at.is_one_of = is_more && (place->is_array || place->n);
    return is_more;
}

static int refuse_place(const struct place *place, const char *type, const char *why, size_t number,
                        struct nr_err *err)
{
    char where[EVENT_PLACE_BYTES];

    event_place_format(&(struct event_place){.in = place->at.in, .record = place->at.record}, where);
    return nr_err_set(err, NR_ERR_INVALID, type, "%s: %s %zu", where[0] ? where : "event", why, number);
}

/* After the last one: was that the end of the text as well? */
static int close_place(struct place *place, struct nr_err *err)
{
    char why[96];

    if (scan_end(&place->scan))
        return 0;
    snprintf(why, sizeof(why), "%s at byte", place->scan.fault);
    return refuse_place(place, "Function.InvalidJson", why, (size_t)(place->scan.at - place->scan.start),
                        err);
}

/* Events of a session meet in one lane; without a session, those of a search; without one of these, those of
 * what carried them. */
static uint64_t session_of(const struct search_event *event, struct nr_view source)
{
    struct nr_view id = event->session_id.ptr ? event->session_id
                        : event->query_id.ptr ? event->query_id
                                              : source;
    uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */

    for (size_t i = 0; i < id.len; i++)
        hash = (hash ^ (unsigned char)id.ptr[i]) * 0x100000001b3u;
    return hash;
}

/* The event that comes next becomes a row with a newline, or nothing when somebody opted out. Rows of one
 * message stay together, so they share a lane: that of the last one. */
static int add_event(struct log_batch *batch, struct place *place, struct nr_view source, uint64_t *session,
                     struct nr_err *err)
{
    struct nr_buf *text = &batch->outbox.text;
    struct search_event event;
    unsigned pii = 0;

    if (search_event_read(&place->scan, &place->at, batch->now_unix_ms, &batch->arena, &event, err) != 0)
        return -1;
    batch->found.n_opted_out += event.is_opt_out;
    batch->found.n_unknown += event.n_unknown;
    if (event.is_opt_out)
        return 0;
    if (row_write(&batch->rows, &event, source, place->n, text, &pii, err) != 0)
        return -1;
    nr_buf_add_char(text, '\n');
    if (nr_buf_check(text, "rows of search events", err) != 0)
        return -1;
    batch->found.n_with_pii += pii != 0;
    if (batch->outbox.options.is_by_session)
        *session = session_of(&event, source);
    return 0;
}

/* --- SQS: a message is stored as a whole, or comes back ------------------------------------------------- */

int log_batch_body(struct log_batch *batch, struct nr_view raw, struct nr_view *out, struct nr_err *err)
{
    nr_buf_reset(&batch->body);
    if (!memchr(raw.ptr, '\\', raw.len)) {
        *out = raw;
        return 0;
    }
    if (!nr_buf_room(&batch->body, raw.len + SCAN_SPARE_BYTES))
        return nr_buf_check(&batch->body, "a body", err);
    if (!scan_unescape_skimmed(raw, batch->body.data, &batch->body.len))
        return nr_err_set(err, NR_ERR_INVALID, "Function.InvalidJson", "has an escape that is none");
    *out = nr_buf_view(&batch->body);
    return 0;
}

/* Rows since the last unit: one more, when a record can hold no more of them or `is_last` says so. */
static void close_unit(struct log_batch *batch, size_t *start, size_t *n_events, uint32_t item,
                       uint64_t session, bool is_last)
{
    size_t len = batch->outbox.text.len - *start;

    if (len == 0 || !(is_last || *n_events == PACK_EVENTS_MAX || len > PACK_RECORD_MAX_BYTES - ROW_MAX_BYTES))
        return;
    outbox_close(&batch->outbox, *start, *n_events, item, session);
    *start += len;
    *n_events = 0;
}

static int add_events(struct log_batch *batch, struct place *place, uint32_t item, struct nr_view source,
                      struct nr_err *err)
{
    size_t start = batch->outbox.text.len;
    size_t n_events = 0;
    uint64_t session = 0;

    for (; next_event(place); place->n++) {
        size_t before = batch->outbox.text.len;

        if (place->n == BODY_EVENTS_MAX)
            return refuse_place(place, "Function.InvalidBody", "must have events up to", BODY_EVENTS_MAX,
                                err);
        if (add_event(batch, place, source, &session, err) != 0)
            return -1;
        n_events += batch->outbox.text.len > before;
        close_unit(batch, &start, &n_events, item, session, false);
    }
    if (close_place(place, err) != 0)
        return -1;
    close_unit(batch, &start, &n_events, item, session, true);
    return 0;
}

static int add_message(struct log_batch *batch, size_t i, struct nr_err *err)
{
    const struct nr_sqs_record *record = &batch->intake.sqs.records[i];
    struct place place;
    struct nr_view text = {0};

    if (log_batch_body(batch, record->body, &text, err) != 0 ||
        decode_body(&batch->decode, text, false, &text, err) != 0)
        return nr_err_context(err, "Records[%zu].body", i);
    open_place(&place, text, (struct event_place){.in = EVENT_IN_RECORD, .record = i});
    if (add_events(batch, &place, (uint32_t)i, record->message_id, err) != 0)
        return -1;
    batch->n_events += place.n;
    return 0;
}

/* Nothing of a message that cannot be read whole is stored: mended and sent again, it would be there
 * twice. */
static void refuse_message(struct log_batch *batch, size_t i, const struct nr_err *why)
{
    const struct nr_log_field id = nr_log_text("messageId", batch->intake.sqs.records[i].message_id);

    nr_log_err(NR_LOG_ERROR, "message refused", why, &id, 1);
    nr_sqs_fail_for(&batch->intake.sqs, i, 0); /* to the dead-letter queue within seconds */
    batch->n_refused++;
}

/* What there was no memory for is nobody's fault, and comes back. How many events are in it is not known. */
static void postpone_message(struct log_batch *batch, size_t i, const struct nr_err *why)
{
    fail_later(batch, i, why);
    batch->outbox.why = *why;
    batch->n_lost++;
}

void log_batch_give_back(struct log_batch *batch, const struct nr_err *why)
{
    batch->n_items = batch->intake.sqs.n_records;
    for (size_t i = 0; i < batch->n_items; i++)
        postpone_message(batch, i, why);
}

void log_batch_take_messages(struct log_batch *batch)
{
    struct nr_err why = {0}; /* more than a kilobyte: cleared when it was used */

    batch->n_items = batch->intake.sqs.n_records;
    outbox_expect(&batch->outbox, batch->request->event.len);
    for (size_t i = 0; i < batch->n_items; i++) {
        struct outbox_mark mark = outbox_mark(&batch->outbox);
        struct log_findings found = batch->found;

        if (add_message(batch, i, &why) != 0) {
            outbox_rewind(&batch->outbox, mark);
            batch->found = found;
            if (why.kind == NR_ERR_INVALID)
                refuse_message(batch, i, &why);
            else
                postpone_message(batch, i, &why);
            nr_err_reset(&why);
        }
        outbox_make_room(&batch->outbox);
    }
    outbox_flush(&batch->outbox);
}

/* --- HTTP and direct: each event on its own ------------------------------------------------------------- */

/* What is wrong stays so; what there was no memory for may be sent again. */
static void drop_event(struct log_batch *batch, size_t index, const struct nr_err *why)
{
    if (why->kind == NR_ERR_INVALID) {
        batch->n_refused++;
        log_reply_refuse(&batch->reply, index, why);
    } else {
        batch->outbox.why = *why;
        lose_event(batch, (uint32_t)index, 1);
    }
}

static void take_event(struct log_batch *batch, struct place *place, struct nr_view source)
{
    struct outbox_mark mark = outbox_mark(&batch->outbox);
    struct nr_err why = {0};
    uint64_t session = 0;

    if (add_event(batch, place, source, &session, &why) != 0) {
        outbox_rewind(&batch->outbox, mark);
        drop_event(batch, place->n, &why);
    } else if (batch->outbox.text.len > mark.len) {
        outbox_close(&batch->outbox, mark.len, 1, (uint32_t)place->n, session);
    }
    outbox_make_room(&batch->outbox);
}

/* Looked through before anything is stored: a text that breaks off is refused as a whole. */
int log_batch_check_events(struct log_batch *batch, struct nr_view text, bool is_body, size_t max_events,
                           struct nr_err *err)
{
    struct place place;

    open_place(&place, text, (struct event_place){.in = is_body ? EVENT_IN_BODY : EVENT_ALONE});
    for (; next_event(&place) && scan_skip(&place.scan); place.n++)
        if (place.n == max_events)
            return refuse_place(&place, "Function.TooLarge", "must have events up to", max_events, err);
    batch->n_items = place.n;
    return close_place(&place, err);
}

void log_batch_take_events(struct log_batch *batch, struct nr_view text, bool is_body)
{
    struct nr_view source = nr_view(batch->request->request_id);
    struct place place;

    open_place(&place, text, (struct event_place){.in = is_body ? EVENT_IN_BODY : EVENT_ALONE});
    for (; next_event(&place); place.n++)
        take_event(batch, &place, source);
    batch->n_items = batch->n_events = batch->reply.n_events = place.n;
    outbox_flush(&batch->outbox);
}
