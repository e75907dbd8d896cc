#include <stdlib.h>

#include <narae/clock.h>

#include "layer/io/h2_feed.h"
#include "layer/io/h2_settle.h"

static bool is_sendable(const struct nr_h2_request *request)
{
    return request->method.len > 0 && request->path.len > 0 && request->path.ptr[0] == '/' &&
           request->n_headers <= NR_H2_HEADERS_MAX;
}

static struct h2_slot *spare_slot(struct nr_h2 *h2)
{
    struct h2_slot *slot = h2_slot_take(&h2->spare);
    struct nr_err why = {0};

    if (slot || (slot = calloc(1, sizeof(*slot)))) {
        slot->n_submitted = 0;
        slot->request = (struct nr_h2_request){0};
        nr_buf_reset(&slot->body);
        slot->body.max_bytes = h2->options.reply_max_bytes;
        return slot;
    }
    nr_err_set(&why, NR_ERR_UNAVAILABLE, "Function.OutOfMemory", "no memory for an HTTP/2 request");
    h2_stop(h2, &why);
    return NULL;
}

/* One request from the caller onto the waiting list. False when there is none. */
static bool take_one(struct nr_h2 *h2)
{
    struct h2_slot *slot = spare_slot(h2);
    struct nr_err why = {0};
    int said;

    if (!slot)
        return false;
    said = h2->work->next(h2->work->ctx, &slot->request);
    if (said != NR_H2_TAKE) {
        h2->is_exhausted = said == NR_H2_NO_MORE;
        h2->ask_mono_ms = slot->request.later_mono_ms;
        h2_slot_prepend(&h2->spare, slot);
        return false;
    }
    h2->stats.requests++;
    if (is_sendable(&slot->request)) {
        h2_slot_append(&h2->waiting, slot);
        return true;
    }
    nr_err_set(&why, NR_ERR_BUG, NULL, "a request needs a method, a path and at most %d headers",
               NR_H2_HEADERS_MAX);
    h2_settle_unsent(h2, slot, &why);
    return true;
}

/* Has next() said that it has nothing yet? */
static bool is_early(struct nr_h2 *h2)
{
    if (h2->ask_mono_ms > nr_clock_mono_ms())
        return true;
    h2->ask_mono_ms = 0;
    return false;
}

bool h2_feed(struct nr_h2 *h2)
{
    while (!h2->waiting.first && !h2->is_exhausted && !h2_is_stopped(h2))
        if ((h2->ask_mono_ms && is_early(h2)) || !take_one(h2))
            return false;
    return h2->waiting.first != NULL;
}
