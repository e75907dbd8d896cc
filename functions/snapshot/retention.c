#include <stdlib.h>

#include "functions/snapshot/retention.h"

static int64_t key_last(const struct civil *at, size_t position)
{
    (void)at;
    return (int64_t)position;
}

static int64_t key_year(const struct civil *at, size_t position)
{
    (void)position;
    return at->year;
}

static int64_t key_month(const struct civil *at, size_t position)
{
    return key_year(at, position) * 100 + at->month;
}

static int64_t key_day(const struct civil *at, size_t position)
{
    return key_month(at, position) * 100 + at->day;
}

static int64_t key_hour(const struct civil *at, size_t position)
{
    return key_day(at, position) * 100 + at->hour;
}

static int64_t key_week(const struct civil *at, size_t position)
{
    (void)position;
    return civil_iso_week(*at);
}

/* Indexed by enum retention_period. Two snapshots of one period have one key. */
static const struct {
    const char *name;
    const char *within_name;
    int64_t (*key)(const struct civil *at, size_t position);
} periods[RETENTION_N_PERIODS] = {
    [RETENTION_LAST] = {"last", "within", key_last},
    [RETENTION_HOURLY] = {"hourly", "within_hourly", key_hour},
    [RETENTION_DAILY] = {"daily", "within_daily", key_day},
    [RETENTION_WEEKLY] = {"weekly", "within_weekly", key_week},
    [RETENTION_MONTHLY] = {"monthly", "within_monthly", key_month},
    [RETENTION_YEARLY] = {"yearly", "within_yearly", key_year},
};

enum { NO_KEY = -1 }; /* no period has it */

/* What the rules remember on their way from the newest to the oldest. */
struct walk {
    const struct zone *zone;
    int left[RETENTION_N_PERIODS];
    uint16_t n_kept[RETENTION_N_PERIODS];
    int64_t last_key[RETENTION_N_PERIODS];
    int64_t last_within_key[RETENTION_N_PERIODS];
    int64_t within_unix_ms[RETENTION_N_PERIODS]; /* kept when strictly newer; INT64_MAX = rule off */
};

static bool is_span(const struct retention_span *span)
{
    return span->years || span->months || span->days || span->hours;
}

/* Years, months and days by the calendar of the zone, then hours. */
static int64_t earlier_ms(const struct zone *zone, int64_t unix_ms, const struct retention_span *span)
{
    int64_t s = unix_ms / 1000;
    struct civil at = zone_civil(zone, s);

    at.year -= span->years;
    at.month -= span->months;
    at.day -= span->days;
    return (zone_unix_s(zone, at) - (int64_t)span->hours * 3600) * 1000 + unix_ms % 1000;
}

static void walk_init(struct walk *walk, const struct retention_policy *policy, const struct zone *zone,
                      int64_t newest_unix_ms)
{
    *walk = (struct walk){.zone = zone};
    for (int p = 0; p < RETENTION_N_PERIODS; p++) {
        walk->left[p] = policy->keep[p];
        walk->last_key[p] = walk->last_within_key[p] = NO_KEY;
        walk->within_unix_ms[p] =
            is_span(&policy->within[p]) ? earlier_ms(zone, newest_unix_ms, &policy->within[p]) : INT64_MAX;
    }
}

static void offer_keep(struct walk *walk, int p, int64_t key, bool is_oldest, struct retention_reason *reason)
{
    bool is_new = key != walk->last_key[p];

    if (walk->left[p] == 0 || (!is_new && !is_oldest))
        return;
    walk->last_key[p] = key;
    if (walk->left[p] > 0)
        walk->left[p]--;
    reason->by_keep |= 1U << p;
    reason->as_oldest |= is_new ? 0 : 1U << p;
    reason->nth[p] = ++walk->n_kept[p];
}

static void offer_within(struct walk *walk, int p, int64_t unix_ms, int64_t key, bool is_oldest,
                         struct retention_reason *reason)
{
    if (unix_ms <= walk->within_unix_ms[p] || (key == walk->last_within_key[p] && !is_oldest))
        return;
    walk->last_within_key[p] = key;
    reason->by_within |= 1U << p;
}

static int by_age(const void *a, const void *b)
{
    const struct retention_item *x = a;
    const struct retention_item *y = b;
    size_t len = x->id.len < y->id.len ? x->id.len : y->id.len;
    int order = len ? memcmp(x->id.ptr, y->id.ptr, len) : 0;

    if (x->unix_ms != y->unix_ms)
        return x->unix_ms > y->unix_ms ? -1 : 1;
    return order ? order : (x->id.len > y->id.len) - (x->id.len < y->id.len);
}

void retention_apply(const struct retention_policy *policy, const struct zone *zone,
                     struct retention_item *items, size_t n)
{
    struct walk walk;

    if (n == 0)
        return;
    qsort(items, n, sizeof(*items), by_age);
    walk_init(&walk, policy, zone, items[0].unix_ms);
    for (size_t i = 0; i < n; i++) {
        struct civil at = zone_civil(zone, items[i].unix_ms / 1000);

        items[i].reason = (struct retention_reason){0};
        for (int p = 0; p < RETENTION_N_PERIODS; p++) {
            int64_t key = periods[p].key(&at, i);

            offer_keep(&walk, p, key, i == n - 1, &items[i].reason);
            offer_within(&walk, p, items[i].unix_ms, key, i == n - 1, &items[i].reason);
        }
    }
}

bool retention_is_kept(const struct retention_reason *reason)
{
    return reason->by_keep || reason->by_within;
}

bool retention_is_empty(const struct retention_policy *policy)
{
    for (int p = 0; p < RETENTION_N_PERIODS; p++)
        if (policy->keep[p] || is_span(&policy->within[p]))
            return false;
    return true;
}

int retention_most(const struct retention_policy *policy)
{
    int most = 0;

    for (int p = 0; p < RETENTION_N_PERIODS; p++) {
        if (policy->keep[p] == RETENTION_UNLIMITED || is_span(&policy->within[p]))
            return RETENTION_UNLIMITED;
        most += policy->keep[p];
    }
    return most;
}

void retention_reason_text(const struct retention_reason *reason, struct nr_buf *out)
{
    const char *between = "";

    for (int p = 0; p < RETENTION_N_PERIODS; p++) {
        if (!(reason->by_keep & 1U << p))
            continue;
        nr_buf_printf(out, "%s%s #%u%s", between, periods[p].name, reason->nth[p],
                      reason->as_oldest & 1U << p ? " (oldest)" : "");
        between = ", ";
    }
    for (int p = 0; p < RETENTION_N_PERIODS; p++) {
        if (!(reason->by_within & 1U << p))
            continue;
        nr_buf_printf(out, "%s%s", between, periods[p].within_name);
        between = ", ";
    }
}

bool retention_span_parse(struct nr_view text, struct retention_span *out)
{
    static const char units[] = "ymdh";
    int values[4] = {0};
    size_t at = 0;
    size_t unit = 0;

    while (at < text.len) {
        size_t start = at;
        int value = 0;
        const char *found;

        for (; at < text.len && at - start < 4 && text.ptr[at] >= '0' && text.ptr[at] <= '9'; at++)
            value = value * 10 + (text.ptr[at] - '0');
        found = at > start && at < text.len && text.ptr[at] ? strchr(units + unit, text.ptr[at]) : NULL;
        if (!found)
            return false;
        values[found - units] = value;
        unit = (size_t)(found - units) + 1;
        at++;
    }
    if (unit == 0)
        return false;
    *out = (struct retention_span){values[0], values[1], values[2], values[3]};
    return true;
}
