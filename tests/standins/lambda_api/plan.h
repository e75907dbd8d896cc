/* plan.h - how one request is answered.
 *
 * Is:      the words that a script may use for a reply, as a struct; and the sending of it.
 * Is not:  what decides which plan applies (script does).
 */
#ifndef NARAE_LAMBDA_API_PLAN_H
#define NARAE_LAMBDA_API_PLAN_H

#include "wire.h"

enum plan_then { PLAN_KEEP, PLAN_CLOSE, PLAN_RESET, PLAN_HANG };

struct plan {
    int status;
    struct nr_view body; /* borrowed from the script */
    json_t *headers;     /* name: text, texts (one line each) or number (so many "a"); borrowed */
    int (*letter)(int);  /* what becomes of each letter of their names; NULL = as they are */
    struct nr_view raw;  /* the whole reply, byte for byte, instead; ptr NULL = none */
    int chunk_bytes;     /* > 0: chunked, in chunks of this size */
    int split_bytes;     /* > 0: written in pieces of this size */
    int stall_ms;        /* wait before the first byte */
    int cut_bytes;       /* >= 0: only so many bytes of the reply leave */
    bool is_early;       /* reply after the request's head, and never read its body */
    bool is_close_said;  /* with the header "Connection: close" */
    bool
        is_silent; /* no reply, until the other side closes or the server ends; others are served meanwhile */
    enum plan_then then;
};

/* Lay the script's words over a plan. behaviour: an object or NULL; borrowed as long as the plan is used.
 * Returns 0, or -1: INVALID, naming the word. */
int plan_apply(struct plan *plan, json_t *behaviour, struct nr_err *err) NR_MUST_CHECK;

/* Send the reply and leave the connection as the plan says: wire->fd is -1 when it is closed. */
void plan_carry_out(const struct plan *plan, struct wire *wire);

#endif
