/* push_prune - the nightly round, and every few minutes the part of it that resumes topics.
 *
 * parse    which tasks
 * decide   by census and rules, what may be deactivated
 * act      report, devices, ledger, topics, in this order: the first three are bounded by what there is,
 * topics by FCM's rate, and so they get what time is left reply    what was done, as JSON
 */
#include <stdbool.h>

#include <narae/clock.h>
#include <narae/handler.h>
#include <narae/json.h>
#include <narae/log.h>
#include <narae/tls.h>

#include "functions/push/prune_run.h"
#include "functions/push/topic_check.h"
#include "functions/push/topic_job.h"

enum {
    REPLY_RESERVE_MS = 500, /* kept free for the reply */
    INIT_SECRETS_MS =
        5 * 1000, /* Lambda ends an init after 10 s: what takes longer is asked again at the first event */
    /* Counting the devices of a large registry takes longer than any statement of the other functions. */
    STATEMENT_TIMEOUT_MS = 60 * 1000,
};

/* What a sandbox keeps. */
static struct {
    struct settings settings;
    struct prune_settings rules;
    struct topic_client topics;
} sandbox;

/* One invocation. */
struct run {
    struct prune_request request;
    struct prune_report report;
    struct topic_report topics;
    struct topic_check_report checks;
    int64_t deadline_mono_ms;
    bool is_failed; /* a task ended with an error, which is logged */
};

/* --- the tasks ------------------------------------------------------------------------------------------ */

static int report(struct run *run, struct nr_err *err)
{
    return prune_run_report(sandbox.settings.pg, &sandbox.rules, run->deadline_mono_ms, &run->report, err);
}

static int devices(struct run *run, struct nr_err *err)
{
    return prune_run_devices(sandbox.settings.pg, &sandbox.rules, run->request.is_forced,
                             run->deadline_mono_ms, &run->report, err);
}

static int ledger(struct run *run, struct nr_err *err)
{
    return prune_run_ledger(sandbox.settings.pg, &sandbox.rules, run->deadline_mono_ms, &run->report, err);
}

/* What waits comes first; then what differs is found, and worked on at once. */
static int topics(struct run *run, struct nr_err *err)
{
    const struct topic_scope all = {0};
    struct topic_report repairs = {0};

    if (topic_job_run(&sandbox.topics, &all, run->deadline_mono_ms, &run->topics, err) != 0)
        return -1;
    if (run->topics.is_stopped)
        return 0;
    if (topic_check_run(&sandbox.topics, run->deadline_mono_ms, &run->checks, err) != 0)
        return -1;
    if (run->checks.is_stopped || run->checks.n_different == 0)
        return 0;
    if (topic_job_run(&sandbox.topics, &all, run->deadline_mono_ms, &repairs, err) != 0)
        return -1;
    run->topics.n_done += repairs.n_done;
    run->topics.n_failed += repairs.n_failed;
    run->topics.n_waiting += repairs.n_waiting;
    return 0;
}

/* In the order in which they run. */
static const struct {
    enum prune_task task;
    const char *failed; /* for the log */
    int (*run)(struct run *run, struct nr_err *err);
} tasks[] = {
    {PRUNE_REPORT, "the registry's health is not reported", report},
    {PRUNE_DEVICES, "devices are not pruned", devices},
    {PRUNE_LEDGER, "the ledger is not pruned", ledger},
    {PRUNE_TOPICS, "topics wait", topics},
};

/* Perhaps a secret was rotated: the next invocation reads it again. Returns whether there is any use in going
 * on. */
static bool forget_secret(enum prune_task task, const struct nr_err *why)
{
    if (task == PRUNE_TOPICS && (why->kind == NR_ERR_DENIED || why->kind == NR_ERR_INVALID))
        settings_forget_account(&sandbox.settings);
    else if (why->kind == NR_ERR_DENIED)
        settings_forget_database(&sandbox.settings);
    return sandbox.settings.pg && sandbox.settings.has_account;
}

/* One task that fails does not keep the others from their work; each has its line. */
static void run_tasks(struct run *run)
{
    for (size_t i = 0; i < sizeof(tasks) / sizeof(tasks[0]); i++) {
        struct nr_err why = {0};

        if (!(run->request.tasks & tasks[i].task) || tasks[i].run(run, &why) == 0)
            continue;
        nr_log_err(NR_LOG_ERROR, tasks[i].failed, &why, NULL, 0);
        run->is_failed = true;
        if (!forget_secret(tasks[i].task, &why))
            return;
    }
}

/* --- the log and the reply ------------------------------------------------------------------------------ */

static void log_refusals(const struct run *run)
{
    for (int i = 0; i < PRUNE_N_PLATFORMS; i++)
        if (run->report.is_refused[i])
            nr_log(NR_LOG_ERROR, "too many devices are stale: none was deactivated",
                   nr_log_text("platform", nr_view(prune_platform_name((enum prune_platform)i))),
                   nr_log_int("stale", run->report.census[i].n_stale),
                   nr_log_int("active", run->report.census[i].n_active),
                   nr_log_int("maxPercent", sandbox.rules.max_percent),
                   nr_log_text("hint", NR_VIEW("do clients still refresh? If it is meant: invoke with "
                                               "{\"tasks\":[\"devices\"],\"force\":true}")));
    if (run->topics.n_advised)
        nr_log(NR_LOG_WARN, "topic calls refused by FCM",
               nr_log_text("reason", nr_view(run->topics.advised.reason)),
               nr_log_int("calls", (int64_t)run->topics.n_advised),
               nr_log_text("hint", nr_view(run->topics.advised.advice)));
}

static int write_reply(const struct run *run, struct nr_reply *reply, struct nr_err *err)
{
    NR_JSON_AUTO *whole = json_object();
    json_t *stale = json_object();
    json_t *refused = json_array();
    json_t *removed = json_object();
    json_t *about_topics =
        json_pack("{s:I,s:I,s:I,s:I,s:I}", "done", (json_int_t)run->topics.n_done, "failed",
                  (json_int_t)run->topics.n_failed, "waiting",
                  (json_int_t)run->topics.n_waiting + (json_int_t)run->topics.n_untouched, "compared",
                  (json_int_t)run->checks.n_compared, "different", (json_int_t)run->checks.n_different);

    for (int i = 0; i < PRUNE_N_PLATFORMS; i++) {
        const char *name = prune_platform_name((enum prune_platform)i);

        json_object_set_new(stale, name, json_integer((json_int_t)run->report.n_retired[i]));
        if (run->report.is_refused[i])
            json_array_append_new(refused, json_string(name));
    }
    for (int i = 0; i < PRUNE_N_BATCHES; i++)
        json_object_set_new(removed, store_prune_name((enum prune_batch)i),
                            json_integer((json_int_t)run->report.n_changed[i]));
    json_object_set_new(whole, "deactivated", stale);
    json_object_set_new(whole, "refused", refused);
    json_object_set_new(whole, "removed", removed);
    json_object_set_new(whole, "topics", about_topics);
    json_object_set_new(whole, "isComplete", json_boolean(!run->report.is_cut && !run->is_failed));
    return nr_reply_json(reply, whole, err);
}

static void log_summary(const struct run *run, int64_t started_us)
{
    const struct prune_report *done = &run->report;

    nr_log(NR_LOG_INFO, "pruned", nr_log_int("android", (int64_t)done->n_retired[PRUNE_ANDROID]),
           nr_log_int("ios", (int64_t)done->n_retired[PRUNE_IOS]),
           nr_log_int("web", (int64_t)done->n_retired[PRUNE_WEB]),
           nr_log_int("oldDevices", (int64_t)done->n_changed[PRUNE_OLD_DEVICES]),
           nr_log_int("oldSends", (int64_t)done->n_changed[PRUNE_OLD_SENDS]),
           nr_log_int("oldParked", (int64_t)done->n_changed[PRUNE_OLD_PARKED]),
           nr_log_int("topicsDone", (int64_t)run->topics.n_done),
           nr_log_int("topicsWaiting", (int64_t)(run->topics.n_waiting + run->topics.n_untouched)),
           nr_log_int("topicsFailed", (int64_t)run->topics.n_failed),
           nr_log_int("topicsDifferent", (int64_t)run->checks.n_different),
           nr_log_bool("isComplete", !done->is_cut && !run->is_failed),
           nr_log_int("durationMs", (nr_clock_mono_us() - started_us) / 1000));
}

/* --- the invocation ------------------------------------------------------------------------------------- */

static int invoke(const struct nr_request *request, struct nr_reply *reply, struct nr_err *err)
{
    int64_t started_us = nr_clock_mono_us();
    struct run run = {.deadline_mono_ms = request->deadline_mono_ms == NR_CLOCK_NEVER_MS
                                              ? NR_CLOCK_NEVER_MS
                                              : request->deadline_mono_ms - REPLY_RESERVE_MS};
    json_t *event;

    /* Without a secret nothing can be done: an error, so that the schedule tries again. */
    if (nr_request_json(request, &event, err) != 0 || prune_request_parse(event, &run.request, err) != 0 ||
        settings_read_secrets(&sandbox.settings, run.deadline_mono_ms, err) != 0)
        return -1;
    run_tasks(&run);
    log_refusals(&run);
    log_summary(&run, started_us);
    return write_reply(&run, reply, err);
}

/* --- the sandbox ---------------------------------------------------------------------------------------- */

/* A secret that cannot be reached yet is invoke's business; one that is wrong is not. */
static int read_secrets_early(struct nr_err *err)
{
    struct nr_err why = {0};

    if (settings_read_secrets(&sandbox.settings, nr_clock_mono_ms() + INIT_SECRETS_MS, &why) == 0 ||
        nr_err_is_transient(&why))
        return 0;
    *err = why;
    return -1;
}

static int init(struct nr_err *err)
{
    sandbox.settings.application_name = "narae-push_prune";
    sandbox.settings.statement_timeout_ms = STATEMENT_TIMEOUT_MS;
    if (settings_read(&sandbox.settings, err) != 0 || prune_settings_read(&sandbox.rules, err) != 0 ||
        nr_tls_warm(err) != 0 || read_secrets_early(err) != 0)
        return -1;
    return topic_client_init(&sandbox.topics, &sandbox.settings, err);
}

const struct nr_handler handler = {NR_ABI, sizeof(struct nr_handler), "push_prune", init, invoke, NULL};
