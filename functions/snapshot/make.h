/* make.h - one slot of one cluster becomes one snapshot, whatever happens on the way.
 *
 * Is:      the create call, and what follows from its faults: a taken name is looked at before it counts as
 *          success, a call without an answer is looked after before it is sent again, a failed snapshot in
 *          the way gets a neighbour ("-r2").
 * Is not:  patient: a cluster that is busy is the next attempt's business.
 */
#ifndef NARAE_SNAPSHOT_MAKE_H
#define NARAE_SNAPSHOT_MAKE_H

#include <stdbool.h>

#include <narae/err.h>

#include "functions/snapshot/agenda.h"
#include "functions/snapshot/rds.h"

enum make_result {
    MAKE_NOT_TRIED,
    MAKE_MADE,
    MAKE_EXISTED, /* verified: same cluster, policy and slot */
    MAKE_SKIPPED, /* a stopped cluster */
    MAKE_BUSY,    /* not now, but soon */
    MAKE_QUOTA,   /* no room: prune, then try again */
    MAKE_FAILED,  /* a person must act */
    MAKE_N
};

struct make_outcome {
    enum make_result result;
    char name[SLOT_NAME_MAX_BYTES + 1]; /* of the snapshot, or of the try */
    char why[256];                      /* "" where nothing is to be said */
    size_t n_tags_left_out;
};

/* Do what `create` says. *out is overwritten. */
void make_snapshot(struct rds *rds, const struct agenda_create *create, struct make_outcome *out);

/* "created", "existed", "busy" ... */
const char *make_result_name(enum make_result result);

#endif
