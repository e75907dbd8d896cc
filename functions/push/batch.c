#include <stdlib.h>

#include "functions/push/batch.h"
#include "functions/push/priority.h"

/* --- parse ---------------------------------------------------------------------------------------------- */

static void judge(struct batch *batch, size_t i, int64_t now_unix_ms, int64_t spare_wait_ms)
{
    const struct push_message *message = &batch->messages[i];
    int64_t expires = message->expires_unix_ms;

    if (expires && expires <= now_unix_ms)
        batch_settle(batch, i, BATCH_EXPIRED, 0);
    else if (spare_wait_ms > 0 && (!expires || expires > now_unix_ms + spare_wait_ms) &&
             priority_allows_delay(message->message))
        batch_settle(batch, i, BATCH_AGAIN, spare_wait_ms);
}

int batch_parse(struct batch *batch, const json_t *event, int64_t now_unix_ms, int64_t spare_wait_ms,
                bool parks_poison, struct nr_err *err)
{
    *batch = (struct batch){.parks_poison = parks_poison};
    if (nr_sqs_parse(event, &batch->sqs, err) != 0)
        return -1;
    batch->items = calloc(batch->sqs.n_records + 1, sizeof(*batch->items));
    batch->messages = calloc(batch->sqs.n_records + 1, sizeof(*batch->messages));
    batch->is_left_out = calloc(batch->sqs.n_records + 1, sizeof(*batch->is_left_out));
    if (!batch->items || !batch->messages || !batch->is_left_out)
        return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.OutOfMemory", "no memory for %zu messages",
                          batch->sqs.n_records);
    batch->n = batch->sqs.n_records;
    for (size_t i = 0; i < batch->n; i++) {
        struct nr_err why = {0};

        if (push_message_parse(batch->sqs.records[i].body, i, &batch->messages[i], &why) != 0)
            batch_settle(batch, i, BATCH_MALFORMED, 0);
    }
    for (size_t i = 0; i < batch->n; i++)
        if (batch->items[i].fate == BATCH_OPEN)
            judge(batch, i, now_unix_ms, spare_wait_ms);
    return 0;
}

void batch_done(struct batch *batch)
{
    for (size_t i = 0; i < batch->n; i++)
        push_message_done(&batch->messages[i]);
    free(batch->items);
    free(batch->messages);
    free(batch->is_left_out);
    nr_sqs_batch_done(&batch->sqs);
    *batch = (struct batch){0};
}

/* --- turns ---------------------------------------------------------------------------------------------- */

static bool is_same_group(const struct batch *batch, size_t a, size_t b)
{
    const struct nr_sqs_record *one = &batch->sqs.records[a];
    const struct nr_sqs_record *other = &batch->sqs.records[b];

    return nr_sqs_is_ordered(one) && nr_sqs_is_ordered(other) && nr_view_is(one->group_id, other->group_id);
}

/* A FIFO batch has at most 10 messages: comparing each with each is nothing. */
static bool has_open_before(const struct batch *batch, size_t i)
{
    for (size_t before = 0; nr_sqs_is_ordered(&batch->sqs.records[i]) && before < i; before++)
        if (batch->items[before].fate == BATCH_OPEN && is_same_group(batch, before, i))
            return true;
    return false;
}

bool batch_next_turn(struct batch *batch)
{
    bool has_any = false;

    for (size_t i = 0; i < batch->n; i++) {
        batch->is_left_out[i] = batch->items[i].fate != BATCH_OPEN || has_open_before(batch, i);
        has_any |= !batch->is_left_out[i];
    }
    return has_any;
}

static bool holds_up(const struct batch *batch, size_t i)
{
    enum batch_fate fate = batch->items[i].fate;
    bool is_poison = fate == BATCH_MALFORMED || fate == BATCH_REFUSED;

    return nr_sqs_is_ordered(&batch->sqs.records[i]) &&
           (fate == BATCH_AGAIN || (is_poison && !batch->parks_poison));
}

void batch_settle(struct batch *batch, size_t i, enum batch_fate fate, int64_t wait_ms)
{
    batch->items[i].fate = fate;
    batch->items[i].wait_ms = wait_ms;
    if (!holds_up(batch, i))
        return;
    for (size_t after = i + 1; after < batch->n; after++)
        if (batch->items[after].fate == BATCH_OPEN && is_same_group(batch, i, after)) {
            batch->items[after].fate = BATCH_AGAIN;
            batch->items[after].wait_ms = wait_ms;
        }
}

void batch_why(const struct batch *batch, size_t i, struct nr_err *err)
{
    struct push_message message = {0};

    if (push_message_parse(batch->sqs.records[i].body, i, &message, err) == 0)
        push_message_done(&message);
}

size_t batch_count(const struct batch *batch, enum batch_fate fate)
{
    size_t n = 0;

    for (size_t i = 0; i < batch->n; i++)
        n += batch->items[i].fate == fate;
    return n;
}
