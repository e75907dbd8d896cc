#include <narae/clock.h>
#include <narae/metric.h>

#include "functions/push/prune_run.h"
#include "functions/push/store_topics.h"

enum {
    DEVICES_LIMIT = 1000,    /* rows of a batch: locks that others may wait for are held for some 100 ms */
    SENDS_LIMIT = 20000,     /* nobody waits for these */
    BATCH_MIN_MS = 2 * 1000, /* a batch is not begun when there is less than this left */
    TOMBSTONE_DAYS = 15,     /* a wish may lie 14 days in a queue, SQS's limit */
};

static const char name_space[] = "Narae/Push";

static bool has_time(struct prune_report *report, int64_t deadline_mono_ms)
{
    if (nr_clock_left_ms(deadline_mono_ms) >= BATCH_MIN_MS)
        return true;
    report->is_cut = true;
    return false;
}

/* --- devices and ledger --------------------------------------------------------------------------------- */

static int retire(struct nr_pg *pg, enum prune_platform platform, int64_t stale_days,
                  int64_t deadline_mono_ms, struct prune_report *report, struct nr_err *err)
{
    size_t n = DEVICES_LIMIT;

    while (n == DEVICES_LIMIT && has_time(report, deadline_mono_ms)) {
        if (store_prune_retire(pg, platform, stale_days, DEVICES_LIMIT, deadline_mono_ms, &n, err) != 0)
            return -1;
        report->n_retired[platform] += n;
    }
    return 0;
}

static int clear(struct nr_pg *pg, enum prune_batch batch, int64_t days, int64_t deadline_mono_ms,
                 struct prune_report *report, struct nr_err *err)
{
    size_t limit = batch == PRUNE_OLD_SENDS ? SENDS_LIMIT : DEVICES_LIMIT;
    size_t n = limit;

    while (n == limit && has_time(report, deadline_mono_ms)) {
        if (store_prune_batch(pg, batch, days, limit, deadline_mono_ms, &n, err) != 0)
            return -1;
        report->n_changed[batch] += n;
    }
    return 0;
}

static int take_census(struct nr_pg *pg, const struct prune_settings *settings, int64_t deadline_mono_ms,
                       struct prune_report *report, struct nr_err *err)
{
    if (store_prune_census(pg, settings->stale_days, deadline_mono_ms, report->census, err) != 0)
        return -1;
    report->has_census = true;
    return 0;
}

int prune_run_devices(struct nr_pg *pg, const struct prune_settings *settings, bool is_forced,
                      int64_t deadline_mono_ms, struct prune_report *report, struct nr_err *err)
{
    if (take_census(pg, settings, deadline_mono_ms, report, err) != 0)
        return -1;
    for (int i = 0; i < PRUNE_N_PLATFORMS; i++) {
        report->is_refused[i] = !prune_is_allowed(report->census[i], settings->max_percent, is_forced);
        if (!report->is_refused[i] && report->census[i].n_stale > 0 &&
            retire(pg, (enum prune_platform)i, settings->stale_days[i], deadline_mono_ms, report, err) != 0)
            return -1;
    }
    if (clear(pg, PRUNE_DEAD_TOPICS, 0, deadline_mono_ms, report, err) != 0 ||
        clear(pg, PRUNE_OLD_TOPICS, TOMBSTONE_DAYS, deadline_mono_ms, report, err) != 0)
        return -1;
    return clear(pg, PRUNE_OLD_DEVICES, settings->remove_days, deadline_mono_ms, report, err);
}

int prune_run_ledger(struct nr_pg *pg, const struct prune_settings *settings, int64_t deadline_mono_ms,
                     struct prune_report *report, struct nr_err *err)
{
    if (clear(pg, PRUNE_OLD_SENDS, settings->ledger_days, deadline_mono_ms, report, err) != 0)
        return -1;
    return clear(pg, PRUNE_OLD_PARKED, settings->parked_days, deadline_mono_ms, report, err);
}

/* --- metrics -------------------------------------------------------------------------------------------- */

static void emit_census(const struct prune_report *report)
{
    for (int i = 0; i < PRUNE_N_PLATFORMS; i++) {
        const struct prune_census *census = &report->census[i];
        const struct nr_metric_dimension platform = {"Platform",
                                                     nr_view(prune_platform_name((enum prune_platform)i))};
        const struct nr_metric metrics[] = {
            {"DevicesActive", NR_METRIC_COUNT, (double)census->n_active},
            {"DevicesStale", NR_METRIC_COUNT, (double)census->n_stale},
            {"StaleShare", NR_METRIC_PERCENT, prune_percent(census->n_stale, census->n_active)}};

        nr_metric_emit(name_space, &platform, 1, metrics, sizeof(metrics) / sizeof(metrics[0]));
    }
}

static int emit_churn(struct nr_pg *pg, int64_t deadline_mono_ms, struct nr_err *err)
{
    NR_PG_ROWS_AUTO *rows = NULL;
    struct prune_churn churn[PRUNE_CHURN_MAX];
    int n = store_prune_churn(pg, deadline_mono_ms, churn, &rows, err);

    for (int i = 0; i < n; i++) {
        const struct nr_metric_dimension dimensions[] = {{"Platform", churn[i].platform},
                                                         {"Reason", churn[i].reason}};
        const struct nr_metric lost = {"DevicesLost", NR_METRIC_COUNT, (double)churn[i].n};

        nr_metric_emit(name_space, dimensions, 2, &lost, 1);
    }
    return n < 0 ? -1 : 0;
}

static int emit_totals(struct nr_pg *pg, int64_t deadline_mono_ms, struct nr_err *err)
{
    int64_t n_sends;
    int64_t n_errors;
    size_t n_waiting;
    struct nr_metric metrics[2];
    size_t n = 0;

    if (store_prune_errors(pg, deadline_mono_ms, &n_sends, &n_errors, err) != 0 ||
        store_topics_backlog(pg, deadline_mono_ms, &n_waiting, err) != 0)
        return -1;
    metrics[n++] = (struct nr_metric){"TopicsWaiting", NR_METRIC_COUNT, (double)n_waiting};
    if (n_sends) /* a day without sends has no share */
        metrics[n++] =
            (struct nr_metric){"ClientErrorShare", NR_METRIC_PERCENT, prune_percent(n_errors, n_sends)};
    nr_metric_emit(name_space, NULL, 0, metrics, n);
    return 0;
}

int prune_run_report(struct nr_pg *pg, const struct prune_settings *settings, int64_t deadline_mono_ms,
                     struct prune_report *report, struct nr_err *err)
{
    if (take_census(pg, settings, deadline_mono_ms, report, err) != 0)
        return -1;
    emit_census(report);
    if (emit_churn(pg, deadline_mono_ms, err) != 0)
        return -1;
    return emit_totals(pg, deadline_mono_ms, err);
}
