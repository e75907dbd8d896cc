#include <string.h>

#include <narae/json.h>

#include "functions/push/prune.h"

static const struct {
    const char *name;
    unsigned task;
} tasks[] = {
    {"report", PRUNE_REPORT},
    {"devices", PRUNE_DEVICES},
    {"ledger", PRUNE_LEDGER},
    {"topics", PRUNE_TOPICS},
};

enum { N_TASKS = sizeof(tasks) / sizeof(tasks[0]), NAME_MAX_BYTES = 32 };

static const char *const platform_names[PRUNE_N_PLATFORMS] = {
    [PRUNE_ANDROID] = "android", [PRUNE_IOS] = "ios", [PRUNE_WEB] = "web"};

const char *prune_platform_name(enum prune_platform platform)
{
    return (unsigned)platform < PRUNE_N_PLATFORMS ? platform_names[platform] : "unknown";
}

static int parse_task(const struct nr_json_place *place, unsigned *out, struct nr_err *err)
{
    struct nr_view text;

    if (nr_json_want_text(place, 1, NAME_MAX_BYTES, &text, err) != 0)
        return -1;
    for (size_t i = 0; i < N_TASKS; i++) {
        if (nr_view_is(text, nr_view(tasks[i].name))) {
            *out |= tasks[i].task;
            return 0;
        }
    }
    return nr_json_refuse(place, err, "must be report, devices, ledger or topics");
}

static int parse_tasks(const struct nr_json_place *place, unsigned *out, struct nr_err *err)
{
    size_t n;

    *out = PRUNE_ALL;
    if (!nr_json_has(place))
        return 0;
    if (nr_json_want_array(place, 1, N_TASKS, &n, err) != 0)
        return -1;
    *out = 0;
    for (size_t i = 0; i < n; i++) {
        struct nr_json_place item = nr_json_item(place, i);

        if (parse_task(&item, out, err) != 0)
            return -1;
    }
    return 0;
}

/* What a rule of EventBridge sends by itself, instead of an input of ours. */
static bool is_schedules_own(const json_t *event)
{
    return json_object_get(event, "detail-type") && json_object_get(event, "source");
}

int prune_request_parse(const json_t *event, struct prune_request *out, struct nr_err *err)
{
    static const char *const names[] = {"tasks", "force", NULL};
    struct prune_request request = {.tasks = PRUNE_ALL};
    struct nr_json_place root = nr_json_root("", event);
    struct nr_json_place list = nr_json_member(&root, "tasks");
    struct nr_json_place force = nr_json_member(&root, "force");

    if (nr_json_want_object(&root, err) != 0)
        return -1;
    if (!is_schedules_own(event)) {
        if (nr_json_want_only(&root, names, err) != 0 || parse_tasks(&list, &request.tasks, err) != 0)
            return -1;
        if (nr_json_has(&force) && nr_json_want_bool(&force, &request.is_forced, err) != 0)
            return -1;
    }
    *out = request;
    return 0;
}

bool prune_is_allowed(struct prune_census census, int64_t max_percent, bool is_forced)
{
    return is_forced || census.n_stale <= PRUNE_FREE_DEVICES ||
           prune_percent(census.n_stale, census.n_active) <= (double)max_percent;
}

double prune_percent(int64_t n, int64_t all)
{
    return all > 0 ? 100.0 * (double)n / (double)all : 0.0;
}
