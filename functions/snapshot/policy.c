#include <stdio.h>
#include <stdlib.h>

#include <narae/json.h>

#include "functions/snapshot/policy.h"
#include "functions/snapshot/slot.h"

/* --- numbers -------------------------------------------------------------------------------------------- */

#define AT(member) offsetof(struct policy_limits, member)

/* A deletion that is not wanted must be small, and one that is wanted must not pile up: a daily rule lets go
 * of one a day. */
static const struct {
    const char *name;
    size_t offset;
    int64_t min, max, fallback;
} numbers[] = {
    {"slot_minutes", AT(slot_minutes), 1, 1440, 1},
    {"min_keep", AT(min_keep), 1, 1000, 3},
    {"max_stale_hours", AT(max_stale_hours), 1, 8784, 48}, /* two nights */
    {"max_delete_per_cluster", AT(max_delete_per_cluster), 1, 1000, 5},
    {"max_delete_per_run", AT(max_delete_per_run), 1, 10000, 200},
    /* Lambda retries an asynchronous event for 6 hours, Scheduler for up to 24. */
    {"max_event_age_hours", AT(max_event_age_hours), 1, 24, 6},
    {"stuck_hours", AT(stuck_hours), 1, 168, 6},
    {"orphan_keep_last", AT(orphan_keep_last), POLICY_ALL, 1000, POLICY_ALL},
    {"orphan_keep_days", AT(orphan_keep_days), 0, 36600, 0},
};

enum { N_NUMBERS = sizeof(numbers) / sizeof(numbers[0]) };

static int parse_numbers(const struct nr_json_place *at, struct policy_limits *out, struct nr_err *err)
{
    for (size_t i = 0; i < N_NUMBERS; i++) {
        struct nr_json_place place = nr_json_member(at, numbers[i].name);
        int64_t *value = (int64_t *)(void *)((char *)out + numbers[i].offset);

        *value = numbers[i].fallback;
        if (nr_json_has(&place) && nr_json_want_int(&place, numbers[i].min, numbers[i].max, value, err) != 0)
            return -1;
    }
    return 0;
}

/* --- texts ---------------------------------------------------------------------------------------------- */

static bool is_lower_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* As a part of a snapshot's name: a letter first, single hyphens, none at the end. */
static int parse_word(const struct nr_json_place *place, size_t max_bytes, struct nr_view *out,
                      struct nr_err *err)
{
    struct nr_view text;

    if (nr_json_want_text(place, 1, max_bytes, &text, err) != 0)
        return -1;
    for (size_t i = 0; i < text.len; i++)
        if (!is_lower_or_digit(text.ptr[i]) &&
            (text.ptr[i] != '-' || i + 1 == text.len || text.ptr[i + 1] == '-'))
            return nr_json_refuse(place, err,
                                  "may only contain lower-case letters, digits and single hyphens inside");
    if (text.ptr[0] < 'a' || text.ptr[0] > 'z')
        return nr_json_refuse(place, err, "must begin with a lower-case letter");
    *out = text;
    return 0;
}

static int parse_zone(const struct nr_json_place *at, struct zone *out, struct nr_err *err)
{
    struct nr_json_place place = nr_json_member(at, "zone");
    struct nr_view text = NR_VIEW("UTC");

    if (nr_json_has(&place) && nr_json_want_text(&place, 1, ZONE_NAME_MAX_BYTES, &text, err) != 0)
        return -1;
    if (!zone_parse(text, out))
        return nr_json_refuse(&place, err, "must be a time zone such as Asia/Seoul");
    return 0;
}

static int parse_bool(const struct nr_json_place *at, const char *name, bool fallback, bool *out,
                      struct nr_err *err)
{
    struct nr_json_place place = nr_json_member(at, name);

    *out = fallback;
    return nr_json_has(&place) ? nr_json_want_bool(&place, out, err) : 0;
}

static int parse_list(const struct nr_json_place *at, const char *name, size_t max_items,
                      int (*check)(const struct nr_json_place *, struct nr_err *), const json_t **out,
                      struct nr_err *err)
{
    struct nr_json_place place = nr_json_member(at, name);
    size_t n;

    if (!nr_json_has(&place))
        return 0;
    if (nr_json_want_array(&place, 1, max_items, &n, err) != 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        struct nr_json_place item = nr_json_item(&place, i);

        if (check(&item, err) != 0)
            return -1;
    }
    *out = place.value;
    return 0;
}

/* --- clusters ------------------------------------------------------------------------------------------- */

static int check_pattern(const struct nr_json_place *item, struct nr_err *err)
{
    struct nr_view text;

    if (nr_json_want_text(item, 1, SLOT_NAME_MAX_BYTES, &text, err) != 0)
        return -1;
    for (size_t i = 0; i < text.len; i++)
        if (!is_lower_or_digit(text.ptr[i]) && !strchr("-*?", text.ptr[i]))
            return nr_json_refuse(item, err,
                                  "must be a cluster id in lower case, with * and ? as wild cards");
    return 0;
}

static int parse_tags(const struct nr_json_place *at, const json_t **out, struct nr_err *err)
{
    struct nr_json_place place = nr_json_member(at, "tags");
    const char *key;
    json_t *value;

    if (!nr_json_has(&place))
        return 0;
    if (nr_json_want_object(&place, err) != 0)
        return -1;
    if (json_object_size(place.value) == 0)
        return nr_json_refuse(&place, err, "must name at least one tag");
    json_object_foreach((json_t *)(uintptr_t)place.value, key, value)
    {
        struct nr_json_place tag = nr_json_member(&place, key);
        struct nr_view text;

        if (nr_json_want_text(&tag, 0, 256, &text, err) != 0)
            return -1;
    }
    *out = place.value;
    return 0;
}

static int parse_clusters(const struct nr_json_place *at, struct policy_clusters *out, struct nr_err *err)
{
    static const char *const names[] = {"ids", "exclude", "tags", NULL};
    struct nr_json_place place = nr_json_member(at, "clusters");

    if (nr_json_want_object(&place, err) != 0 || nr_json_want_only(&place, names, err) != 0 ||
        parse_list(&place, "ids", POLICY_PATTERN_MAX, check_pattern, &out->ids, err) != 0 ||
        parse_list(&place, "exclude", POLICY_PATTERN_MAX, check_pattern, &out->exclude, err) != 0 ||
        parse_tags(&place, &out->tags, err) != 0)
        return -1;
    if (!out->ids && !out->tags)
        return nr_json_refuse(&place, err,
                              "must have ids or tags; {\"ids\": [\"*\"]} is every Aurora cluster");
    return 0;
}

/* --- keep ----------------------------------------------------------------------------------------------- */

/* Indexed by enum retention_period. */
static const char *const keep_names[] = {
    "last",          "hourly",       "daily",         "weekly",         "monthly",       "yearly", "within",
    "within_hourly", "within_daily", "within_weekly", "within_monthly", "within_yearly", NULL};

static int parse_span(const struct nr_json_place *place, struct retention_span *out, struct nr_err *err)
{
    struct nr_view text;

    if (nr_json_want_text(place, 1, 24, &text, err) != 0)
        return -1;
    if (!retention_span_parse(text, out))
        return nr_json_refuse(place, err, "must be a span such as 30d or 1y6m");
    return 0;
}

static int parse_keep(const struct nr_json_place *at, struct retention_policy *out, struct nr_err *err)
{
    struct nr_json_place place = nr_json_member(at, "keep");

    if (nr_json_want_object(&place, err) != 0 || nr_json_want_only(&place, keep_names, err) != 0)
        return -1;
    for (int p = 0; p < RETENTION_N_PERIODS; p++) {
        struct nr_json_place count = nr_json_member(&place, keep_names[p]);
        struct nr_json_place within = nr_json_member(&place, keep_names[p + RETENTION_N_PERIODS]);
        int64_t value = 0;

        if (nr_json_has(&count) && nr_json_want_int(&count, RETENTION_UNLIMITED, 10000, &value, err) != 0)
            return -1;
        out->keep[p] = (int)value;
        if (nr_json_has(&within) && parse_span(&within, &out->within[p], err) != 0)
            return -1;
    }
    if (retention_is_empty(out))
        return nr_json_refuse(&place, err, "keeps nothing; give at least one of last, daily, weekly ...");
    return 0;
}

/* --- copies and shares ---------------------------------------------------------------------------------- */

static int check_account(const struct nr_json_place *item, struct nr_err *err)
{
    struct nr_view text;

    if (nr_json_want_text(item, 1, 64, &text, err) != 0)
        return -1;
    if (nr_view_is_nocase(text, NR_VIEW("all")))
        return nr_json_refuse(item, err, "would make every snapshot public");
    for (size_t i = 0; i < text.len; i++)
        if (text.len != 12 || text.ptr[i] < '0' || text.ptr[i] > '9')
            return nr_json_refuse(item, err, "must be an account id of 12 digits");
    return 0;
}

static int parse_share(const struct nr_json_place *at, const json_t **out, struct nr_err *err)
{
    static const char *const names[] = {"accounts", NULL};
    struct nr_json_place place = nr_json_member(at, "share");

    if (!nr_json_has(&place))
        return 0;
    if (nr_json_want_object(&place, err) != 0 || nr_json_want_only(&place, names, err) != 0 ||
        parse_list(&place, "accounts", POLICY_ACCOUNT_MAX, check_account, out, err) != 0)
        return -1;
    return *out ? 0 : nr_json_refuse(&place, err, "must have accounts");
}

static int parse_copy(const struct nr_json_place *at, struct policy_copy *out, struct nr_err *err)
{
    static const char *const names[] = {"region", "kms_key", "keep", NULL};
    struct nr_json_place place = nr_json_member(at, "copy");
    struct nr_json_place region = nr_json_member(&place, "region");
    struct nr_json_place kms_key = nr_json_member(&place, "kms_key");

    if (!nr_json_has(&place))
        return 0;
    if (nr_json_want_object(&place, err) != 0 || nr_json_want_only(&place, names, err) != 0 ||
        parse_word(&region, 32, &out->region, err) != 0 || parse_keep(&place, &out->keep, err) != 0)
        return -1;
    if (nr_json_has(&kms_key) && nr_json_want_text(&kms_key, 1, 2048, &out->kms_key, err) != 0)
        return -1;
    out->is_wanted = true;
    return 0;
}

/* --- document ------------------------------------------------------------------------------------------- */

static int check_members(const struct nr_json_place *at, struct nr_err *err)
{
    static const char *const others[] = {"id",    "prefix",  "clusters",          "zone", "keep", "copy",
                                         "share", "dry_run", "stopped_is_failure"};
    const char *names[N_NUMBERS + sizeof(others) / sizeof(others[0]) + 1] = {0};
    size_t n = 0;

    for (; n < sizeof(others) / sizeof(others[0]); n++)
        names[n] = others[n];
    for (size_t i = 0; i < N_NUMBERS; i++)
        names[n++] = numbers[i].name;
    return nr_json_want_only(at, names, err);
}

static int parse_policy(const struct nr_json_place *at, struct policy *out, struct nr_err *err)
{
    struct nr_json_place id = nr_json_member(at, "id");
    struct nr_json_place prefix = nr_json_member(at, "prefix");

    *out = (struct policy){.prefix = NR_VIEW("narae")};
    if (nr_json_want_object(at, err) != 0 || check_members(at, err) != 0 ||
        parse_word(&id, POLICY_ID_MAX_BYTES, &out->id, err) != 0 ||
        parse_clusters(at, &out->clusters, err) != 0 || parse_zone(at, &out->zone, err) != 0 ||
        parse_keep(at, &out->keep, err) != 0 || parse_numbers(at, &out->limits, err) != 0 ||
        parse_share(at, &out->accounts, err) != 0 || parse_copy(at, &out->copy, err) != 0 ||
        parse_bool(at, "dry_run", true, &out->is_dry_run, err) != 0 ||
        parse_bool(at, "stopped_is_failure", false, &out->is_stopped_failure, err) != 0)
        return -1;
    return nr_json_has(&prefix) ? parse_word(&prefix, SLOT_PREFIX_MAX_BYTES, &out->prefix, err) : 0;
}

/* Two policies of one id would delete each other's snapshots. */
static int check_ids(const struct nr_json_place *list, const struct policy_set *set, struct nr_err *err)
{
    for (size_t i = 0; i < set->n; i++)
        if (policy_find(set, set->items[i].id) != &set->items[i]) {
            struct nr_json_place item = nr_json_item(list, i);
            struct nr_json_place id = nr_json_member(&item, "id");

            return nr_json_refuse(&id, err, "is the id of another policy as well");
        }
    return 0;
}

/* One function speaks to one other Region; the second Region is another function's. */
static int check_regions(const struct nr_json_place *list, const struct policy_set *set, struct nr_err *err)
{
    const struct policy *first = NULL;

    for (size_t i = 0; i < set->n; i++) {
        if (!set->items[i].copy.is_wanted)
            continue;
        if (first && !nr_view_is(first->copy.region, set->items[i].copy.region)) {
            struct nr_json_place item = nr_json_item(list, i);
            struct nr_json_place copy = nr_json_member(&item, "copy");
            struct nr_json_place region = nr_json_member(&copy, "region");

            return nr_json_refuse(&region, err, "must be the Region of the other policies");
        }
        first = first ? first : &set->items[i];
    }
    return 0;
}

static int parse_document(const struct nr_json_place *root, struct policy_set *set, struct nr_err *err)
{
    static const char *const names[] = {"policies", NULL};
    struct nr_json_place list = nr_json_member(root, "policies");
    bool is_list = nr_json_has(&list);

    set->n = 1;
    if (is_list && (nr_json_want_only(root, names, err) != 0 ||
                    nr_json_want_array(&list, 1, POLICY_MAX, &set->n, err) != 0))
        return -1;
    set->items = calloc(set->n, sizeof(*set->items));
    if (!set->items)
        return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.OutOfMemory", "no memory for %zu policies",
                          set->n);
    for (size_t i = 0; i < set->n; i++) {
        struct nr_json_place item = is_list ? nr_json_item(&list, i) : *root;

        if (parse_policy(&item, &set->items[i], err) != 0)
            return -1;
    }
    return check_ids(&list, set, err) == 0 ? check_regions(&list, set, err) : -1;
}

int policy_set_parse(struct nr_view text, const char *what, struct policy_set *out, struct nr_err *err)
{
    struct policy_set set = {0};
    struct nr_json_place root;

    if (nr_json_parse(text, what, &set.doc, err) != 0)
        return -1;
    root = nr_json_root(what, set.doc);
    if (parse_document(&root, &set, err) != 0) {
        policy_set_done(&set);
        if (err->kind == NR_ERR_INVALID)
            snprintf(err->type, sizeof(err->type), "Function.InvalidSetting");
        return -1;
    }
    *out = set;
    return 0;
}

void policy_set_done(struct policy_set *set)
{
    free(set->items);
    json_decref(set->doc);
    *set = (struct policy_set){0};
}

const struct policy *policy_find(const struct policy_set *set, struct nr_view id)
{
    for (size_t i = 0; i < set->n; i++)
        if (nr_view_is(set->items[i].id, id))
            return &set->items[i];
    return NULL;
}

int64_t policy_forecast(const struct policy *policy, size_t n_clusters)
{
    int most = retention_most(&policy->keep);

    if (most == RETENTION_UNLIMITED)
        return RETENTION_UNLIMITED;
    return (most > policy->limits.min_keep ? most : policy->limits.min_keep) * (int64_t)n_clusters;
}
