#include <stdlib.h>

#include <narae/rand.h>

#include "functions/search/outbox.h"

enum {
    TEXT_MAX_BYTES = 32 * 1024 * 1024, /* a request and one message more; far above what these can be */
    BODY_OVERHEAD_BYTES = 256 + PACK_RECORDS_MAX * 64,
};

int outbox_init(struct outbox *outbox, const struct outbox_options *options, struct nr_err *err)
{
    *outbox = (struct outbox){.options = *options};
    nr_buf_init(&outbox->text, TEXT_MAX_BYTES);
    nr_buf_init(&outbox->sorted, TEXT_MAX_BYTES);
    /* One record may be larger than a request is meant to be. */
    nr_buf_init(&outbox->body,
                (options->request_bytes + PACK_RECORD_MAX_BYTES) / 3 * 4 + BODY_OVERHEAD_BYTES);
    /* Not cleared: each is written before it counts, and few invocations need them all. */
    outbox->units = malloc(OUTBOX_UNITS_MAX * sizeof(*outbox->units));
    outbox->records = malloc(OUTBOX_UNITS_MAX * sizeof(*outbox->records));
    if (outbox->units && outbox->records)
        return 0;
    outbox_done(outbox);
    return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.OutOfMemory", "no memory for %d rows",
                      OUTBOX_UNITS_MAX);
}

void outbox_done(struct outbox *outbox)
{
    nr_buf_done(&outbox->text);
    nr_buf_done(&outbox->sorted);
    nr_buf_done(&outbox->body);
    free(outbox->units);
    free(outbox->records);
    *outbox = (struct outbox){0};
}

void outbox_expect(struct outbox *outbox, size_t n_bytes)
{
    size_t request_bytes = outbox->options.request_bytes;

    nr_buf_room(&outbox->text, n_bytes < request_bytes ? n_bytes : request_bytes);
    nr_buf_rewind(&outbox->text, outbox->text.len); /* so much at once cannot be had: perhaps bit by bit */
}

void outbox_rewind(struct outbox *outbox, struct outbox_mark mark)
{
    nr_buf_rewind(&outbox->text, mark.len);
    outbox->n_units = mark.n_units;
}

void outbox_close(struct outbox *outbox, size_t start, size_t n_events, uint32_t item, uint64_t session)
{
    outbox->units[outbox->n_units++] = (struct pack_unit){.at = start,
                                                          .len = outbox->text.len - start - 1,
                                                          .item = item,
                                                          .n_events = (uint16_t)n_events,
                                                          .lane = (uint16_t)(session % PACK_LANES)};
}

/* --- storing -------------------------------------------------------------------------------------------- */

static void lose_record(struct outbox *outbox, const struct pack_record *record)
{
    for (size_t i = record->first_unit; i < record->first_unit + record->n_units; i++)
        outbox->options.lost(outbox->options.ctx, outbox->units[i].item, outbox->units[i].n_events);
}

static void count_stored(struct outbox *outbox, const struct pack_record *record)
{
    struct outbox_tally *tally = &outbox->tally;

    tally->n_records++;
    tally->n_events += record->n_events;
    tally->billed_bytes += pack_billed_bytes(record->n_bytes);
    for (size_t i = record->first_unit; i < record->first_unit + record->n_units; i++) {
        const struct pack_unit *unit = &outbox->units[i];

        tally->billed_alone_bytes += unit->n_events * pack_billed_bytes(unit->len / unit->n_events);
    }
}

static void settle(struct outbox *outbox, const struct pack_record *records, const uint8_t *fates, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (fates[i] == KINESIS_STORED)
            count_stored(outbox, &records[i]);
        else
            lose_record(outbox, &records[i]);
    }
}

static struct kinesis_record record_of(const struct outbox *outbox, const struct nr_buf *text,
                                       const struct pack_record *record)
{
    return (struct kinesis_record){
        .data = nr_view_n(text->data + outbox->units[record->first_unit].at, record->n_bytes),
        .key = nr_view_n(record->key, sizeof(record->key)),
    };
}

static int put(struct outbox *outbox, const struct nr_buf *text, const struct pack_record *records,
               uint8_t *fates, size_t n, struct nr_err *err)
{
    struct kinesis_record wire[PACK_RECORDS_MAX] = {0};

    for (size_t i = 0; i < n; i++)
        wire[i] = record_of(outbox, text, &records[i]);
    return kinesis_put(&outbox->options.stream, wire, fates, n, outbox->options.deadline_mono_ms,
                       &outbox->body, &outbox->tally.kinesis, err);
}

static void send(struct outbox *outbox, const struct nr_buf *text, const struct pack_record *records,
                 size_t n)
{
    uint8_t fates[PACK_RECORDS_MAX] = {KINESIS_PENDING};
    struct nr_err why = {0};

    if (!outbox->is_over && put(outbox, text, records, fates, n, &why) != 0) {
        outbox->is_over = why.kind == NR_ERR_DEADLINE || !nr_err_is_transient(&why);
        outbox->why = why;
    }
    settle(outbox, records, fates, n);
}

/* The text in the order in which it is sent. */
static const struct nr_buf *arrange(struct outbox *outbox)
{
    if (!outbox->options.is_by_session)
        return &outbox->text;
    nr_buf_reset(&outbox->sorted);
    pack_by_lane(outbox->units, outbox->n_units, nr_buf_view(&outbox->text), &outbox->sorted);
    return &outbox->sorted;
}

void outbox_flush(struct outbox *outbox)
{
    const struct nr_buf *text = arrange(outbox);
    size_t n;

    if (nr_buf_check(text, "rows of search events", &outbox->why) != 0)
        outbox->is_over = true; /* no memory to put them in order */
    n = pack_records(outbox->units, outbox->n_units, outbox->options.record_bytes,
                     outbox->options.is_by_session, nr_rand_below(UINT64_MAX), outbox->records);
    for (size_t from = 0; from < n;) {
        size_t n_request = pack_request(outbox->records, n, from, outbox->options.request_bytes);

        send(outbox, text, &outbox->records[from], n_request);
        from += n_request;
    }
    outbox->n_units = 0;
    nr_buf_reset(&outbox->text);
}

void outbox_make_room(struct outbox *outbox)
{
    /* A message has few units: one for each 500 of its events, and for each 700 KB of its 4 MB. */
    if (outbox->text.len >= outbox->options.request_bytes || outbox->n_units > OUTBOX_UNITS_MAX - 64)
        outbox_flush(outbox);
}
