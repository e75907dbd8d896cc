#include <stdlib.h>

#include <narae/clock.h>

#include "functions/snapshot/run.h"

enum {
    REPLY_RESERVE_MS = 5 * 1000, /* kept free for the report, and for one call that does not answer at once */
    REPORT_RESERVE_MS = 1000,    /* of it for the report alone: a call that never answers ends before */
};

static bool has_time(const struct run *run)
{
    return nr_clock_left_ms(run->deadline_mono_ms) > REPLY_RESERVE_MS;
}

static int64_t call_deadline(const struct run *run)
{
    return run->deadline_mono_ms == NR_CLOCK_NEVER_MS ? NR_CLOCK_NEVER_MS
                                                      : run->deadline_mono_ms - REPORT_RESERVE_MS;
}

bool run_is_dry(const struct run *run, const struct policy *policy)
{
    return policy->is_dry_run || run->trigger->is_dry_run;
}

static bool is_asked(const struct run *run, const struct policy *policy)
{
    return !run->trigger->policy.len || nr_view_is(run->trigger->policy, policy->id);
}

/* --- look ----------------------------------------------------------------------------------------------- */

/* Policies copy to one Region (policy.h sees to it). */
static const char *copy_region(const struct run *run)
{
    for (size_t i = 0; i < run->policies->n; i++)
        if (run->policies->items[i].copy.is_wanted && is_asked(run, &run->policies->items[i]))
            return run->policies->items[i].copy.region.ptr;
    return NULL;
}

static void look_home(struct run *run)
{
    struct run_place *home = &run->home;

    home->is_whole =
        rds_list_snapshots(&home->rds, inventory_add_snapshot, &home->inventory, &home->why_not) == 0 &&
        !home->inventory.is_bad;
}

static void look_away(struct run *run)
{
    struct run_place *away = &run->away;

    run->is_copy_wanted = away->rds.region != NULL;
    if (!run->is_copy_wanted || run->trigger->mode == TRIGGER_VERIFY)
        return;
    away->is_whole =
        rds_list_snapshots(&away->rds, inventory_add_snapshot, &away->inventory, &away->why_not) == 0 &&
        inventory_group_all(&away->inventory, &away->why_not) == 0;
}

static bool is_clock_right(const struct rds *rds)
{
    return rds->is_clock_known && llabs(rds->skew_ms) <= CULL_SKEW_MAX_MS;
}

static int look(struct run *run, struct nr_err *err)
{
    inventory_init(&run->home.inventory, run->policies, false, run->now_unix_ms);
    inventory_init(&run->away.inventory, run->policies, true, run->now_unix_ms);
    run->home.rds.deadline_mono_ms = run->away.rds.deadline_mono_ms = call_deadline(run);
    run->away.rds.region = copy_region(run);
    if (rds_list_clusters(&run->home.rds, inventory_add_cluster, &run->home.inventory, err) != 0)
        return -1;
    look_home(run);
    look_away(run);
    run->is_clock_right = is_clock_right(&run->home.rds);
    return inventory_group_all(&run->home.inventory, err);
}

/* --- decide --------------------------------------------------------------------------------------------- */

static int decide(struct run *run, struct nr_err *err)
{
    const struct agenda_asked asked = {.home = &run->home.inventory,
                                       .copies = run->away.is_whole ? &run->away.inventory : NULL,
                                       .is_home_whole = run->home.is_whole,
                                       .is_clock_right = run->is_clock_right,
                                       .policy = run->trigger->policy,
                                       .cluster = run->trigger->cluster,
                                       .scheduled_unix_s = run->slot_base_unix_s};

    if (agenda_make(&asked, &run->home.agenda, err) != 0 ||
        (run->away.is_whole && agenda_make_copies(&asked, &run->away.agenda, err) != 0))
        return -1;
    run->made = calloc(run->home.agenda.n_creates + 1, sizeof(*run->made));
    run->gone = calloc(run->home.agenda.n_groups + 1, sizeof(*run->gone));
    run->home.deletes = calloc(run->home.inventory.n_items + 1, sizeof(*run->home.deletes));
    run->away.deletes = calloc(run->away.inventory.n_items + 1, sizeof(*run->away.deletes));
    if (!run->made || !run->gone || !run->home.deletes || !run->away.deletes)
        return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.OutOfMemory", "no memory for a run");
    return 0;
}

/* --- make ----------------------------------------------------------------------------------------------- */

static void make(struct run *run, size_t i)
{
    const struct agenda_create *create = &run->home.agenda.creates[i];

    if (has_time(run)) {
        make_snapshot(&run->home.rds, create, &run->made[i]);
    } else {
        run->made[i] = (struct make_outcome){.result = MAKE_BUSY, .why = "no time left in this invocation"};
        memcpy(run->made[i].name, create->name, sizeof(create->name));
    }
}

static void make_all(struct run *run)
{
    for (size_t i = 0; i < run->home.agenda.n_creates; i++)
        make(run, i);
}

/* What had no room may have some after a deletion; what was busy may be done by now. */
static void make_again(struct run *run)
{
    for (size_t i = 0; i < run->home.agenda.n_creates; i++) {
        enum make_result result = run->made[i].result;

        if (result == MAKE_BUSY || (result == MAKE_QUOTA && run->home.n_deleted > 0))
            make(run, i);
    }
}

size_t run_n_retriable(const struct run *run)
{
    size_t n = 0;

    for (size_t i = 0; run->made && i < run->home.agenda.n_creates; i++)
        n += run->made[i].result == MAKE_BUSY;
    return n;
}

/* --- prune ---------------------------------------------------------------------------------------------- */

static enum run_delete delete_one(const struct run *run, struct run_place *place, const struct policy *policy,
                                  struct nr_view id)
{
    struct nr_err err = {0};
    enum rds_fault fault;

    if (run_is_dry(run, policy))
        return RUN_DELETE_WITHHELD;
    if (!has_time(run))
        return RUN_DELETE_LATER;
    if (rds_delete(&place->rds, id, &fault, &err) == 0 || fault == RDS_FAULT_SNAPSHOT_GONE)
        return RUN_DELETED;
    if (place->n_delete_failed == 0 && fault != RDS_FAULT_SNAPSHOT_BUSY)
        place->why_not = err;
    return fault == RDS_FAULT_SNAPSHOT_BUSY ? RUN_DELETE_LATER : RUN_DELETE_FAILED;
}

static void prune(const struct run *run, struct run_place *place)
{
    for (size_t g = 0; g < place->agenda.n_groups; g++) {
        const struct agenda_group *group = &place->agenda.groups[g];

        for (size_t i = 0; i < group->group->n; i++) {
            enum run_delete *out = &place->deletes[group->group->first + i];

            if (!cull_is_delete(group->items[i].why))
                continue;
            *out = delete_one(run, place, group->group->policy, group->items[i].id);
            place->n_deleted += *out == RUN_DELETED;
            place->n_delete_failed += *out == RUN_DELETE_FAILED;
        }
    }
}

/* --- away ----------------------------------------------------------------------------------------------- */

static size_t count_underway(const struct inventory *there)
{
    size_t n = 0;

    for (size_t i = 0; i < there->n_items; i++)
        n += there->items[i].state == RDS_UNDERWAY;
    return n;
}

static void send_away(struct run *run)
{
    const struct inventory *there = run->away.is_whole ? &run->away.inventory : NULL;
    size_t n_underway = count_underway(&run->away.inventory);

    if (!run->home.is_whole)
        return; /* which one is the newest, nobody knows */
    for (size_t g = 0; g < run->home.agenda.n_groups && has_time(run); g++) {
        const struct inventory_group *group = run->home.agenda.groups[g].group;

        away_share(&run->home.rds, &run->home.inventory, group, &run->gone[g]);
        away_copy(&run->away.rds, &run->home.inventory, there, group, run->home_region, &n_underway,
                  &run->gone[g]);
    }
}

/* --- all ------------------------------------------------------------------------------------------------ */

int run_all(struct run *run, struct nr_err *err)
{
    enum trigger_mode mode = run->trigger->mode;

    if (look(run, err) != 0 || decide(run, err) != 0)
        return -1;
    if (mode == TRIGGER_SNAPSHOT) {
        make_all(run);
        prune(run, &run->home);
        make_again(run);
    }
    if (mode == TRIGGER_SNAPSHOT || mode == TRIGGER_COPY) {
        send_away(run);
        prune(run, &run->away);
    }
    return 0;
}

static void place_done(struct run_place *place)
{
    agenda_done(&place->agenda);
    inventory_done(&place->inventory);
    free(place->deletes);
}

void run_done(struct run *run)
{
    place_done(&run->home);
    place_done(&run->away);
    free(run->made);
    free(run->gone);
}
