/* plan.h - which requests a batch becomes.
 *
 * Is:      pure: messages and the sends claimed for them -> requests, each with its body in pieces.
 * Is not:  a queue; nothing is sent here.
 * Beware:  a send borrows from its message's body and from the rows that the devices came from. A message is
 *          written as JSON once, however many devices get it; the registration lies between two shared
 *          pieces.
 */
#ifndef NARAE_PUSH_PLAN_H
#define NARAE_PUSH_PLAN_H

#include <stddef.h>
#include <stdint.h>

#include <narae/buf.h>
#include <narae/err.h>
#include <narae/view.h>

#include "functions/push/event.h"

enum plan_platform { PLAN_ANDROID, PLAN_IOS, PLAN_WEB, PLAN_ANY };

/* A send that is ours, as the store claimed it; borrowed from its rows. */
struct plan_device {
    size_t message;    /* index into the batch's messages */
    int64_t device_id; /* 0 = the message's topic or condition: what follows is unset */
    int64_t version;
    bool is_fid;                 /* else a token */
    struct nr_view registration; /* as a JSON string, quotes included */
    enum plan_platform platform;
    int attempts;   /* this one included */
    int64_t age_ms; /* since the first claim */
};

enum { PLAN_BODY_PARTS = 3 };

/* One request. */
struct plan_send {
    size_t message;
    int64_t device_id; /* 0 for a topic or condition */
    int64_t version;
    enum plan_platform platform;
    int attempts;
    int64_t age_ms;
    struct nr_view body[PLAN_BODY_PARTS];
};

struct plan {
    struct plan_send *sends; /* owned */
    size_t n_sends;
    struct nr_buf *tails; /* owned: for each message, what its sends share */
    size_t n_messages;
};

/* Make the plan.
 *
 * messages  in   borrowed for the plan's life; those with is_skipped[i] are left out
 * devices   in   one for each send; borrowed for the plan's life
 * out       out  the caller's, plan_done()
 * Returns 0, or -1: UNAVAILABLE (memory). */
int plan_make(const struct push_message *messages, const bool *is_skipped, size_t n_messages,
              const struct plan_device *devices, size_t n_devices, struct plan *out,
              struct nr_err *err) NR_MUST_CHECK;

/* Accepts a zeroed plan. */
void plan_done(struct plan *plan);

#endif
