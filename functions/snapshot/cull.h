/* cull.h - which snapshots of one cluster may be deleted now, and why each of the others stays.
 *
 * Is:      pure; the last word before a deletion: retention rules first, then everything that speaks against
 *          it.
 * Is not:  the deletion; a dry run and a real one get the same words.
 * Beware:  the snapshots given must be one group: of one policy and one cluster resource (not: of one cluster
 *          name).
 */
#ifndef NARAE_SNAPSHOT_CULL_H
#define NARAE_SNAPSHOT_CULL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <narae/attr.h>
#include <narae/buf.h>
#include <narae/err.h>

#include "functions/snapshot/policy.h"
#include "functions/snapshot/rds_model.h"
#include "functions/snapshot/retention.h"

/* A clock that is this far from AWS's is wrong, and so is a snapshot from so far in the future. */
enum { CULL_SKEW_MAX_MS = 5 * 60 * 1000 };

enum cull_why {
    CULL_NONE,
    /* it stays */
    CULL_BY_RULE,
    CULL_HELD,
    CULL_NEWEST, /* the newest good one is never deleted */
    CULL_MIN_KEEP,
    CULL_NOT_AVAILABLE, /* being made, failed, or in a state that we do not know */
    CULL_FUTURE,
    CULL_COPY_AWAITED,
    CULL_ORPHAN_KEPT,
    /* it would go, but the whole group stays */
    CULL_STALE,
    CULL_LISTING_CUT,
    CULL_CLOCK_WRONG,
    CULL_UNSELECTED, /* the cluster is there, but the policy does not mean it any more */
    CULL_CAPPED,
    /* it goes */
    CULL_EXPIRED,
    CULL_ORPHAN_EXPIRED,
    CULL_N
};

struct cull_item {
    struct nr_view id;
    int64_t age_unix_ms; /* slot, or creation time where there is none */
    enum rds_state state;
    bool is_held;
    bool is_copy_awaited;            /* it is wanted elsewhere and not there yet */
    enum cull_why why;               /* out */
    struct retention_reason kept_by; /* out, of CULL_BY_RULE */
};

struct cull_case {
    const struct retention_policy *keep;
    const struct policy_limits *limits;
    const struct zone *zone;
    int64_t now_unix_ms;
    enum cull_why suspended;   /* CULL_NONE, or one of LISTING_CUT, CLOCK_WRONG, UNSELECTED */
    bool is_orphan;            /* a whole listing of clusters is without this one */
    int64_t *run_deletes_left; /* lowered by each deletion */
};

/* Write why and kept_by of each item; their order stays. Returns 0, or -1: UNAVAILABLE (memory), and then no
 * item may be deleted. */
int cull_decide(const struct cull_case *what, struct cull_item *items, size_t n,
                struct nr_err *err) NR_MUST_CHECK;

/* Is this the word for a deletion? */
bool cull_is_delete(enum cull_why why);

/* The item's reason in words: "daily #3, weekly #1", "no rule keeps it". */
void cull_why_text(const struct cull_item *item, struct nr_buf *out);

#endif
