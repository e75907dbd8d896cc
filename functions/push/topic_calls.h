/* topic_calls.h - which requests claimed topic rows become.
 *
 * Is:      pure: one request a row (topics.h), or one for up to 1,000 tokens of a topic (topic_iid.h).
 * Beware:  views of a call borrow from the calls' own text and from the rows.
 */
#ifndef NARAE_PUSH_TOPIC_CALLS_H
#define NARAE_PUSH_TOPIC_CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <narae/buf.h>
#include <narae/err.h>
#include <narae/view.h>

/* A subscription to work on, as the store claimed it; borrowed from its rows. */
struct topic_row {
    int64_t device_id;
    struct nr_view topic;
    bool is_wanted; /* to be subscribed; else to be unsubscribed */
    int64_t wish;
    int64_t attempts; /* this one included */
    int64_t version;  /* of the device */
    bool is_fid;
    struct nr_view registration;
};

struct topic_call {
    bool is_iid;
    struct nr_view method, path, body;
    size_t first, n; /* the rows it is about: order[first] ... */
};

struct topic_calls {
    struct topic_call *items; /* owned */
    size_t n;
    const struct topic_row **order; /* owned; the rows, those of one call side by side */
    struct nr_buf text;             /* owned; paths and bodies */
};

/* Make the calls.
 *
 * rows     in   borrowed for the calls' life
 * use_iid  in   tokens by the batch API; fids by the other in any case
 * out      out  the caller's, topic_calls_done()
 * Returns 0, or -1: UNAVAILABLE (memory). */
int topic_calls_make(const struct topic_row *rows, size_t n_rows, const char *project_id, bool use_iid,
                     struct topic_calls *out, struct nr_err *err) NR_MUST_CHECK;

/* Accepts a zeroed value. */
void topic_calls_done(struct topic_calls *calls);

#endif
