#include <stdlib.h>

#include "functions/snapshot/cull.h"

enum { HOUR_MS = 3600 * 1000 };

/* Indexed by enum cull_why. */
static const char *const words[CULL_N] = {
    [CULL_NONE] = "not looked at",
    [CULL_BY_RULE] = "", /* the rule says it better */
    [CULL_HELD] = "held by its tags",
    [CULL_NEWEST] = "the newest good one",
    [CULL_MIN_KEEP] = "min_keep",
    [CULL_NOT_AVAILABLE] = "not available",
    [CULL_FUTURE] = "dated in the future",
    [CULL_COPY_AWAITED] = "its copy is not there yet",
    [CULL_ORPHAN_KEPT] = "its cluster is gone",
    [CULL_STALE] = "the newest good one is older than max_stale_hours",
    [CULL_LISTING_CUT] = "not everything could be listed",
    [CULL_CLOCK_WRONG] = "the clocks here and at AWS differ",
    [CULL_UNSELECTED] = "the policy does not select its cluster",
    [CULL_CAPPED] = "over the deletions of one run",
    [CULL_EXPIRED] = "no rule keeps it",
    [CULL_ORPHAN_EXPIRED] = "its cluster is gone, and orphan rules do not keep it",
};

bool cull_is_delete(enum cull_why why)
{
    return why == CULL_EXPIRED || why == CULL_ORPHAN_EXPIRED;
}

void cull_why_text(const struct cull_item *item, struct nr_buf *out)
{
    if (item->why == CULL_BY_RULE)
        retention_reason_text(&item->kept_by, out);
    else
        nr_buf_add_text(out, words[item->why]);
}

/* What does not count and cannot go; CULL_NONE for a good one. */
static enum cull_why outside(const struct cull_case *what, const struct cull_item *item)
{
    if (item->state != RDS_AVAILABLE)
        return CULL_NOT_AVAILABLE;
    return item->age_unix_ms > what->now_unix_ms + CULL_SKEW_MAX_MS ? CULL_FUTURE : CULL_NONE;
}

/* Is one of a deleted cluster, at this place from the newest, to stay? */
static bool is_orphan_kept(const struct cull_case *what, const struct retention_item *at, size_t position)
{
    const struct policy_limits *limits = what->limits;
    int64_t age_ms = what->now_unix_ms - at->unix_ms;

    if (limits->orphan_keep_last == POLICY_ALL && !limits->orphan_keep_days)
        return true;
    return (int64_t)position < limits->orphan_keep_last || age_ms < limits->orphan_keep_days * 24 * HOUR_MS;
}

/* What one good snapshot says by itself; CULL_EXPIRED and CULL_ORPHAN_EXPIRED are candidates yet. */
static enum cull_why judge(const struct cull_case *what, const struct cull_item *item,
                           const struct retention_item *at, size_t position)
{
    if (item->is_held)
        return CULL_HELD;
    if (!what->is_orphan && retention_is_kept(&at->reason))
        return CULL_BY_RULE;
    if (position == 0)
        return CULL_NEWEST;
    if (what->is_orphan && is_orphan_kept(what, at, position))
        return CULL_ORPHAN_KEPT;
    if (item->is_copy_awaited)
        return CULL_COPY_AWAITED;
    return what->is_orphan ? CULL_ORPHAN_EXPIRED : CULL_EXPIRED;
}

/* What speaks against every deletion of the group. A cluster that is gone never gets a newer snapshot. */
static enum cull_why group_guard(const struct cull_case *what, const struct retention_item *newest)
{
    if (what->suspended != CULL_NONE)
        return what->suspended;
    if (!what->is_orphan && what->now_unix_ms - newest->unix_ms > what->limits->max_stale_hours * HOUR_MS)
        return CULL_STALE;
    return CULL_NONE;
}

/* Let candidates go from the oldest on, as far as floor and caps allow. */
static void spend(const struct cull_case *what, struct cull_item *items, const struct retention_item *good,
                  size_t n)
{
    int64_t left = (int64_t)n;
    int64_t cap = what->limits->max_delete_per_cluster;

    for (size_t i = n; i-- > 0;) {
        struct cull_item *item = &items[good[i].index];

        if (!cull_is_delete(item->why))
            continue;
        if (left <= what->limits->min_keep) {
            item->why = CULL_MIN_KEEP;
        } else if (cap == 0 || *what->run_deletes_left <= 0) {
            item->why = CULL_CAPPED;
        } else {
            left--;
            cap--;
            (*what->run_deletes_left)--;
        }
    }
}

static void decide(const struct cull_case *what, struct cull_item *items, struct retention_item *good,
                   size_t n)
{
    enum cull_why guard;

    if (n == 0)
        return;
    retention_apply(what->keep, what->zone, good, n);
    guard = group_guard(what, &good[0]);
    for (size_t i = 0; i < n; i++) {
        struct cull_item *item = &items[good[i].index];

        item->kept_by = good[i].reason;
        item->why = judge(what, item, &good[i], i);
        if (guard != CULL_NONE && cull_is_delete(item->why))
            item->why = guard;
    }
    spend(what, items, good, n);
}

int cull_decide(const struct cull_case *what, struct cull_item *items, size_t n, struct nr_err *err)
{
    struct retention_item *good = calloc(n + 1, sizeof(*good));
    size_t n_good = 0;

    for (size_t i = 0; i < n; i++) {
        items[i].why = outside(what, &items[i]);
        if (good && items[i].why == CULL_NONE)
            good[n_good++] =
                (struct retention_item){.unix_ms = items[i].age_unix_ms, .id = items[i].id, .index = i};
    }
    if (!good)
        return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.OutOfMemory", "no memory to judge %zu snapshots",
                          n);
    decide(what, items, good, n_good);
    free(good);
    return 0;
}
