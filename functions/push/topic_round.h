/* topic_round.h - one round of calls to FCM about topics.
 *
 * Is:      claimed rows in, what FCM said about each of them out; a refused token is renewed once.
 * Is not:  what follows from it (topic_job.h).
 * Beware:  after topic_round_run(), whatever it returns, an ending that is not sent was certainly not
 *          processed.
 */
#ifndef NARAE_PUSH_TOPIC_ROUND_H
#define NARAE_PUSH_TOPIC_ROUND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <narae/err.h>

#include "functions/push/topic_calls.h"
#include "functions/push/topic_client.h"
#include "functions/push/topics.h"

/* What became of a row. */
struct topic_ending {
    struct topics_answer answer;
    int64_t retry_after_ms; /* 0 = FCM said nothing */
    bool is_sent;
};

struct topic_round {
    struct topic_client *client; /* borrowed */
    struct topic_calls calls;
    struct topic_ending *endings; /* of the rows, as calls.order has them; owned */
    size_t n_rows;
    bool is_iid;     /* the calls of this pass */
    bool is_stopped; /* an answer holds for all calls: none is made any more */
    size_t at;
};

/* Prepare the calls. rows are borrowed. Returns 0, or -1: UNAVAILABLE (memory). */
int topic_round_init(struct topic_round *round, struct topic_client *client, const struct topic_row *rows,
                     size_t n_rows, struct nr_err *err) NR_MUST_CHECK;

/* Make them. Returns 0, or -1 as google_token_ensure() or nr_h2_run(): some are not sent. */
int topic_round_run(struct topic_round *round, int64_t deadline_mono_ms, struct nr_err *err) NR_MUST_CHECK;

/* Accepts a zeroed round. */
void topic_round_done(struct topic_round *round);

#endif
