#include <narae/clock.h>

#include "layer/io/h2_settle.h"

enum {
    RESUBMISSIONS_MAX = 3,
    /* A server that refuses so many requests in a row, each to the end, will refuse the next one too. */
    GIVEN_UP_MAX = 100,
    /* So many connections in a row that carried requests and answered none: stop feeding them. */
    BARREN_MAX = 4,
    BODY_KEEP_BYTES = 4096 /* memory a spare slot may hold on to */
};

static void leave_conn(struct h2_slot *slot)
{
    if (!slot->conn)
        return;
    h2_slot_remove(&slot->conn->slots, slot);
    slot->conn->n_active--;
    slot->conn = NULL;
    slot->stream_id = 0;
}

static void finish(struct nr_h2 *h2, struct h2_slot *slot, const struct nr_h2_reply *reply)
{
    leave_conn(slot);
    h2->work->done(h2->work->ctx, reply);
    nr_buf_shrink(&slot->body, BODY_KEEP_BYTES);
    h2_slot_prepend(&h2->spare, slot); /* the warmest one is used next */
}

static void finish_failed(struct nr_h2 *h2, struct h2_slot *slot, enum nr_h2_fate fate,
                          const struct nr_err *why)
{
    const struct nr_h2_reply reply = {.tag = slot->request.tag, .fate = fate, .err = why};

    finish(h2, slot, &reply);
}

void h2_settle_answer(struct nr_h2 *h2, struct h2_slot *slot)
{
    const struct nr_h2_reply reply = {.tag = slot->request.tag,
                                      .fate = NR_H2_ANSWERED,
                                      .status = slot->status,
                                      .body = nr_buf_view(&slot->body),
                                      .retry_after = nr_view(slot->retry_after),
                                      .date = nr_view(slot->date),
                                      .latency_us = nr_clock_mono_us() - slot->started_us};

    slot->conn->has_answered = true;
    h2->n_barren = 0;
    h2->n_given_up = 0;
    finish(h2, slot, &reply);
}

void h2_settle_unsent(struct nr_h2 *h2, struct h2_slot *slot, const struct nr_err *why)
{
    finish_failed(h2, slot, NR_H2_NOT_PROCESSED, why);
}

/* What a connection that lives on has taken will leave, even if nothing of it could until now. */
void h2_settle_failed(struct nr_h2 *h2, struct h2_slot *slot, const struct nr_err *why)
{
    finish_failed(h2, slot, slot->conn && slot->is_framed ? NR_H2_MAYBE : NR_H2_NOT_PROCESSED, why);
}

void h2_settle_unprocessed(struct nr_h2 *h2, struct h2_slot *slot, const struct nr_err *why)
{
    struct nr_err stop = *why;

    if (h2_is_stopped(h2)) {
        h2_settle_unsent(h2, slot, why);
        return;
    }
    if (slot->n_submitted <= RESUBMISSIONS_MAX) {
        leave_conn(slot);
        h2_slot_append(&h2->waiting, slot);
        return;
    }
    h2_settle_unsent(h2, slot, why);
    if (++h2->n_given_up < GIVEN_UP_MAX)
        return;
    nr_err_context(&stop, "%d requests in a row were refused", GIVEN_UP_MAX);
    h2_stop(h2, &stop);
}

void h2_settle_lost(struct nr_h2 *h2, struct h2_conn *conn, const struct nr_err *why)
{
    bool is_barren = conn->has_carried && !conn->has_answered;
    struct h2_slot *slot;

    while ((slot = conn->slots.first)) {
        if (h2_conn_has_sent(conn, slot))
            h2_settle_failed(h2, slot, why);
        else
            h2_settle_unprocessed(h2, slot, why);
    }
    h2_conn_close(conn);
    if (!is_barren || ++h2->n_barren < BARREN_MAX)
        return;
    struct nr_err stop = *why;
    nr_err_context(&stop, "%d connections in a row answered nothing", BARREN_MAX);
    h2_stop(h2, &stop);
}
