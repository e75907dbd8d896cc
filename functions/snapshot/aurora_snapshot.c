/* aurora_snapshot - a schedule's slot becomes one snapshot of each cluster, and old ones go.
 *
 * parse    the trigger: whose slot, what to do
 * decide   inventory, agenda: what is made, what stays and why
 * act      make, prune, share, copy (run.c)
 * reply    what became of each cluster; an error only where a retry of the same event helps
 */
#include <inttypes.h>

#include <narae/clock.h>
#include <narae/handler.h>
#include <narae/log.h>
#include <narae/tls.h>

#include "functions/snapshot/drill.h"
#include "functions/snapshot/gauge.h"
#include "functions/snapshot/report.h"
#include "functions/snapshot/run.h"
#include "functions/snapshot/setup.h"
#include "functions/snapshot/tally.h"

enum {
    /* 10,000 snapshots with their reasons are 2 MB; Lambda takes 6 MB, and an asynchronous caller drops it
       anyway. */
    REPLY_MAX_BYTES = 5 * 1024 * 1024,
    LINE_MAX_BYTES = 48 * 1024, /* leaves room in a log record for the rest */
    INIT_SECRETS_MS = 5 * 1000, /* Lambda ends an init after 10 s */
    HOUR_MS = 60 * 60 * 1000,
};

/* What a sandbox keeps. */
static struct setup setup;

/* --- parse ---------------------------------------------------------------------------------------------- */

/* A slot must be neither over for long nor in the future: a snapshot under its name would be a lie. */
static int check_time(const struct trigger *trigger, int64_t now_unix_ms, struct nr_err *err)
{
    int64_t age_ms = now_unix_ms - trigger->scheduled_unix_ms;
    int64_t max_hours = 1;

    if (trigger->is_manual || trigger->mode != TRIGGER_SNAPSHOT)
        return 0;
    for (size_t i = 0; i < setup.policies.n; i++)
        if (!trigger->policy.len || nr_view_is(trigger->policy, setup.policies.items[i].id))
            max_hours = setup.policies.items[i].limits.max_event_age_hours > max_hours
                            ? setup.policies.items[i].limits.max_event_age_hours
                            : max_hours;
    if (age_ms < -CULL_SKEW_MAX_MS)
        return nr_err_set(err, NR_ERR_INVALID, "Function.WrongTime",
                          "event: is scheduled for %" PRId64 " s from now", -age_ms / 1000);
    if (age_ms > max_hours * HOUR_MS)
        return nr_err_set(err, NR_ERR_INVALID, "Function.WrongTime",
                          "event: was scheduled %" PRId64 " h ago, more than max_event_age_hours (%" PRId64
                          ")",
                          age_ms / HOUR_MS, max_hours);
    return 0;
}

static int parse(const struct nr_request *request, int64_t now_unix_ms, struct trigger *out,
                 struct nr_err *err)
{
    struct trigger trigger;
    json_t *event;

    if (nr_request_json(request, &event, err) != 0 || trigger_parse(event, &trigger, err) != 0)
        return -1;
    if (check_time(&trigger, now_unix_ms, err) != 0) {
        trigger_done(&trigger);
        return -1;
    }
    *out = trigger;
    return 0;
}

/* --- log ------------------------------------------------------------------------------------------------ */

static void log_failures(const struct run *run)
{
    for (size_t i = 0; i < run->home.agenda.n_creates; i++) {
        const struct agenda_create *create = &run->home.agenda.creates[i];
        const struct make_outcome *made = &run->made[i];
        bool is_failure =
            made->result == MAKE_FAILED || made->result == MAKE_QUOTA || made->result == MAKE_BUSY;

        if (is_failure || made->result == MAKE_SKIPPED)
            nr_log(is_failure ? NR_LOG_ERROR : NR_LOG_WARN, "no snapshot made",
                   nr_log_text("policy", create->policy->id), nr_log_text("cluster", create->cluster->id),
                   nr_log_text("snapshot", nr_view(made->name)),
                   nr_log_text("result", nr_view(make_result_name(made->result))),
                   nr_log_text("why", nr_view(made->why)));
        if (made->n_tags_left_out)
            nr_log(NR_LOG_WARN, "tags of the cluster do not fit", nr_log_text("cluster", create->cluster->id),
                   nr_log_int("leftOut", (int64_t)made->n_tags_left_out));
    }
}

static void log_away(const struct run *run)
{
    for (size_t g = 0; g < run->home.agenda.n_groups; g++) {
        const struct away_outcome *gone = &run->gone[g];
        const struct nr_log_field resource =
            nr_log_text("resourceId", run->home.agenda.groups[g].group->resource_id);

        if (gone->share == AWAY_FAILED)
            nr_log(NR_LOG_ERROR, "snapshot not shared", resource,
                   nr_log_text("why", nr_view(gone->share_why)));
        if (gone->copy == AWAY_FAILED)
            nr_log(NR_LOG_ERROR, "snapshot not copied", resource,
                   nr_log_text("why", nr_view(gone->copy_why)));
    }
}

/* Each deletion with its reason at INFO, each kept one at DEBUG. */
static void log_snapshot(const struct run_place *place, size_t item, const struct cull_item *judged)
{
    static const char *const words[] = {[RUN_DELETED] = "snapshot deleted",
                                        [RUN_DELETE_WITHHELD] =
                                            "snapshot would be deleted, but this is a dry run",
                                        [RUN_DELETE_LATER] = "snapshot is to be deleted later",
                                        [RUN_DELETE_FAILED] = "snapshot not deleted"};
    enum run_delete deleted = place->deletes[item];
    enum nr_log_level level = deleted == RUN_NOT_DELETED     ? NR_LOG_DEBUG
                              : deleted == RUN_DELETE_FAILED ? NR_LOG_ERROR
                                                             : NR_LOG_INFO;
    NR_BUF_AUTO why = {0};

    if (!nr_log_is_on(level))
        return;
    nr_buf_init(&why, 512);
    cull_why_text(judged, &why);
    nr_log(level, deleted == RUN_NOT_DELETED ? "snapshot stays" : words[deleted],
           nr_log_text("snapshot", place->inventory.items[item].id), nr_log_text("why", nr_buf_view(&why)),
           deleted == RUN_DELETE_FAILED ? nr_log_text("errorMessage", nr_view(place->why_not.message))
                                        : (struct nr_log_field){0});
}

static void log_place(const struct run_place *place)
{
    for (size_t g = 0; g < place->agenda.n_groups; g++)
        for (size_t i = 0; i < place->agenda.groups[g].group->n; i++)
            log_snapshot(place, place->agenda.groups[g].group->first + i, &place->agenda.groups[g].items[i]);
}

static void log_warnings(const struct run *run, const struct tally *tally)
{
    const struct inventory *here = &run->home.inventory;
    int64_t foreign = (int64_t)here->counts.n_manual - (int64_t)here->n_items;

    if (!run->home.is_whole)
        nr_log_err(NR_LOG_ERROR, "snapshots could not be listed: nothing is deleted", &run->home.why_not,
                   NULL, 0);
    if (run->is_copy_wanted && !run->away.is_whole)
        nr_log_err(NR_LOG_ERROR, "copies could not be listed: nothing is copied", &run->away.why_not, NULL,
                   0);
    if (!run->is_clock_right)
        nr_log(NR_LOG_ERROR, "the clocks here and at AWS differ, or AWS's is not known: nothing is deleted",
               nr_log_int("skewMs", run->home.rds.skew_ms));
    if (here->counts.n_strange)
        nr_log(NR_LOG_WARN, "snapshots have our tags and not our name, and use up quota",
               nr_log_int("snapshots", (int64_t)here->counts.n_strange),
               nr_log_text("oneOfThem", here->a_strange_one));
    if (run->home.agenda.n_creates == 0)
        nr_log(NR_LOG_WARN, "no policy means any cluster", nr_log_text("policy", run->trigger->policy));
    if (run->trigger->mode != TRIGGER_CHECK && run->trigger->mode != TRIGGER_COPY &&
        tally->forecast + foreign > setup.quota)
        nr_log(NR_LOG_WARN, "the policies will keep more snapshots than the quota allows",
               nr_log_int("forecast", tally->forecast), nr_log_int("others", foreign),
               nr_log_int("quota", setup.quota));
}

static void log_run(const struct run *run, int64_t started_us)
{
    struct tally tally;
    NR_BUF_AUTO clusters = {0};

    tally_count(run, NULL, &tally);
    log_failures(run);
    log_away(run);
    log_place(&run->home);
    log_place(&run->away);
    log_warnings(run, &tally);
    nr_buf_init(&clusters, LINE_MAX_BYTES);
    report_clusters(run, &clusters);
    nr_log(NR_LOG_INFO, "run done", nr_log_text("mode", nr_view(trigger_mode_name(run->trigger->mode))),
           nr_log_int("clusters", (int64_t)run->home.agenda.n_creates),
           nr_log_int("created", (int64_t)tally.by_result[MAKE_MADE]),
           nr_log_int("existed", (int64_t)tally.by_result[MAKE_EXISTED]),
           nr_log_int("failed", (int64_t)(tally.by_result[MAKE_FAILED] + tally.by_result[MAKE_QUOTA])),
           nr_log_int("busy", (int64_t)tally.by_result[MAKE_BUSY]),
           nr_log_int("managed", (int64_t)tally.n_managed), nr_log_int("deleted", (int64_t)tally.n_deleted),
           nr_log_int("deletesWithheld", (int64_t)tally.n_withheld),
           nr_log_int("copiesBegun", (int64_t)tally.n_copied),
           nr_log_int("apiCalls", run->home.rds.n_calls + run->away.rds.n_calls),
           nr_log_text("perCluster", clusters.is_bad ? NR_VIEW("too many for one line; see the reply")
                                                     : nr_buf_view(&clusters)),
           nr_log_int("durationMs", (nr_clock_mono_us() - started_us) / 1000));
}

/* --- reply ---------------------------------------------------------------------------------------------- */

static int reply_buffer(struct nr_reply *reply, struct nr_buf *text, struct nr_err *err)
{
    if (nr_buf_check(text, "reply", err) != 0)
        return -1;
    return nr_reply_bytes(reply, nr_buf_view(text), NULL, err);
}

/* Lambda sends an asynchronous event again after an error: that helps what is busy, and nothing else. A
 * manual event has no slot of its own, so a second run would make second snapshots. */
static int reply_run(const struct run *run, struct nr_reply *reply, struct nr_err *err)
{
    size_t n_retriable = run_n_retriable(run);
    NR_BUF_AUTO text = {0};

    if (n_retriable && !run->trigger->is_manual)
        return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.TryAgain",
                          "%zu of %zu clusters have no snapshot for this slot yet", n_retriable,
                          run->home.agenda.n_creates);
    nr_buf_init(&text, REPLY_MAX_BYTES);
    report_reply(run, setup.quota, &text);
    return reply_buffer(reply, &text, err);
}

static int reply_drills(const struct run *run, struct nr_reply *reply, struct nr_err *err)
{
    NR_BUF_AUTO text = {0};

    if (!run->home.is_whole) { /* an older one than the newest would be the wrong drill */
        *err = run->home.why_not;
        return -1;
    }
    nr_buf_init(&text, REPLY_MAX_BYTES);
    nr_buf_add_text(&text, "{\"mode\":\"verify\",\"drills\":[");
    for (size_t i = 0; i < run->home.agenda.n_creates; i++) {
        const struct agenda_create *create = &run->home.agenda.creates[i];

        nr_buf_add_text(&text, i ? "," : "");
        drill_write(create->cluster, inventory_newest_good(&run->home.inventory, create->group), &text);
    }
    nr_buf_add_text(&text, "]}");
    return reply_buffer(reply, &text, err);
}

/* --- the sandbox ---------------------------------------------------------------------------------------- */

static int run_trigger(struct run *run, struct nr_reply *reply, struct nr_err *err)
{
    int64_t started_us = nr_clock_mono_us();

    if (run_all(run, err) != 0)
        return -1;
    if (run->trigger->mode == TRIGGER_VERIFY)
        return reply_drills(run, reply, err);
    log_run(run, started_us);
    if (run->trigger->mode != TRIGGER_PLAN)
        gauge_emit(run, setup.quota);
    return reply_run(run, reply, err);
}

static int invoke(const struct nr_request *request, struct nr_reply *reply, struct nr_err *err)
{
    int64_t now_unix_ms = nr_clock_wall_ms();
    struct trigger trigger;
    struct run run = {.trigger = &trigger,
                      .policies = &setup.policies,
                      .home_region = setup.region,
                      .now_unix_ms = now_unix_ms,
                      .deadline_mono_ms = request->deadline_mono_ms};
    int result;

    if (setup_read_policies(&setup, request->deadline_mono_ms, err) != 0 ||
        parse(request, now_unix_ms, &trigger, err) != 0)
        return -1;
    run.slot_base_unix_s = (trigger.is_manual ? now_unix_ms : trigger.scheduled_unix_ms) / 1000;
    result = run_trigger(&run, reply, err);
    run_done(&run);
    trigger_done(&trigger);
    return result;
}

/* A policy that cannot be reached yet is invoke's business; one that is wrong is not. */
static int init(struct nr_err *err)
{
    struct nr_err why = {0};

    if (setup_read(&setup, err) != 0 || nr_tls_warm(err) != 0)
        return -1;
    if (setup_read_policies(&setup, nr_clock_mono_ms() + INIT_SECRETS_MS, &why) == 0 ||
        nr_err_is_transient(&why))
        return 0;
    *err = why;
    return -1;
}

const struct nr_handler handler = {NR_ABI, sizeof(struct nr_handler), "aurora_snapshot", init, invoke, NULL};
