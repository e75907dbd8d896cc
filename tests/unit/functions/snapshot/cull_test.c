#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "functions/snapshot/cull.h"

#define HOUR_MS 3600000
#define NOW     (1795539600000 + 5 * 60000) /* 2026-11-24T17:05:00Z */

enum { MAX = 64 };

static struct zone utc;
static struct retention_policy keep;
static struct policy_limits limits;
static struct cull_case what;
static struct cull_item items[MAX];
static char ids[MAX][16];
static size_t n;
static int64_t run_left;

/* Item i was made i nights before this one; all are good. */
static void nights(size_t count)
{
    for (n = 0; n < count; n++) {
        snprintf(ids[n], sizeof(ids[n]), "s%02zu", n);
        items[n] = (struct cull_item){.id = nr_view(ids[n]),
                                      .age_unix_ms = NOW - 300000 - (int64_t)n * 24 * HOUR_MS,
                                      .state = RDS_AVAILABLE};
    }
}

static void set_up(void)
{
    cr_assert(zone_parse(NR_VIEW("UTC"), &utc));
    keep = (struct retention_policy){.keep = {[RETENTION_LAST] = 3}};
    limits = (struct policy_limits){
        .min_keep = 1, .max_stale_hours = 48, .max_delete_per_cluster = 100, .orphan_keep_last = POLICY_ALL};
    run_left = 1000;
    what = (struct cull_case){
        .keep = &keep, .limits = &limits, .zone = &utc, .now_unix_ms = NOW, .run_deletes_left = &run_left};
    nights(6);
}

TestSuite(cull, .init = set_up);

/* A letter for each item: what became of it. */
static const char *verdicts(void)
{
    static const char letters[CULL_N] = {
        [CULL_NONE] = '?',          [CULL_BY_RULE] = 'k',      [CULL_HELD] = 'h',
        [CULL_NEWEST] = 'n',        [CULL_MIN_KEEP] = 'm',     [CULL_NOT_AVAILABLE] = 'u',
        [CULL_FUTURE] = 'f',        [CULL_COPY_AWAITED] = 'c', [CULL_ORPHAN_KEPT] = 'o',
        [CULL_STALE] = 's',         [CULL_LISTING_CUT] = 'l',  [CULL_CLOCK_WRONG] = 'w',
        [CULL_UNSELECTED] = 'x',    [CULL_CAPPED] = 'p',       [CULL_EXPIRED] = 'D',
        [CULL_ORPHAN_EXPIRED] = 'O'};
    static char out[MAX + 1];
    struct nr_err err = {0};

    cr_assert_eq(cull_decide(&what, items, n, &err), 0);
    for (size_t i = 0; i < n; i++)
        out[i] = letters[items[i].why];
    out[n] = '\0';
    return out;
}

Test(cull, lets_go_what_no_rule_keeps)
{
    cr_expect_str_eq(verdicts(), "kkkDDD");
    cr_expect_eq(run_left, 997);
}

Test(cull, keeps_at_least_min_keep)
{
    limits.min_keep = 5;

    cr_expect_str_eq(verdicts(), "kkkmmD");
}

Test(cull, never_lets_the_newest_go_even_if_no_rule_keeps_it)
{
    keep = (struct retention_policy){.keep = {[RETENTION_LAST] = 1}};
    items[0].is_held = false;
    items[1].is_held = true;

    cr_expect_str_eq(verdicts(), "khDDDD");
    keep.keep[RETENTION_LAST] = 0;
    cr_expect_str_eq(verdicts(), "nhDDDD");
}

Test(cull, counts_only_what_is_available)
{
    items[0].state = RDS_UNDERWAY;
    items[1].state = RDS_FAILED;
    items[2].state = RDS_UNKNOWN;
    limits.max_stale_hours = 100;

    cr_expect_str_eq(verdicts(), "uuukkk");
}

Test(cull, stops_when_creation_has_stopped)
{
    what.now_unix_ms += 48 * HOUR_MS;

    cr_expect_str_eq(verdicts(), "kkksss");
    what.now_unix_ms -= 10 * 60000;
    cr_expect_str_eq(verdicts(), "kkkDDD");
}

Test(cull, stops_when_the_newest_ones_are_being_made_and_the_last_good_one_is_old)
{
    items[0].state = items[1].state = RDS_UNDERWAY;

    cr_expect_str_eq(verdicts(), "uukkks");
}

Test(cull, stops_when_the_listing_is_cut_or_clocks_differ_or_the_cluster_is_not_meant_any_more)
{
    what.suspended = CULL_LISTING_CUT;
    cr_expect_str_eq(verdicts(), "kkklll");
    what.suspended = CULL_CLOCK_WRONG;
    cr_expect_str_eq(verdicts(), "kkkwww");
    what.suspended = CULL_UNSELECTED;
    cr_expect_str_eq(verdicts(), "kkkxxx");
    cr_expect_eq(run_left, 1000);
}

Test(cull, neither_counts_nor_deletes_what_is_dated_in_the_future)
{
    items[0].age_unix_ms = NOW + CULL_SKEW_MAX_MS + 1;

    cr_expect_str_eq(verdicts(), "fkkkDD");
}

Test(cull, honours_holds_which_consume_no_count)
{
    items[4].is_held = true;

    cr_expect_str_eq(verdicts(), "kkkDhD");
}

Test(cull, waits_for_copies)
{
    items[3].is_copy_awaited = items[0].is_copy_awaited = true;

    cr_expect_str_eq(verdicts(), "kkkcDD");
}

Test(cull, deletes_the_oldest_first_within_its_caps)
{
    limits.max_delete_per_cluster = 2;
    cr_expect_str_eq(verdicts(), "kkkpDD");
    limits.max_delete_per_cluster = 100;
    run_left = 1;
    cr_expect_str_eq(verdicts(), "kkkppD");
    cr_expect_eq(run_left, 0);
}

Test(cull, keeps_all_of_a_deleted_cluster_unless_told_otherwise)
{
    what.is_orphan = true;
    what.now_unix_ms += 1000 * 24 * (int64_t)HOUR_MS; /* nothing newer will come */

    cr_expect_str_eq(verdicts(), "nooooo");
    limits.orphan_keep_last = 2;
    cr_expect_str_eq(verdicts(), "noOOOO");
    limits.orphan_keep_days = 1003;
    cr_expect_str_eq(verdicts(), "nooOOO");
    limits.min_keep = 5;
    cr_expect_str_eq(verdicts(), "noommO");
}

Test(cull, says_why)
{
    struct nr_buf text;

    nr_buf_init(&text, 256);
    (void)verdicts();
    cull_why_text(&items[0], &text);
    nr_buf_add_char(&text, '|');
    cull_why_text(&items[5], &text);
    cr_expect_str_eq(nr_buf_text(&text), "last #1|no rule keeps it");
    nr_buf_done(&text);
}

Test(cull, has_nothing_to_say_about_nothing)
{
    n = 0;
    cr_expect_str_eq(verdicts(), "");
}
