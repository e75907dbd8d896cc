/* topic_job.h - topic subscriptions carried out.
 *
 * Is:      claim, ask FCM, write down, until nothing is due or time is short; never faster than the rate.
 * Is not:  where wishes come from. Whatever is left, or dies on the way, is due again for the next invocation
 *          of push_devices or push_prune: every call may be repeated without harm.
 * Beware:  nothing is claimed that could not be answered and written down before the deadline.
 */
#ifndef NARAE_PUSH_TOPIC_JOB_H
#define NARAE_PUSH_TOPIC_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <narae/err.h>

#include "functions/push/topic_client.h"
#include "functions/push/topics.h"

/* Which rows; zero = all that are due. */
struct topic_scope {
    const int64_t *device_ids; /* only of these devices */
    size_t n_device_ids;
    size_t max_rows; /* no more than these; 0 = no limit */
};

/* What a run came to. */
struct topic_report {
    size_t n_claimed;
    size_t n_done;        /* FCM has them as they were wanted */
    size_t n_failed;      /* will never work as they are */
    size_t n_waiting;     /* due again later */
    size_t n_untouched;   /* claimed and not sent */
    size_t n_deactivated; /* devices that turned out to be dead */
    bool is_stopped;      /* FCM said something that holds for all calls */
    /* Of the answers with an advice the first, and how many there were like it. */
    struct topics_answer advised;
    size_t n_advised;
};

/* Work on what is due.
 *
 * report  out  also on failure: what was done until then
 * Returns 0, or -1: as google_token_ensure(), nr_h2_run() or nr_pg_run(); what was claimed then comes back by
 * itself. */
int topic_job_run(struct topic_client *client, const struct topic_scope *scope, int64_t deadline_mono_ms,
                  struct topic_report *report, struct nr_err *err) NR_MUST_CHECK;

#endif
