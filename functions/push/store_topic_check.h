/* store_topic_check.h - topic subscriptions compared with what FCM has, every SQL as a named function.
 *
 * Is:      which devices are due, and what follows from FCM's list for their rows.
 * Is not:  the list itself (topics.h) or its way here (topic_check.h).
 */
#ifndef NARAE_PUSH_STORE_TOPIC_CHECK_H
#define NARAE_PUSH_STORE_TOPIC_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include <narae/err.h>
#include <narae/pg.h>

/* A device whose subscriptions have not been compared with FCM's for a while. */
struct topic_device {
    int64_t device_id;
    int64_t version;
    struct nr_view registration;
};

struct topic_devices {
    struct topic_device *items; /* owned */
    size_t n;
    struct nr_pg_rows *rows; /* owned */
};

/* Up to `limit` active devices with wishes that were last compared over `after_days` ago, marked as compared
 * now so that nobody else takes them.
 *
 * out  out  the caller's, topic_devices_done()
 * Returns 0, or -1 as nr_pg_run(). */
int store_topics_unchecked(struct nr_pg *pg, size_t limit, int64_t after_days, int64_t deadline_mono_ms,
                           struct topic_devices *out, struct nr_err *err) NR_MUST_CHECK;

/* Nothing could be learned of these: they are due again in a day. Returns 0, or -1 as nr_pg_run(). */
int store_topics_postpone(struct nr_pg *pg, const int64_t *device_ids, size_t n_device_ids,
                          int64_t after_days, int64_t deadline_mono_ms, struct nr_err *err) NR_MUST_CHECK;

/* Accepts a zeroed value. */
void topic_devices_done(struct topic_devices *devices);

/* Compare: what should be there and is not becomes wanted again, what should be gone and is there is removed
 * again. Topics that nobody told us about (subscribed by the client itself) are left alone.
 *
 * topics     in   names that FCM listed
 * is_whole   in   false: the list has more pages, so that nothing follows from a name that is missing
 * since_ms   in   how long ago the list was asked for: what was settled since then is not judged by it
 * n_changed  out  rows that became due
 * Returns 0, or -1 as nr_pg_run(). */
int store_topics_compare(struct nr_pg *pg, int64_t device_id, const json_t *topics, bool is_whole,
                         int64_t since_ms, int64_t deadline_mono_ms, size_t *n_changed,
                         struct nr_err *err) NR_MUST_CHECK;

#endif
