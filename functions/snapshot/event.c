#include <narae/json.h>
#include <narae/rfc3339.h>

#include "functions/snapshot/event.h"
#include "functions/snapshot/policy.h"

enum { TIME_MAX_BYTES = 64, ID_MAX_BYTES = 63, DETAIL_MAX_BYTES = 65536 };

/* Indexed by enum trigger_mode. */
static const char *const mode_names[TRIGGER_N_MODES] = {"snapshot", "copy", "check", "plan", "verify"};

const char *trigger_mode_name(enum trigger_mode mode)
{
    return mode_names[mode];
}

/* --- a command: our own members, at the root or in detail ----------------------------------------------- */

static int parse_mode(const struct nr_json_place *at, struct trigger *out, struct nr_err *err)
{
    struct nr_json_place place = nr_json_member(at, "mode");
    struct nr_view text;

    if (!nr_json_has(&place))
        return 0;
    if (nr_json_want_text(&place, 1, ID_MAX_BYTES, &text, err) != 0)
        return -1;
    for (int mode = 0; mode < TRIGGER_N_MODES; mode++)
        if (nr_view_is(text, nr_view(mode_names[mode]))) {
            out->mode = (enum trigger_mode)mode;
            return 0;
        }
    return nr_json_refuse(&place, err, "must be snapshot, copy, check, plan or verify");
}

static int parse_text(const struct nr_json_place *at, const char *name, size_t max_bytes, struct nr_view *out,
                      struct nr_err *err)
{
    struct nr_json_place place = nr_json_member(at, name);

    return nr_json_has(&place) ? nr_json_want_text(&place, 1, max_bytes, out, err) : 0;
}

static int parse_time(const struct nr_json_place *place, struct trigger *out, struct nr_err *err)
{
    struct nr_view text;

    if (nr_json_want_text(place, 1, TIME_MAX_BYTES, &text, err) != 0)
        return -1;
    if (nr_view_starts(text, NR_VIEW("<aws.")))
        return nr_json_refuse(
            place, err, "is a keyword that nobody replaced; only EventBridge Scheduler's own input knows it");
    if (!nr_rfc3339_parse(text, &out->scheduled_unix_ms))
        return nr_json_refuse(place, err, "must be a time such as 2026-12-01T17:00:00Z");
    out->is_manual = false;
    return 0;
}

static int parse_command(const struct nr_json_place *at, struct trigger *out, struct nr_err *err)
{
    struct nr_json_place time = nr_json_member(at, "scheduled_time");
    struct nr_json_place dry_run = nr_json_member(at, "dry_run");

    if (parse_mode(at, out, err) != 0 ||
        parse_text(at, "policy", POLICY_ID_MAX_BYTES, &out->policy, err) != 0 ||
        parse_text(at, "cluster", ID_MAX_BYTES, &out->cluster, err) != 0)
        return -1;
    if (nr_json_has(&dry_run) && nr_json_want_bool(&dry_run, &out->is_dry_run, err) != 0)
        return -1;
    return nr_json_has(&time) ? parse_time(&time, out, err) : 0;
}

/* --- an envelope: EventBridge's members ----------------------------------------------------------------- */

/* An object, a string that holds one, or nothing. */
static int open_detail(const struct nr_json_place *root, struct trigger *out, struct nr_json_place *detail,
                       struct nr_err *err)
{
    struct nr_view text;

    *detail = nr_json_member(root, "detail");
    if (!nr_json_has(detail))
        return 0;
    if (json_is_string(detail->value)) {
        if (nr_json_want_text(detail, 1, DETAIL_MAX_BYTES, &text, err) != 0 ||
            nr_json_parse(text, "detail", &out->detail, err) != 0)
            return -1;
        detail->value = out->detail;
    }
    return nr_json_want_object(detail, err);
}

static int parse_schedule(const struct nr_json_place *root, struct trigger *out, struct nr_err *err)
{
    struct nr_json_place time = nr_json_member(root, "time");
    struct nr_json_place detail;

    if (parse_time(&time, out, err) != 0 || open_detail(root, out, &detail, err) != 0)
        return -1;
    return parse_command(&detail, out, err);
}

/* RDS tells what has come to be, at best effort: a reason to look, never to make something. */
static int parse_rds(const struct nr_json_place *root, struct trigger *out, struct nr_err *err)
{
    struct nr_json_place detail;

    out->mode = TRIGGER_CHECK;
    if (open_detail(root, out, &detail, err) != 0)
        return -1;
    return parse_text(&detail, "SourceIdentifier", 255, &out->source_id, err);
}

static const struct {
    const char *source;
    int (*parse)(const struct nr_json_place *, struct trigger *, struct nr_err *);
} sources[] = {
    {"aws.events", parse_schedule},
    {"aws.scheduler", parse_schedule},
    {"aws.rds", parse_rds},
};

static int parse_envelope(const struct nr_json_place *root, struct trigger *out, struct nr_err *err)
{
    struct nr_json_place source = nr_json_member(root, "source");
    struct nr_view text;

    if (nr_json_want_text(&source, 1, 256, &text, err) != 0)
        return -1;
    for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++)
        if (nr_view_is(text, nr_view(sources[i].source)))
            return sources[i].parse(root, out, err);
    return nr_json_refuse(&source, err, "must be aws.events, aws.scheduler or aws.rds");
}

int trigger_parse(const json_t *event, struct trigger *out, struct nr_err *err)
{
    struct trigger trigger = {.is_manual = true};
    struct nr_json_place root = nr_json_root("", event);
    struct nr_json_place kind = nr_json_member(&root, "detail-type");
    int result;

    if (!json_is_object(event))
        return nr_err_set(err, NR_ERR_INVALID, "Function.InvalidMessage", "event: must be an object");
    result = nr_json_has(&kind) ? parse_envelope(&root, &trigger, err) : parse_command(&root, &trigger, err);
    if (result != 0) {
        trigger_done(&trigger);
        return -1;
    }
    *out = trigger;
    return 0;
}

void trigger_done(struct trigger *trigger)
{
    json_decref(trigger->detail);
    *trigger = (struct trigger){0};
}
