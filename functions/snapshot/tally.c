#include "functions/snapshot/tally.h"

#define HOUR_MS 3600000.0

static double hours_since(const struct run *run, int64_t unix_ms)
{
    return (double)(run->now_unix_ms - unix_ms) / HOUR_MS;
}

double tally_age_hours(const struct run *run, const struct agenda_create *create)
{
    const struct inventory_snapshot *newest = inventory_newest_good(&run->home.inventory, create->group);

    return hours_since(run, newest ? newest->slot_unix_ms : create->cluster->created_unix_ms);
}

double tally_lag_hours(const struct run *run, const struct agenda_create *create)
{
    const struct inventory_snapshot *newest = inventory_newest_good(&run->home.inventory, create->group);
    const struct inventory_snapshot *copy;

    if (!create->policy->copy.is_wanted || !newest || !run->away.is_whole)
        return -1;
    copy =
        inventory_newest_good(&run->away.inventory, inventory_find_group(&run->away.inventory, create->policy,
                                                                         create->cluster->resource_id));
    if (!copy)
        return hours_since(run, newest->slot_unix_ms);
    return copy->slot_unix_ms < newest->slot_unix_ms
               ? (double)(newest->slot_unix_ms - copy->slot_unix_ms) / HOUR_MS
               : 0;
}

bool tally_is_stuck(const struct run *run, const struct inventory_snapshot *item)
{
    return item->state == RDS_UNDERWAY &&
           hours_since(run, item->slot_unix_ms) > (double)item->policy->limits.stuck_hours;
}

static void count_creates(const struct run *run, const struct policy *policy, struct tally *out)
{
    const struct policy *last = NULL;
    size_t n_of_policy = 0;

    out->worst_age_hours = -1;
    for (size_t i = 0; i <= run->home.agenda.n_creates; i++) {
        const struct agenda_create *create =
            i < run->home.agenda.n_creates ? &run->home.agenda.creates[i] : NULL;

        if (last && (!create || create->policy != last)) { /* creates of one policy lie together */
            int64_t forecast = policy_forecast(last, n_of_policy);

            out->forecast = forecast < 0 || out->forecast < 0 ? -1 : out->forecast + forecast;
            last = NULL;
        }
        if (!create || (policy && create->policy != policy))
            continue;
        n_of_policy = last ? n_of_policy + 1 : 1;
        last = create->policy;
        out->by_result[run->made[i].result]++;
        if (tally_age_hours(run, create) > out->worst_age_hours)
            out->worst_age_hours = tally_age_hours(run, create);
    }
}

static void count_items(const struct run *run, const struct agenda_group *group, struct tally *out)
{
    for (size_t i = 0; i < group->group->n; i++) {
        const struct inventory_snapshot *item = &run->home.inventory.items[group->group->first + i];
        enum run_delete deleted = run->home.deletes[group->group->first + i];

        out->n_managed++;
        out->n_good += item->state == RDS_AVAILABLE;
        out->n_failed += item->state == RDS_FAILED;
        out->n_stuck += tally_is_stuck(run, item);
        out->n_kept += !cull_is_delete(group->items[i].why);
        out->n_deleted += deleted == RUN_DELETED;
        out->n_withheld += deleted == RUN_DELETE_WITHHELD;
        out->n_delete_failed += deleted == RUN_DELETE_FAILED;
    }
}

static void count_groups(const struct run *run, const struct policy *policy, struct tally *out)
{
    for (size_t g = 0; g < run->home.agenda.n_groups; g++) {
        const struct agenda_group *group = &run->home.agenda.groups[g];
        const struct away_outcome *gone = &run->gone[g];

        if (policy && group->group->policy != policy)
            continue;
        count_items(run, group, out);
        out->n_orphans += !group->cluster && run->home.is_whole;
        out->n_shared += gone->share == AWAY_DONE;
        out->n_share_failed += gone->share == AWAY_FAILED;
        out->n_copied += gone->copy == AWAY_DONE;
        out->n_copy_failed += gone->copy == AWAY_FAILED;
    }
}

static void count_copies(const struct run *run, const struct policy *policy, struct tally *out)
{
    for (size_t g = 0; g < run->away.agenda.n_groups; g++) {
        const struct inventory_group *group = run->away.agenda.groups[g].group;

        if (policy && group->policy != policy)
            continue;
        out->n_copies += group->n;
        for (size_t i = 0; i < group->n; i++)
            out->n_copies_deleted += run->away.deletes[group->first + i] == RUN_DELETED;
    }
}

void tally_count(const struct run *run, const struct policy *policy, struct tally *out)
{
    *out = (struct tally){0};
    count_creates(run, policy, out);
    count_groups(run, policy, out);
    count_copies(run, policy, out);
}
