/* policy.h - what a team wants: which clusters, how often a slot is, what is kept, where copies go.
 *
 * Is:      pure; one JSON document -> checked policies. Every error names the member:
 *          "policies[0].keep.daily: ...".
 * Is not:  the selection itself (select.h) nor the judgement over snapshots (cull.h).
 * Beware:  policies borrow from the document that the set owns. dry_run is true unless the document says
 *          false: until then snapshots are made and nothing is deleted.
 */
#ifndef NARAE_SNAPSHOT_POLICY_H
#define NARAE_SNAPSHOT_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include <narae/attr.h>
#include <narae/err.h>
#include <narae/view.h>

#include "functions/snapshot/retention.h"
#include "functions/snapshot/zone.h"

enum {
    POLICY_MAX = 20,
    POLICY_ID_MAX_BYTES = 32,
    POLICY_PATTERN_MAX = 200,
    POLICY_ACCOUNT_MAX = 20, /* RDS shares a snapshot with at most 20 accounts */
    POLICY_ALL = -1,
};

/* Numbers of a policy. Hours and days are 3,600 and 86,400 seconds. */
struct policy_limits {
    int64_t slot_minutes;    /* slots start at multiples of it, from midnight UTC */
    int64_t min_keep;        /* good snapshots of a cluster that stay whatever the rules say; at least 1 */
    int64_t max_stale_hours; /* nothing is deleted when the newest good one is older */
    int64_t max_delete_per_cluster; /* in one run */
    int64_t max_delete_per_run;
    int64_t max_event_age_hours; /* an older trigger is refused: its slot is over */
    int64_t stuck_hours;         /* a snapshot that is being made for longer is reported as stuck */
    int64_t orphan_keep_last;    /* of a deleted cluster; POLICY_ALL = all */
    int64_t orphan_keep_days;    /* and all that are younger; 0 = no such rule */
};

struct policy_clusters {
    const json_t *ids;     /* array of patterns with * and ?; NULL = any */
    const json_t *exclude; /* the same; NULL = none */
    const json_t *tags;    /* object of texts, all of which the cluster must have; NULL = any */
};

struct policy_copy {
    bool is_wanted;
    struct nr_view region;
    struct nr_view kms_key; /* of that Region; empty = the source is not encrypted */
    struct retention_policy keep;
};

struct policy {
    struct nr_view id;     /* lower-case letters, digits, hyphens */
    struct nr_view prefix; /* of names */
    struct policy_clusters clusters;
    struct zone zone; /* of calendar rules */
    struct retention_policy keep;
    struct policy_limits limits;
    struct policy_copy copy;
    const json_t *accounts; /* array of account ids to share with; NULL = none */
    bool is_dry_run;
    bool is_stopped_failure; /* is a cluster that is stopped a failure, and not merely skipped? */
};

struct policy_set {
    json_t *doc; /* owned */
    struct policy *items;
    size_t n;
};

/* Read a document: {"policies": [...]} or one policy alone.
 *
 * what  in   the document's name in errors about its JSON: "NARAE_SNAPSHOT_POLICY"
 * out   out  the caller's, policy_set_done()
 * Returns 0, or -1: INVALID, Function.InvalidJson or Function.InvalidSetting; UNAVAILABLE (memory). */
int policy_set_parse(struct nr_view text, const char *what, struct policy_set *out,
                     struct nr_err *err) NR_MUST_CHECK;

/* Accepts a zeroed set. */
void policy_set_done(struct policy_set *set);

/* NULL when there is none of this id. */
const struct policy *policy_find(const struct policy_set *set, struct nr_view id);

/* Manual snapshots that a policy will hold for so many clusters once its rules are full, at most;
 * RETENTION_UNLIMITED when that has no bound. */
int64_t policy_forecast(const struct policy *policy, size_t n_clusters);

#endif
