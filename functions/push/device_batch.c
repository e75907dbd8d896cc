#include <stdlib.h>

#include <narae/clock.h>
#include <narae/rand.h>

#include "functions/push/device_batch.h"
#include "functions/push/device_wave.h"
#include "functions/push/registry.h"

/* Two statements inside a VPC take milliseconds; a wave is not begun when there is less than this left. */
enum { WAVE_MIN_MS = 1000 };

/* --- read ----------------------------------------------------------------------------------------------- */

static void refuse(struct device_batch *batch, size_t i, const struct nr_err *why)
{
    device_intake_refuse(&batch->intake, i, why);
    batch->is_closed[i] = true;
}

static void read_one(struct device_batch *batch, size_t i, device_complain_fn complain)
{
    struct nr_err why = {0};

    batch->items[i].message = &batch->messages[i];
    batch->items[i].sent_unix_ms = device_intake_sent_unix_ms(&batch->intake, i);
    if (device_intake_parse(&batch->intake, i, &batch->messages[i], &why) == 0)
        return;
    refuse(batch, i, &why);
    batch->n_malformed++;
    complain(batch, i, &why);
}

int device_batch_read(const json_t *event, device_complain_fn complain, struct device_batch *out,
                      struct nr_err *err)
{
    struct device_batch batch = {0};
    size_t n;

    if (device_intake_read(event, &batch.intake, err) != 0)
        return -1;
    n = batch.intake.n;
    batch.messages = calloc(n + 1, sizeof(*batch.messages));
    batch.items = calloc(n + 1, sizeof(*batch.items));
    batch.is_closed = calloc(n + 1, sizeof(*batch.is_closed));
    if (!batch.messages || !batch.items || !batch.is_closed) {
        device_batch_done(&batch);
        return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.OutOfMemory", "no memory for %zu messages", n);
    }
    *out = batch;
    for (size_t i = 0; i < n; i++)
        read_one(out, i, complain);
    return 0;
}

void device_batch_done(struct device_batch *batch)
{
    device_intake_done(&batch->intake);
    free(batch->messages);
    free(batch->items);
    free(batch->is_closed);
    *batch = (struct device_batch){0};
}

bool device_batch_is_open(const struct device_batch *batch)
{
    for (size_t i = 0; i < batch->intake.n; i++)
        if (!batch->is_closed[i])
            return true;
    return false;
}

/* --- apply ---------------------------------------------------------------------------------------------- */

/* What goes to the registry together. */
struct wave {
    struct registry_item *items[DEVICE_WAVE_MAX];
    size_t positions[DEVICE_WAVE_MAX];
    size_t n;
};

/* The next messages that are open, from *from on, which moves behind them. */
static void take_wave(const struct device_batch *batch, size_t *from, struct wave *out)
{
    const struct device_message *messages[DEVICE_WAVE_MAX];
    size_t n = 0;

    for (size_t i = *from; i < batch->intake.n && n < DEVICE_WAVE_MAX; i++) {
        if (batch->is_closed[i])
            continue;
        messages[n] = &batch->messages[i];
        out->items[n] = &batch->items[i];
        out->positions[n++] = i;
    }
    out->n = device_wave_len(messages, n);
    *from = out->n ? out->positions[out->n - 1] + 1 : batch->intake.n;
}

static void close_failed(struct device_batch *batch, size_t i, const struct nr_err *why)
{
    device_intake_fail(&batch->intake, i, why, nr_rand_below(1ULL << 32));
    batch->is_closed[i] = true;
}

/* One message failed: what stands behind it in its FIFO group waits for it. */
static void fail_one(struct device_batch *batch, size_t i, const struct nr_err *why,
                     device_complain_fn complain)
{
    complain(batch, i, why);
    close_failed(batch, i, why);
    for (size_t later = i + 1; later < batch->intake.n; later++)
        if (!batch->is_closed[later] && device_intake_is_behind(&batch->intake, later, i))
            close_failed(batch, later, why);
}

static void settle_wave(struct device_batch *batch, const struct wave *wave)
{
    for (size_t i = 0; i < wave->n; i++) {
        const struct registry_item *item = wave->items[i];
        enum device_outcome outcome = item->change.outcome;

        if (!item->is_done)
            continue;
        device_intake_settle(&batch->intake, wave->positions[i], device_outcome_name(outcome),
                             item->device_id);
        batch->is_closed[wave->positions[i]] = true;
        batch->n_by_outcome[outcome]++;
    }
}

/* What the database refuses as data will be refused again: nobody waits for it. */
static void refuse_one(struct device_batch *batch, size_t i, const struct nr_err *why,
                       device_complain_fn complain)
{
    complain(batch, i, why);
    refuse(batch, i, why);
}

static void fail_rest_of_wave(struct device_batch *batch, const struct wave *wave, const struct nr_err *why,
                              device_complain_fn complain)
{
    for (size_t i = 0; i < wave->n; i++)
        if (!batch->is_closed[wave->positions[i]])
            (why->kind == NR_ERR_INVALID ? refuse_one : fail_one)(batch, wave->positions[i], why, complain);
}

void device_batch_give_back(struct device_batch *batch, const struct nr_err *why)
{
    for (size_t i = 0; i < batch->intake.n; i++)
        if (!batch->is_closed[i])
            close_failed(batch, i, why);
}

/* Returns 0, or -1 when the next wave would fare no better. */
static int apply_wave(struct device_batch *batch, const struct wave *wave, struct nr_pg *pg,
                      int64_t now_unix_ms, int64_t deadline_mono_ms, device_complain_fn complain,
                      struct nr_err *err)
{
    struct nr_err why = {0};
    int result;

    if (nr_clock_left_ms(deadline_mono_ms) < WAVE_MIN_MS)
        return nr_err_set(err, NR_ERR_DEADLINE, "Function.Timeout", "no time left for the registry");
    result = registry_apply(pg, wave->items, wave->n, now_unix_ms, deadline_mono_ms, &why);
    settle_wave(batch, wave);
    if (result == 0)
        nr_err_set(&why, NR_ERR_CONFLICT, "Function.Conflict",
                   "the registration is being changed by others again and again");
    if (result == 0 || why.kind == NR_ERR_INVALID) {
        fail_rest_of_wave(batch, wave, &why, complain);
        return 0;
    }
    *err = why;
    return -1;
}

enum nr_err_kind device_batch_apply(struct device_batch *batch, struct nr_pg *pg, int64_t now_unix_ms,
                                    int64_t deadline_mono_ms, device_complain_fn complain)
{
    struct wave *wave = calloc(1, sizeof(*wave)); /* 12 KB: not for the stack of whoever calls us */
    struct nr_err why = {0};
    size_t from = 0;
    int result =
        wave ? 0 : nr_err_set(&why, NR_ERR_UNAVAILABLE, "Function.OutOfMemory", "no memory for a wave");

    while (result == 0 && from < batch->intake.n) {
        take_wave(batch, &from, wave);
        if (wave->n)
            result = apply_wave(batch, wave, pg, now_unix_ms, deadline_mono_ms, complain, &why);
    }
    free(wave);
    if (result != 0) {
        complain(batch, SIZE_MAX, &why);
        device_batch_give_back(batch, &why);
    }
    return why.kind;
}
