/* script.h - which reply is due: the order of calls, and what the script says about each.
 *
 * Is:      the state machine of the Runtime API for one sandbox, and the list of events.
 * Is not:  anything that reads or writes a socket.
 */
#ifndef NARAE_LAMBDA_API_SCRIPT_H
#define NARAE_LAMBDA_API_SCRIPT_H

#include "plan.h"

enum script_state { SCRIPT_STARTED, SCRIPT_RUNNING, SCRIPT_ANSWERED, SCRIPT_INIT_FAILED, SCRIPT_ENDED };

struct script {
    json_t *root; /* owned */
    json_t *steps;
    int64_t timeout_ms;
    enum script_state state;
    size_t n_step;       /* the step being run, or to be run */
    size_t n_time;       /* how often it was begun; a step is run `times` times */
    size_t n_event;      /* invocations so far: makes request ids */
    size_t used[7];      /* behaviours used up of this step, by call */
    json_t *headers;     /* of the event under way; owned */
    struct nr_buf event; /* its bytes */
    size_t concurrency;  /* invocations at a time; 0 = an ordinary sandbox: one, and calls in order */
    json_t *outstanding; /* of several: request id -> headers; owned */
    bool is_registered;  /* an extension is there ... */
    bool is_waiting;     /* ... and waits for events, without which init does not end */
};

/* Read and check a script. Returns 0, or -1: INVALID. script_done() in either case. */
int script_init(struct script *script, const char *json, struct nr_err *err) NR_MUST_CHECK;
void script_done(struct script *script);

/* What to reply to a request of which the head is known; moves the state. 0; 1 = nothing yet, ask again when
 * something else has happened; -1: INVALID (a word in the script). */
int script_decide(struct script *script, const struct wire_request *request, struct plan *out,
                  struct nr_err *err) NR_MUST_CHECK;

/* The reply that was decided on has left. */
void script_carried_out(struct script *script, const struct wire_request *request);

/* Are the requests of the step under way kept out of the journal? */
bool script_is_quiet(const struct script *script);

#endif
