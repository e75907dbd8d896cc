/* topics.h - FCM's topicSubscriptions API: what to ask, and what an answer means.
 *
 * Is:      pure: a subscription in, a request out; status and body in, verdict and wait out, by one table.
 * Is not:  the transport or the job (topic_job.h), nor the older batch API (topic_iid.h).
 * Beware:  an answer without FcmError is never a verdict about a registration: it may be our project, our
 *          permission or our endpoint that is wrong.
 * Source:  Firebase, "fcmtopics REST: projects.registrations.topicSubscriptions", read November 2026; FCM's
 *          scale page for the floors.
 */
#ifndef NARAE_PUSH_TOPICS_H
#define NARAE_PUSH_TOPICS_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include <narae/buf.h>
#include <narae/err.h>
#include <narae/view.h>

enum topics_verdict {
    TOPICS_LATER = 0,       /* not now: the wait is at least the reason's floor */
    TOPICS_DONE,            /* FCM has it as it was wanted */
    TOPICS_DEAD,            /* there is no such registration (any more) */
    TOPICS_REFUSED,         /* FCM will never take this one */
    TOPICS_UNAUTHENTICATED, /* our access token */
    TOPICS_STOP             /* no further call of this invocation can succeed */
};

struct topics_answer {
    enum topics_verdict verdict;
    const char *reason; /* for the row, the log and metrics: "quota_exceeded"; "" when done */
    int64_t floor_ms;   /* of the wait, when TOPICS_LATER */
    bool is_slow;       /* FCM asks everybody to slow down: no further calls in this invocation */
    const char *advice; /* for the log; "" = none */
};

enum {
    TOPICS_PATH_MAX_BYTES = 16 * 1024, /* percent-encoding triples both parts */
    TOPICS_PER_INSTALLATION_MAX = 2000 /* FCM's limit, and its largest page */
};

/* Append the path that subscribes (PATCH) or unsubscribes (DELETE); both may be repeated without harm. */
void topics_path(const char *project_id, struct nr_view registration, struct nr_view topic,
                 struct nr_buf *out);

/* Append the path that lists a registration's subscriptions (GET). */
void topics_list_path(const char *project_id, struct nr_view registration, struct nr_buf *out);

/* Judge the answer to PATCH, DELETE or GET. body may be anything. */
struct topics_answer topics_judge(int status, struct nr_view body);

/* The judgement when no answer came. */
struct topics_answer topics_no_answer(void);

/* How long to wait before attempt number attempts + 1: doubling from the floor with full jitter above it, an
 * hour at most, never less than what FCM asked for.
 *
 * attempts        in  made so far, from 1
 * retry_after_ms  in  0 = FCM said nothing
 * random          in  uniform in [0, 2^32) */
int64_t topics_wait_ms(const struct topics_answer *answer, int64_t attempts, int64_t retry_after_ms,
                       uint64_t random);

/* Read a list: append its topic names to `names`, a JSON array of texts.
 *
 * is_whole  out  there is no further page
 * Returns 0, or -1: INVALID (not such a list). */
int topics_list_parse(struct nr_view body, json_t *names, bool *is_whole, struct nr_err *err) NR_MUST_CHECK;

#endif
