#include "functions/snapshot/report.h"
#include "functions/snapshot/tally.h"

/* --- pieces of JSON ------------------------------------------------------------------------------------- */

static void member(struct nr_buf *out, const char *between, const char *name)
{
    nr_buf_printf(out, "%s\"%s\":", between, name);
}

static void text(struct nr_buf *out, const char *between, const char *name, struct nr_view value)
{
    member(out, between, name);
    nr_buf_add_json_text(out, value);
}

static void count(struct nr_buf *out, const char *between, const char *name, size_t value)
{
    member(out, between, name);
    nr_buf_printf(out, "%zu", value);
}

static void boolean(struct nr_buf *out, const char *between, const char *name, bool value)
{
    member(out, between, name);
    nr_buf_add_text(out, value ? "true" : "false");
}

/* --- snapshots ------------------------------------------------------------------------------------------ */

static const char *fate_name(enum cull_why why, enum run_delete deleted, bool is_plan)
{
    static const char *const names[] = {[RUN_NOT_DELETED] = "delete",
                                        [RUN_DELETED] = "deleted",
                                        [RUN_DELETE_WITHHELD] = "would be deleted",
                                        [RUN_DELETE_LATER] = "delete later",
                                        [RUN_DELETE_FAILED] = "not deleted"};

    if (!cull_is_delete(why))
        return "keep";
    return is_plan ? "delete" : names[deleted];
}

static void add_snapshot(struct nr_buf *out, const char *between, const struct inventory_snapshot *item,
                         const struct cull_item *judged, const char *fate)
{
    char slot[SLOT_TEXT_BYTES];
    struct nr_buf why;

    nr_buf_init(&why, 512);
    cull_why_text(judged, &why);
    slot_text(item->slot_unix_ms / 1000, slot);
    nr_buf_add_text(out, between);
    text(out, "{", "id", item->id);
    text(out, ",", "slot", nr_view(slot));
    text(out, ",", "status", item->status);
    text(out, ",", "fate", nr_view(fate));
    text(out, ",", "why", nr_buf_view(&why));
    nr_buf_add_char(out, '}');
    nr_buf_done(&why);
}

static void add_group(const struct run *run, const struct run_place *place, const struct agenda_group *group,
                      struct nr_buf *out)
{
    bool is_plan = run->trigger->mode == TRIGGER_PLAN;
    const char *between = "";
    size_t n_kept = 0;

    text(out, "{", "policy", group->group->policy->id);
    text(out, ",", "cluster", place->inventory.items[group->group->first].cluster_id);
    text(out, ",", "resourceId", group->group->resource_id);
    boolean(out, ",", "isOrphan", !group->cluster && run->home.is_whole);
    boolean(out, ",", "isDryRun", run_is_dry(run, group->group->policy));
    member(out, ",", "snapshots");
    nr_buf_add_char(out, '[');
    for (size_t i = 0; i < group->group->n; i++) {
        enum cull_why why = group->items[i].why;

        n_kept += !cull_is_delete(why);
        if (!is_plan && !cull_is_delete(why))
            continue;
        add_snapshot(out, between, &place->inventory.items[group->group->first + i], &group->items[i],
                     fate_name(why, place->deletes[group->group->first + i], is_plan));
        between = ",";
    }
    nr_buf_add_char(out, ']');
    count(out, ",", "kept", n_kept);
}

static void add_away(struct nr_buf *out, const char *name, enum away_result result, const char *why)
{
    if (result == AWAY_NOTHING)
        return;
    text(out, ",", name, nr_view(away_result_name(result)));
    if (why[0]) {
        nr_buf_printf(out, ",\"%sWhy\":", name);
        nr_buf_add_json_text(out, nr_view(why));
    }
}

static void add_groups(const struct run *run, const struct run_place *place, bool is_home, struct nr_buf *out)
{
    nr_buf_add_char(out, '[');
    for (size_t g = 0; g < place->agenda.n_groups; g++) {
        nr_buf_add_text(out, g ? "," : "");
        add_group(run, place, &place->agenda.groups[g], out);
        if (is_home) {
            add_away(out, "share", run->gone[g].share, run->gone[g].share_why);
            add_away(out, "copy", run->gone[g].copy, run->gone[g].copy_why);
        }
        nr_buf_add_char(out, '}');
    }
    nr_buf_add_char(out, ']');
}

/* --- clusters ------------------------------------------------------------------------------------------- */

static void add_cluster(const struct run *run, size_t i, struct nr_buf *out)
{
    const struct agenda_create *create = &run->home.agenda.creates[i];
    const struct make_outcome *made = &run->made[i];
    bool is_tried = made->result != MAKE_NOT_TRIED;

    text(out, "{", "policy", create->policy->id);
    text(out, ",", "cluster", create->cluster->id);
    text(out, ",", "result",
         nr_view(is_tried ? make_result_name(made->result) : agenda_what_name(create->what)));
    text(out, ",", "snapshot", nr_view(is_tried ? made->name : create->name));
    if (made->why[0])
        text(out, ",", "why", nr_view(made->why));
    if (made->n_tags_left_out)
        count(out, ",", "tagsLeftOut", made->n_tags_left_out);
    if (run->home.is_whole)
        nr_buf_printf(out, ",\"hoursSinceLastGood\":%.2f", tally_age_hours(run, create));
    nr_buf_add_char(out, '}');
}

static void add_totals(const struct run *run, struct nr_buf *out)
{
    struct tally tally;
    const char *between = "{";

    tally_count(run, NULL, &tally);
    for (int result = MAKE_NOT_TRIED + 1; result < MAKE_N; result++, between = ",")
        count(out, between, make_result_name((enum make_result)result), tally.by_result[result]);
    count(out, ",", "managed", tally.n_managed);
    count(out, ",", "kept", tally.n_kept);
    count(out, ",", "deleted", tally.n_deleted);
    count(out, ",", "deletesWithheld", tally.n_withheld);
    count(out, ",", "deletesFailed", tally.n_delete_failed);
    count(out, ",", "stuck", tally.n_stuck);
    count(out, ",", "failedSnapshots", tally.n_failed);
    count(out, ",", "orphans", tally.n_orphans);
    count(out, ",", "shared", tally.n_shared);
    count(out, ",", "copiesBegun", tally.n_copied);
    count(out, ",", "copies", tally.n_copies);
    count(out, ",", "copiesDeleted", tally.n_copies_deleted);
    nr_buf_add_char(out, '}');
}

static void add_guards(const struct run *run, int64_t quota, struct nr_buf *out)
{
    struct tally tally;

    tally_count(run, NULL, &tally);
    text(out, ",", "listing", run->home.is_whole ? NR_VIEW("whole") : nr_view(run->home.why_not.message));
    if (run->is_copy_wanted)
        text(out, ",", "copiesListing",
             run->away.is_whole ? NR_VIEW("whole") : nr_view(run->away.why_not.message));
    boolean(out, ",", "isClockRight", run->is_clock_right);
    nr_buf_printf(out, ",\"quota\":{\"used\":%zu,\"max\":%lld,\"forecast\":%lld}",
                  run->home.inventory.counts.n_manual, (long long)quota, (long long)tally.forecast);
    count(out, ",", "unclaimed", run->home.inventory.counts.n_unclaimed);
    count(out, ",", "strangelyNamed", run->home.inventory.counts.n_strange);
    nr_buf_printf(out, ",\"apiCalls\":%d,\"throttled\":%d", run->home.rds.n_calls + run->away.rds.n_calls,
                  run->home.rds.n_throttled + run->away.rds.n_throttled);
}

void report_reply(const struct run *run, int64_t quota, struct nr_buf *out)
{
    char slot[SLOT_TEXT_BYTES];

    slot_text(run->slot_base_unix_s, slot);
    text(out, "{", "mode", nr_view(trigger_mode_name(run->trigger->mode)));
    text(out, ",", "scheduledFor", nr_view(slot));
    boolean(out, ",", "isManual", run->trigger->is_manual);
    member(out, ",", "totals");
    add_totals(run, out);
    add_guards(run, quota, out);
    member(out, ",", "clusters");
    for (size_t i = 0; i < run->home.agenda.n_creates; i++) {
        nr_buf_add_char(out, i ? ',' : '[');
        add_cluster(run, i, out);
    }
    nr_buf_add_text(out, run->home.agenda.n_creates ? "]" : "[]");
    member(out, ",", "groups");
    add_groups(run, &run->home, true, out);
    member(out, ",", "copies");
    add_groups(run, &run->away, false, out);
    nr_buf_add_char(out, '}');
}

/* --- the log's line ------------------------------------------------------------------------------------- */

static void add_kept(const struct run *run, const struct agenda_create *create, struct nr_buf *out)
{
    size_t n_deleted = 0;

    for (size_t i = 0; create->group && i < create->group->n; i++)
        n_deleted += run->home.deletes[create->group->first + i] == RUN_DELETED;
    nr_buf_printf(out, ", kept %zu, deleted %zu", (create->group ? create->group->n : 0) - n_deleted,
                  n_deleted);
}

void report_clusters(const struct run *run, struct nr_buf *out)
{
    for (size_t i = 0; i < run->home.agenda.n_creates; i++) {
        const struct agenda_create *create = &run->home.agenda.creates[i];
        const struct make_outcome *made = &run->made[i];

        nr_buf_printf(out, "%s%.*s: %s %s", i ? "; " : "", NR_VIEW_ARG(create->cluster->id),
                      make_result_name(made->result), made->result == MAKE_NOT_TRIED ? "" : made->name);
        if (made->why[0])
            nr_buf_printf(out, " (%s)", made->why);
        add_kept(run, create, out);
    }
}
