/* agenda.h - what a run does: which snapshots it makes under which names, and which it lets go.
 *
 * Is:      pure; inventory + policies + slot -> creates and judged groups. What `plan` mode prints is what a
 *          run executes.
 * Is not:  calls.
 * Beware:  borrows from the inventory, the copies' inventory and the policies; all must outlive it.
 */
#ifndef NARAE_SNAPSHOT_AGENDA_H
#define NARAE_SNAPSHOT_AGENDA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <narae/attr.h>
#include <narae/err.h>

#include "functions/snapshot/cull.h"
#include "functions/snapshot/inventory.h"
#include "functions/snapshot/slot.h"

enum agenda_what {
    AGENDA_CREATE,
    AGENDA_EXISTS,  /* the slot has its snapshot */
    AGENDA_STOPPED, /* a stopped cluster has no snapshots made; up to seven days */
    AGENDA_GOING,   /* being deleted */
    AGENDA_USED_UP  /* nine tries for one slot have failed */
};

/* One cluster that one policy means. */
struct agenda_create {
    const struct policy *policy;
    const struct rds_cluster *cluster;
    const struct inventory_group *group; /* NULL = no snapshot yet */
    enum agenda_what what;
    int64_t slot_unix_s;
    int n_failed; /* snapshots of the slot that have failed */
    char name[SLOT_NAME_MAX_BYTES + 1];
};

/* One group and a judgement for each of its snapshots. */
struct agenda_group {
    const struct inventory_group *group;
    const struct rds_cluster *cluster; /* NULL = an orphan */
    struct cull_item *items;           /* group->n of them, as in the inventory; a part of agenda.items */
};

/* What is decided about one Region's snapshots, and what speaks against deletions there. */
struct agenda_asked {
    const struct inventory *home;
    const struct inventory
        *copies; /* where copies go; NULL = not looked at (no policy wants one, or it could not be listed) */
    bool is_home_whole; /* every page of clusters and snapshots was read */
    bool is_clock_right;
    struct nr_view policy;  /* only this one; empty = all */
    struct nr_view cluster; /* only this one, by id; empty = all */
    int64_t scheduled_unix_s;
};

struct agenda {
    struct agenda_create *creates;
    size_t n_creates;
    struct agenda_group *groups;
    size_t n_groups;
    struct cull_item *items;
};

/* Returns 0, or -1: NOT_FOUND, Function.UnknownPolicy (policy), UNAVAILABLE (memory). *out is the caller's,
 * agenda_done(). */
int agenda_make(const struct agenda_asked *asked, struct agenda *out, struct nr_err *err) NR_MUST_CHECK;

/* The same for the Region of copies: only groups, by the copies' own rules of each policy. */
int agenda_make_copies(const struct agenda_asked *asked, struct agenda *out,
                       struct nr_err *err) NR_MUST_CHECK;

/* Accepts a zeroed agenda. */
void agenda_done(struct agenda *agenda);

/* "create", "exists" ... */
const char *agenda_what_name(enum agenda_what what);

#endif
