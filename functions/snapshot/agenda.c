#include <stdlib.h>

#include "functions/snapshot/agenda.h"
#include "functions/snapshot/select.h"

/* Indexed by enum agenda_what. */
static const char *const what_names[] = {"create", "exists", "stopped", "being deleted", "every try failed"};

const char *agenda_what_name(enum agenda_what what)
{
    return what_names[what];
}

static bool is_asked_policy(const struct agenda_asked *asked, const struct policy *policy)
{
    return !asked->policy.len || nr_view_is(asked->policy, policy->id);
}

static bool is_meant(const struct agenda_asked *asked, const struct policy *policy,
                     const struct rds_cluster *cluster)
{
    return is_asked_policy(asked, policy) &&
           (!asked->cluster.len || nr_view_is(asked->cluster, cluster->id)) &&
           select_means(&policy->clusters, cluster);
}

/* --- creates -------------------------------------------------------------------------------------------- */

static enum agenda_what by_status(const struct rds_cluster *cluster)
{
    static const struct {
        const char *status;
        enum agenda_what what;
    } rows[] = {{"stopped", AGENDA_STOPPED},
                {"stopping", AGENDA_STOPPED},
                {"starting", AGENDA_STOPPED},
                {"deleting", AGENDA_GOING}};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (nr_view_is(cluster->status, nr_view(rows[i].status)))
            return rows[i].what;
    return AGENDA_CREATE; /* whether it is possible now, RDS says */
}

/* Has the slot a snapshot that may still be, or has become, good? Else how many tries have failed. */
static bool is_served(const struct inventory *home, struct agenda_create *create)
{
    for (size_t i = 0; create->group && i < create->group->n; i++) {
        const struct inventory_snapshot *item = &home->items[create->group->first + i];

        if (item->slot_unix_ms / 1000 != create->slot_unix_s)
            continue;
        if (item->state != RDS_FAILED)
            return true;
        create->n_failed++;
    }
    return false;
}

static int agenda_one(const struct agenda_asked *asked, struct agenda_create *create, struct nr_err *err)
{
    const struct slot_subject subject = {create->policy->prefix, create->cluster->id,
                                         create->cluster->resource_id};

    create->group = inventory_find_group(asked->home, create->policy, create->cluster->resource_id);
    create->slot_unix_s = slot_floor(asked->scheduled_unix_s, create->policy->limits.slot_minutes * 60);
    create->what = by_status(create->cluster);
    if (is_served(asked->home, create))
        create->what = AGENDA_EXISTS;
    else if (create->n_failed >= SLOT_RETRY_MAX)
        create->what = AGENDA_USED_UP;
    return slot_name(&subject, create->slot_unix_s, create->n_failed + 1, create->name, err);
}

static int agenda_creates(const struct agenda_asked *asked, struct agenda *agenda, struct nr_err *err)
{
    const struct policy_set *policies = asked->home->policies;

    agenda->creates = calloc(policies->n * asked->home->n_clusters + 1, sizeof(*agenda->creates));
    if (!agenda->creates)
        return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.OutOfMemory", "no memory for a plan");
    for (size_t p = 0; p < policies->n; p++)
        for (size_t c = 0; c < asked->home->n_clusters; c++) {
            struct agenda_create *create = &agenda->creates[agenda->n_creates];

            if (!is_meant(asked, &policies->items[p], &asked->home->clusters[c]))
                continue;
            create->policy = &policies->items[p];
            create->cluster = &asked->home->clusters[c];
            if (agenda_one(asked, create, err) != 0)
                return -1;
            agenda->n_creates++;
        }
    return 0;
}

/* --- groups --------------------------------------------------------------------------------------------- */

/* Is a copy wanted of this one, and not yet there? What is older than the newest good copy is not waited for
 * any more. */
static bool is_copy_awaited(const struct agenda_asked *asked, const struct inventory_snapshot *item)
{
    const struct inventory_group *group;
    const struct inventory_snapshot *newest;

    if (!item->policy->copy.is_wanted)
        return false;
    if (!asked->copies)
        return true; /* nobody knows */
    group = inventory_find_group(asked->copies, item->policy, item->resource_id);
    newest = inventory_newest_good(asked->copies, group);
    if (!newest || newest->slot_unix_ms < item->slot_unix_ms)
        return true;
    for (size_t i = 0; i < group->n; i++) {
        const struct inventory_snapshot *copy = &asked->copies->items[group->first + i];

        /* Deleting the source of a running copy ends the copy. */
        if (nr_view_is(copy->id, item->id) && copy->state == RDS_UNDERWAY)
            return true;
    }
    return false;
}

static enum cull_why suspended(const struct agenda_asked *asked, const struct agenda_group *group)
{
    if (!asked->is_home_whole)
        return CULL_LISTING_CUT;
    if (!asked->is_clock_right)
        return CULL_CLOCK_WRONG;
    if (group->cluster && !select_means(&group->group->policy->clusters, group->cluster))
        return CULL_UNSELECTED;
    return CULL_NONE;
}

/* `common` is what all groups of one policy share; the rest of the case is this group's own. */
static int judge_group(const struct agenda_asked *asked, const struct inventory *where,
                       const struct cull_case *common, struct agenda_group *group, struct nr_err *err)
{
    struct cull_case what = *common;

    what.suspended = suspended(asked, group);
    what.is_orphan = asked->is_home_whole && !group->cluster;
    for (size_t i = 0; i < group->group->n; i++) {
        const struct inventory_snapshot *item = &where->items[group->group->first + i];

        group->items[i] =
            (struct cull_item){.id = item->id,
                               .age_unix_ms = item->slot_unix_ms,
                               .state = item->state,
                               .is_held = item->is_held,
                               .is_copy_awaited = !where->is_of_copies && is_copy_awaited(asked, item)};
    }
    return cull_decide(&what, group->items, group->group->n, err);
}

static bool is_asked_group(const struct agenda_asked *asked, const struct inventory *where,
                           const struct inventory_group *group)
{
    return is_asked_policy(asked, group->policy) && (!where->is_of_copies || group->policy->copy.is_wanted) &&
           (!asked->cluster.len || nr_view_is(asked->cluster, where->items[group->first].cluster_id));
}

/* What all groups of one policy share in a run; the caps of a policy begin anew with it. */
static struct cull_case common_case(const struct inventory *where, const struct policy *policy,
                                    int64_t *deletes_left)
{
    *deletes_left = policy->limits.max_delete_per_run;
    return (struct cull_case){.keep = where->is_of_copies ? &policy->copy.keep : &policy->keep,
                              .limits = &policy->limits,
                              .zone = &policy->zone,
                              .now_unix_ms = where->now_unix_ms,
                              .run_deletes_left = deletes_left};
}

static int agenda_groups(const struct agenda_asked *asked, const struct inventory *where,
                         struct agenda *agenda, struct nr_err *err)
{
    const struct policy *policy = NULL;
    struct cull_case common = {0};
    int64_t deletes_left = 0;

    agenda->groups = calloc(where->n_groups + 1, sizeof(*agenda->groups));
    agenda->items = calloc(where->n_items + 1, sizeof(*agenda->items));
    if (!agenda->groups || !agenda->items)
        return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.OutOfMemory", "no memory for a plan");
    for (size_t g = 0; g < where->n_groups; g++) {
        const struct inventory_group *group = &where->groups[g];
        struct agenda_group *out = &agenda->groups[agenda->n_groups];

        if (!is_asked_group(asked, where, group))
            continue;
        if (group->policy != policy) /* groups of one policy lie together */
            common = common_case(where, group->policy, &deletes_left);
        policy = group->policy;
        *out = (struct agenda_group){group, inventory_find_cluster(asked->home, group->resource_id),
                                     &agenda->items[group->first]};
        if (judge_group(asked, where, &common, out, err) != 0)
            return -1;
        agenda->n_groups++;
    }
    return 0;
}

/* --- plans ---------------------------------------------------------------------------------------------- */

static int check_policy(const struct agenda_asked *asked, struct nr_err *err)
{
    if (!asked->policy.len || policy_find(asked->home->policies, asked->policy))
        return 0;
    return nr_err_set(err, NR_ERR_NOT_FOUND, "Function.UnknownPolicy",
                      "policy: there is no \"%.*s\" in NARAE_SNAPSHOT_POLICY", NR_VIEW_ARG(asked->policy));
}

int agenda_make(const struct agenda_asked *asked, struct agenda *out, struct nr_err *err)
{
    struct agenda agenda = {0};

    if (check_policy(asked, err) != 0)
        return -1;
    if (agenda_creates(asked, &agenda, err) != 0 || agenda_groups(asked, asked->home, &agenda, err) != 0) {
        agenda_done(&agenda);
        return -1;
    }
    *out = agenda;
    return 0;
}

int agenda_make_copies(const struct agenda_asked *asked, struct agenda *out, struct nr_err *err)
{
    struct agenda agenda = {0};

    if (agenda_groups(asked, asked->copies, &agenda, err) != 0) {
        agenda_done(&agenda);
        return -1;
    }
    *out = agenda;
    return 0;
}

void agenda_done(struct agenda *agenda)
{
    free(agenda->creates);
    free(agenda->groups);
    free(agenda->items);
    *agenda = (struct agenda){0};
}
