#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>
#include <jansson.h>

#include <narae/rfc3339.h>

#include "functions/snapshot/retention.h"

enum { MAX = 256 };

static struct zone utc;
static struct retention_item items[MAX];
static char ids[MAX][8];
static size_t n;

static void start(void)
{
    cr_assert(zone_parse(NR_VIEW("UTC"), &utc));
    n = 0;
}

TestSuite(retention, .init = start);

static void add(const char *time)
{
    int64_t unix_ms;

    cr_assert(nr_rfc3339_parse(nr_view(time), &unix_ms), "%s", time);
    snprintf(ids[n], sizeof(ids[n]), "%zu", n);
    items[n] = (struct retention_item){.unix_ms = unix_ms, .id = nr_view(ids[n]), .index = n};
    n++;
}

static void add_days(int year, int month, int first, int n_days)
{
    for (int day = 0; day < n_days; day++) {
        struct civil at =
            civil_of(civil_s((struct civil){.year = year, .month = month, .day = first + day, .hour = 1}));
        char text[64];

        snprintf(text, sizeof(text), "%04d-%02d-%02dT01:00:00Z", at.year, at.month, at.day);
        add(text);
    }
}

/* The kept ones, newest first, as "MM-DD MM-DD" (and "MM-DDThh" where the hour is not 1). */
static const char *kept(const struct retention_policy *policy)
{
    static char out[4096];
    size_t len = 0;

    retention_apply(policy, &utc, items, n);
    out[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        struct civil at = civil_of(items[i].unix_ms / 1000);

        if (!retention_is_kept(&items[i].reason))
            continue;
        len +=
            (size_t)snprintf(out + len, sizeof(out) - len, at.hour == 1 ? "%s%02d-%02d" : "%s%02d-%02dT%02d",
                             len ? " " : "", at.month, at.day, at.hour);
    }
    return out;
}

#define KEEP(...) (&(struct retention_policy){.keep = {__VA_ARGS__}})
#define DAILY     [RETENTION_DAILY]
#define WEEKLY    [RETENTION_WEEKLY]
#define MONTHLY   [RETENTION_MONTHLY]
#define YEARLY    [RETENTION_YEARLY]

Test(retention, counts_each_rule_on_its_own)
{
    add_days(2026, 8, 3, 20);

    cr_expect_str_eq(kept(KEEP(DAILY = 2, WEEKLY = 2)), "08-22 08-21 08-16");
}

Test(retention, keeps_the_oldest_while_a_rule_has_count_left)
{
    add_days(2026, 8, 3, 20);

    cr_expect_str_eq(kept(KEEP(WEEKLY = 4)), "08-22 08-16 08-09 08-03");
    cr_expect_str_eq(kept(KEEP(MONTHLY = 3)), "08-22 08-03");
}

Test(retention, lets_gaps_consume_nothing)
{
    static const char *const times[] = {"2026-08-22T01:00:00Z", "2026-08-21T13:00:00Z",
                                        "2026-08-21T01:00:00Z", "2026-08-10T01:00:00Z",
                                        "2026-07-01T01:00:00Z", "2026-06-30T01:00:00Z"};

    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
        add(times[i]);

    cr_expect_str_eq(kept(KEEP(DAILY = 3)), "08-22 08-21T13 08-10");
    cr_expect_str_eq(kept(KEEP(DAILY = 3, MONTHLY = 2)), "08-22 08-21T13 08-10 07-01");
}

Test(retention, takes_iso_weeks_and_calendar_years)
{
    add_days(2026, 12, 21, 15);

    cr_expect_str_eq(kept(KEEP(WEEKLY = 2)), "01-04 01-03");
    cr_expect_str_eq(kept(KEEP(YEARLY = 2)), "01-04 12-31");
}

Test(retention, buckets_by_the_days_of_the_zone)
{
    struct zone seoul;

    /* 02:00 and 23:00 of one day in Seoul are two days in UTC. */
    cr_assert(zone_parse(NR_VIEW("Asia/Seoul"), &seoul));
    add("2026-08-09T17:00:00Z");
    add("2026-08-10T14:00:00Z");
    add("2026-08-10T17:00:00Z");

    retention_apply(KEEP(DAILY = 2), &seoul, items, n);
    cr_expect(retention_is_kept(&items[0].reason) && retention_is_kept(&items[1].reason) &&
              !retention_is_kept(&items[2].reason));
    cr_expect_str_eq(kept(KEEP(DAILY = 2)), "08-10T17 08-09T17");
}

Test(retention, breaks_ties_by_id_so_that_a_plan_repeats)
{
    add("2026-08-10T01:00:00Z");
    add("2026-08-10T01:00:00Z");
    add("2026-08-10T01:00:00Z");

    retention_apply(KEEP(1), &utc, items, n);

    cr_expect_str_eq(items[0].id.ptr, "0");
    cr_expect_eq(items[0].index, 0);
    cr_expect(retention_is_kept(&items[0].reason) && !retention_is_kept(&items[1].reason));
}

Test(retention, says_why)
{
    struct nr_buf text;

    nr_buf_init(&text, 256);
    add_days(2026, 8, 3, 20);
    retention_apply(
        &(struct retention_policy){.keep = {1, DAILY = 2, WEEKLY = 4}, .within = {{.days = 1, .hours = 1}}},
        &utc, items, n);

    retention_reason_text(&items[0].reason, &text);
    nr_buf_add_char(&text, '|');
    retention_reason_text(&items[1].reason, &text);
    nr_buf_add_char(&text, '|');
    retention_reason_text(&items[19].reason, &text);
    cr_expect_str_eq(nr_buf_text(&text),
                     "last #1, daily #1, weekly #1, within|daily #2, within|weekly #4 (oldest)");
    nr_buf_done(&text);
}

Test(retention, reads_spans)
{
    struct retention_span span;

    cr_expect(retention_span_parse(NR_VIEW("1y2m3d4h"), &span));
    cr_expect(span.years == 1 && span.months == 2 && span.days == 3 && span.hours == 4);
    cr_expect(retention_span_parse(NR_VIEW("30d"), &span) && span.days == 30 && span.years == 0);
    for (const char *const *bad =
             (const char *const[]){"", "d", "30", "30 d", "1d1y", "1d2d", "-1d", "10000d", "1w", NULL};
         *bad; bad++)
        cr_expect_not(retention_span_parse(nr_view(*bad), &span), "%s", *bad);
}

Test(retention, bounds_what_it_will_hold)
{
    cr_expect_eq(retention_most(KEEP(DAILY = 14, WEEKLY = 8, MONTHLY = 12, YEARLY = 10)), 44);
    cr_expect_eq(retention_most(KEEP(DAILY = RETENTION_UNLIMITED)), RETENTION_UNLIMITED);
    cr_expect_eq(retention_most(&(struct retention_policy){.within = {{.days = 1}}}), RETENTION_UNLIMITED);
    cr_expect(retention_is_empty(KEEP(0)));
    cr_expect_not(retention_is_empty(&(struct retention_policy){.within = {{.days = 1}}}));
}

/* --- restic's published cases ----------------------------------------------------------------------------
 *
 * The times and policies of restic's own test of its policies (snapshot_policy_test.go), and what the program
 * restic 0.14 kept of them: snapshots were made with `restic backup --time`, and `restic forget --dry-run
 * --json` was asked. restic takes whole seconds there: the four snapshots at ".1" were made a second later,
 * which no policy distinguishes. Unlimited counts, which 0.14 does not know, were asked as 999999. The rule
 * of the oldest is younger than 0.14: it adds 2014-08-08 to the cases 16, 17, 35 and 39, as restic's golden
 * files of 2026 have it. */

static int count_of(const json_t *object, const char *name)
{
    return (int)json_integer_value(json_object_get(object, name));
}

static struct retention_policy policy_of(const json_t *keep)
{
    static const char *const counts[] = {"last", "hourly", "daily", "weekly", "monthly", "yearly"};
    static const char *const spans[] = {"within",        "within_hourly",  "within_daily",
                                        "within_weekly", "within_monthly", "within_yearly"};
    struct retention_policy policy = {0};

    for (int p = 0; p < RETENTION_N_PERIODS; p++) {
        const char *span = json_string_value(json_object_get(keep, spans[p]));
        /* restic takes the parts of a span in any order, and this case has them so. */
        const char *ordered = span && strcmp(span, "1y1d1m") == 0 ? "1y1m1d" : span;

        policy.keep[p] = count_of(keep, counts[p]);
        cr_assert(!span || retention_span_parse(nr_view(ordered), &policy.within[p]), "%s", span);
    }
    return policy;
}

static bool is_in(const json_t *list, size_t index)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if ((size_t)json_integer_value(json_array_get(list, i)) == index)
            return true;
    return false;
}

static void expect_case(const json_t *times, const json_t *test)
{
    const json_t *wanted = json_object_get(test, "kept");
    struct retention_policy policy = policy_of(json_object_get(test, "keep"));
    size_t at = 0;

    n = 0;
    for (size_t i = 0; i < json_array_size(times); i++)
        add(json_string_value(json_array_get(times, i)));
    retention_apply(&policy, &utc, items, n);
    for (size_t i = 0; i < n; i++) {
        int64_t unix_ms;

        if (!retention_is_kept(&items[i].reason) && !is_in(json_object_get(test, "held"), items[i].index))
            continue;
        if (json_is_array(wanted)) {
            cr_assert(at < json_array_size(wanted), "case %d keeps too much", count_of(test, "case"));
            cr_assert(nr_rfc3339_parse(nr_view(json_string_value(json_array_get(wanted, at))), &unix_ms));
            cr_assert_eq(items[i].unix_ms, unix_ms, "case %d: kept number %zu is another",
                         count_of(test, "case"), at);
        }
        at++;
    }
    cr_assert_eq(at, json_is_array(wanted) ? json_array_size(wanted) : n, "case %d", count_of(test, "case"));
}

Test(retention, keeps_what_restic_keeps_of_its_published_cases)
{
    json_t *doc =
        json_load_file(NARAE_SOURCE_ROOT "/tests/unit/functions/snapshot/restic_cases.json", 0, NULL);
    const json_t *cases = json_object_get(doc, "cases");

    cr_assert_eq(json_array_size(cases), 39);
    for (size_t i = 0; i < json_array_size(cases); i++)
        expect_case(json_object_get(doc, "times"), json_array_get(cases, i));
    json_decref(doc);
}
