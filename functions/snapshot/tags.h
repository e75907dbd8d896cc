/* tags.h - the tags that say whose a snapshot is, and for which moment.
 *
 * Is:      pure; what is written in the create call, and what is read back: ownership never comes from a
 *          name.
 * Is not:  a store: everything that a later run needs is in these tags, and nowhere else.
 * Beware:  tags given on create switch off RDS's own copying of the cluster's tags, so they are merged here.
 * Source:  Aurora User Guide, "Tagging Amazon Aurora and Amazon RDS resources": 50 tags, keys of 128
 *          characters without "aws:" or "rds:" in front, values of 256.
 */
#ifndef NARAE_SNAPSHOT_TAGS_H
#define NARAE_SNAPSHOT_TAGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <narae/view.h>

#include "functions/snapshot/rds_model.h"

/* Keys. Everything that begins with TAGS_OURS is ours; the cluster cannot give such a tag to its
 * snapshots. */
#define TAGS_OURS       "narae:"
#define TAGS_MANAGED_BY "narae:managed-by" /* value TAGS_MANAGER */
#define TAGS_POLICY     "narae:policy"     /* policy id */
#define TAGS_SLOT       "narae:slot"       /* RFC 3339, UTC: the age of the snapshot and of its copies */
#define TAGS_RESOURCE                                                                                        \
    "narae:resource" /* DbClusterResourceId; a copy in another Region has no other trace of it */
#define TAGS_COPY_OF "narae:copy-of" /* on copies: the Region of the source */
#define TAGS_VERSION "narae:version"
#define TAGS_HOLD    "narae:hold" /* set by people: not to be deleted; "false" or "no" = as if not there */
#define TAGS_HOLD_UNTIL                                                                                      \
    "narae:hold-until" /* the same until a date (2027-01-31) or time; unreadable = for ever */

#define TAGS_MANAGER "aurora_snapshot"

enum { TAGS_MAX = 50 };

/* What a snapshot's tags say; views borrow from them. */
struct tags_read {
    bool is_managed;
    struct nr_view policy, resource, copy_of; /* empty = no such tag */
    bool has_slot;
    int64_t slot_unix_ms;
    bool is_held;
};

struct tags_read tags_read(const struct rds_tags *tags, int64_t now_unix_ms);

/* The tags of a new snapshot: `own` first, then the cluster's in their order, without those of AWS and
 * without such as would pass for ours; what is over TAGS_MAX is left out. The views are borrowed from both.
 * Returns how many of the cluster's did not fit. */
size_t tags_merge(const struct rds_tag *own, size_t n_own, const struct rds_tags *cluster,
                  struct rds_tags *out);

#endif
