/* retention.h - which snapshots a retention policy keeps, and by which of its rules.
 *
 * Is:      pure; restic's semantics: each snapshot, newest first, is offered to every rule; rules count on
 *          their own, empty periods count nothing, and the oldest snapshot is kept while a rule has count
 *          left.
 * Is not:  leave to delete: what no rule keeps is a candidate, and cull.h decides.
 * Beware:  borg and Proxmox Backup Server keep other sets with the same numbers.
 * Source:  restic, "Removing snapshots according to a policy"; written from the description, checked against
 *          restic's own published cases (tests/unit/functions/snapshot/restic_cases.json).
 */
#ifndef NARAE_SNAPSHOT_RETENTION_H
#define NARAE_SNAPSHOT_RETENTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <narae/buf.h>
#include <narae/view.h>

#include "functions/snapshot/zone.h"

/* Calendar periods, in the order of restic's own list. */
enum retention_period {
    RETENTION_LAST,
    RETENTION_HOURLY,
    RETENTION_DAILY,
    RETENTION_WEEKLY,
    RETENTION_MONTHLY,
    RETENTION_YEARLY,
    RETENTION_N_PERIODS
};

enum { RETENTION_UNLIMITED = -1 };

/* A calendar span; all zero = none. */
struct retention_span {
    int years, months, days, hours;
};

struct retention_policy {
    int keep[RETENTION_N_PERIODS]; /* how many; 0 = rule off, RETENTION_UNLIMITED = all */
    /* [RETENTION_LAST]: everything this much older than the newest, or less; the others: one of each period
     * in the span */
    struct retention_span within[RETENTION_N_PERIODS];
};

/* Why one is kept. */
struct retention_reason {
    uint32_t by_keep;                  /* bit 1 << period for each rule that keeps it */
    uint32_t by_within;                /* the same for within[] */
    uint32_t as_oldest;                /* rules of by_keep that keep it only for being the oldest */
    uint16_t nth[RETENTION_N_PERIODS]; /* the how-manieth of the rule, from 1 */
};

struct retention_item {
    int64_t unix_ms;                /* age base */
    struct nr_view id;              /* breaks ties, so that a plan repeats */
    size_t index;                   /* the caller's; carried through the sort */
    struct retention_reason reason; /* out */
};

/* Sort newest first and write each item's reason. Items must not lie in the future. */
void retention_apply(const struct retention_policy *policy, const struct zone *zone,
                     struct retention_item *items, size_t n);

bool retention_is_kept(const struct retention_reason *reason);

/* Does the policy keep anything at all? */
bool retention_is_empty(const struct retention_policy *policy);

/* An upper bound of what it keeps of one cluster; RETENTION_UNLIMITED when it has none (unlimited, or
 * within). */
int retention_most(const struct retention_policy *policy);

/* "daily #3, weekly #1, yearly #1 (oldest), within" */
void retention_reason_text(const struct retention_reason *reason, struct nr_buf *out);

/* "1y2m3d4h" in this order, each part optional, at least one, each 0 to 9999. False for anything else. */
bool retention_span_parse(struct nr_view text, struct retention_span *out);

#endif
