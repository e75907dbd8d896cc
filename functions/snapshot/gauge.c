#include <math.h>

#include <narae/metric.h>

#include "functions/snapshot/gauge.h"
#include "functions/snapshot/tally.h"

static const char name_space[] = "Narae/Snapshot";

/* What is not known is left out of a line: nr_metric_emit() passes over what is not finite. */
static double known(double value)
{
    return value < 0 ? NAN : value;
}

static double number(size_t n)
{
    return (double)n;
}

static void emit_cluster(const struct run *run, const struct agenda_create *create)
{
    const struct inventory_group *group = create->group;
    const struct nr_metric_dimension dimensions[] = {{"Policy", create->policy->id},
                                                     {"Cluster", create->cluster->id}};
    size_t n_stuck = 0;
    size_t n_failed = 0;

    for (size_t i = 0; group && i < group->n; i++) {
        n_stuck += tally_is_stuck(run, &run->home.inventory.items[group->first + i]);
        n_failed += run->home.inventory.items[group->first + i].state == RDS_FAILED;
    }
    const struct nr_metric metrics[] = {
        {"HoursSinceLastGoodSnapshot", NR_METRIC_NONE, known(tally_age_hours(run, create))},
        {"ManagedSnapshots", NR_METRIC_COUNT, number(group ? group->n : 0)},
        {"StuckSnapshots", NR_METRIC_COUNT, number(n_stuck)},
        {"FailedSnapshots", NR_METRIC_COUNT, number(n_failed)},
        {"CopyLagHours", NR_METRIC_NONE, known(tally_lag_hours(run, create))},
    };

    nr_metric_emit(name_space, dimensions, 2, metrics, sizeof(metrics) / sizeof(metrics[0]));
}

/* An alarm per policy needs no list of clusters: it looks at the worst of them. */
static void emit_policy(const struct run *run, const struct policy *policy)
{
    const struct nr_metric_dimension dimensions[] = {{"Policy", policy->id}};
    bool is_snapshot = run->trigger->mode == TRIGGER_SNAPSHOT;
    struct tally tally;

    tally_count(run, policy, &tally);
    const struct nr_metric metrics[] = {
        {"HoursSinceLastGoodSnapshot", NR_METRIC_NONE,
         run->home.is_whole ? known(tally.worst_age_hours) : NAN},
        {"ManagedSnapshots", NR_METRIC_COUNT, run->home.is_whole ? number(tally.n_managed) : NAN},
        {"StuckSnapshots", NR_METRIC_COUNT, number(tally.n_stuck)},
        {"FailedSnapshots", NR_METRIC_COUNT, number(tally.n_failed)},
        {"SnapshotsCreated", NR_METRIC_COUNT, is_snapshot ? number(tally.by_result[MAKE_MADE]) : NAN},
        {"AlreadyExisted", NR_METRIC_COUNT, is_snapshot ? number(tally.by_result[MAKE_EXISTED]) : NAN},
        {"CreateFailed", NR_METRIC_COUNT,
         is_snapshot
             ? number(tally.by_result[MAKE_FAILED] + tally.by_result[MAKE_QUOTA] + tally.by_result[MAKE_BUSY])
             : NAN},
        {"CreateSkipped", NR_METRIC_COUNT, is_snapshot ? number(tally.by_result[MAKE_SKIPPED]) : NAN},
        {"SnapshotsDeleted", NR_METRIC_COUNT, is_snapshot ? number(tally.n_deleted) : NAN},
        {"DeleteFailed", NR_METRIC_COUNT, is_snapshot ? number(tally.n_delete_failed) : NAN},
        {"ShareFailed", NR_METRIC_COUNT, policy->accounts ? number(tally.n_share_failed) : NAN},
        {"CopyFailed", NR_METRIC_COUNT, policy->copy.is_wanted ? number(tally.n_copy_failed) : NAN},
    };

    nr_metric_emit(name_space, dimensions, 1, metrics, sizeof(metrics) / sizeof(metrics[0]));
}

static void emit_run(const struct run *run, int64_t quota)
{
    struct tally tally;

    tally_count(run, NULL, &tally);
    const struct nr_metric metrics[] = {
        {"QuotaUsed", NR_METRIC_COUNT,
         run->home.is_whole ? number(run->home.inventory.counts.n_manual) : NAN},
        {"QuotaMax", NR_METRIC_COUNT, (double)quota},
        {"Throttles", NR_METRIC_COUNT, (double)(run->home.rds.n_throttled + run->away.rds.n_throttled)},
        {"RunOk", NR_METRIC_COUNT,
         run->home.is_whole && run->is_clock_right &&
             tally.by_result[MAKE_FAILED] + tally.by_result[MAKE_QUOTA] + tally.by_result[MAKE_BUSY] +
                     tally.n_delete_failed + tally.n_share_failed + tally.n_copy_failed ==
                 0},
    };

    nr_metric_emit(name_space, NULL, 0, metrics, sizeof(metrics) / sizeof(metrics[0]));
}

void gauge_emit(const struct run *run, int64_t quota)
{
    const struct agenda_create *creates = run->home.agenda.creates;

    emit_run(run, quota);
    for (size_t i = 0; i < run->home.agenda.n_creates; i++) {
        if (i == 0 || creates[i].policy != creates[i - 1].policy)
            emit_policy(run, creates[i].policy);
        if (run->home.is_whole)
            emit_cluster(run, &creates[i]);
    }
}
