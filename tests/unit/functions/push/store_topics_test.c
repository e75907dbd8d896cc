#include <stdio.h>

#include <criterion/criterion.h>

#include <narae/clock.h>

#include "functions/push/store_topics.h"
#include "tests/support/test_database.h"

static struct test_database database;
static struct nr_pg *pg, *other_pg;
static struct topic_rows rows, other_rows;
static struct nr_err err;

static void set_up(void)
{
    const struct nr_pg_options options = {.setting = "NARAE_DATABASE"};
    struct nr_pg_options with_uri = options;

    test_database_init(&database, "functions/push/schema.sql");
    with_uri.conninfo = database.uri;
    cr_assert_eq(nr_pg_new(&with_uri, &pg, &err), 0, "%s", err.message);
    cr_assert_eq(nr_pg_new(&with_uri, &other_pg, &err), 0, "%s", err.message);
    /* Devices 1 and 2 are active, 3 is not. */
    test_database_run(
        &database,
        "insert into narae_push.device (user_id, kind, platform, registration, registration_hash, "
        "status, inactive_reason, inactive_at) select '17', case n when 2 then 'fid' else 'token' end, "
        "'android', 'r' || n, sha256(('r' || n)::bytea), "
        "case n when 3 then 'inactive' else 'active' end, case n when 3 then 'stale' end, "
        "case n when 3 then now() end from generate_series(1, 3) as n");
}

static void tear_down(void)
{
    topic_rows_done(&rows);
    topic_rows_done(&other_rows);
    nr_pg_free(pg);
    nr_pg_free(other_pg);
    test_database_done(&database);
}

TestSuite(store_topics, .init = set_up, .fini = tear_down, .timeout = 60);

/* A row that is due since `due_s` seconds. */
static void add(int device_id, const char *topic, const char *state, int due_s)
{
    char sql[512];

    snprintf(
        sql, sizeof(sql),
        "insert into narae_push.topic (device_id, topic, is_wanted, state, next_at, settled_at) values "
        "(%d, '%s', '%s' in ('wanted', 'active'), '%s', now() - interval '%d s', now() - interval '1 day')",
        device_id, topic, state, state, due_s);
    test_database_run(&database, sql);
}

static size_t claim_some(struct nr_pg *who, size_t limit, const int64_t *ids, size_t n_ids,
                         struct topic_rows *out)
{
    topic_rows_done(out);
    cr_assert_eq(store_topics_claim(who, limit, 60000, ids, n_ids, NR_CLOCK_NEVER_MS, out, &err), 0, "%s",
                 err.message);
    return out->n;
}

static size_t claim(size_t limit)
{
    return claim_some(pg, limit, NULL, 0, &rows);
}

static void finish(size_t i, enum topic_end end, int64_t wait_ms, const char *reason)
{
    const struct topic_result result = {&rows.items[i], end, wait_ms, reason};

    cr_assert_eq(store_topics_finish(pg, &result, 1, NR_CLOCK_NEVER_MS, &err), 0, "%s", err.message);
}

static const char *state(void)
{
    return test_database_text(
        &database,
        "select string_agg(device_id || ':' || topic || ' ' || state || ' a' || attempts || ' ' || "
        "coalesce(reason, '-') || case when lease_until is null then '' else ' leased' end, ', ' "
        "order by device_id, topic) from narae_push.topic");
}

Test(store_topics, claims_what_is_due_with_all_that_a_call_needs)
{
    add(2, "news", "wanted", 5);

    cr_assert_eq(claim(10), 1);

    cr_expect_eq(rows.items[0].device_id, 2);
    cr_expect(nr_view_is(rows.items[0].topic, NR_VIEW("news")));
    cr_expect(rows.items[0].is_wanted);
    cr_expect(rows.items[0].is_fid);
    cr_expect(nr_view_is(rows.items[0].registration, NR_VIEW("r2")));
    cr_expect_eq(rows.items[0].attempts, 1);
    cr_expect_eq(rows.items[0].version, 1);
    cr_expect_str_eq(state(), "2:news wanted a1 - leased");
}

Test(store_topics, claims_nothing_that_is_settled_failed_later_or_of_an_inactive_device)
{
    add(1, "a", "active", 5);
    add(1, "b", "removed", 5);
    add(1, "c", "failed", 5);
    add(1, "d", "wanted", -60);
    add(3, "e", "wanted", 5);
    add(3, "f", "removing", 5);

    cr_assert_eq(claim(10), 1);

    cr_expect(nr_view_is(rows.items[0].topic, NR_VIEW("f")));
    cr_expect_not(rows.items[0].is_wanted);
}

Test(store_topics, claims_no_more_than_asked_and_only_of_the_devices_asked_for)
{
    const int64_t ids[] = {2};

    add(1, "a", "wanted", 3);
    add(1, "b", "wanted", 2);
    add(2, "c", "wanted", 1);

    cr_expect_eq(claim_some(pg, 10, ids, 1, &rows), 1);
    cr_expect_eq(rows.items[0].device_id, 2);
    cr_assert_eq(claim(1), 1);
    cr_expect(nr_view_is(rows.items[0].topic, NR_VIEW("a")), "the longest due first");
}

Test(store_topics, two_sandboxes_never_have_the_same_row_until_its_lease_ends)
{
    add(1, "a", "wanted", 5);
    add(1, "b", "wanted", 5);

    cr_expect_eq(claim(1), 1);
    cr_expect_eq(claim_some(other_pg, 10, NULL, 0, &other_rows), 1);
    cr_expect_not(nr_view_is(rows.items[0].topic, other_rows.items[0].topic));
    cr_expect_eq(claim_some(other_pg, 10, NULL, 0, &other_rows), 0);

    test_database_run(&database, "update narae_push.topic set lease_until = now() - interval '1 s'");
    cr_expect_eq(claim_some(other_pg, 10, NULL, 0, &other_rows), 2);
    cr_expect_eq(other_rows.items[0].attempts, 2);
}

/* Without that, the one would wait for the other and then do the same again. */
Test(store_topics, passes_over_a_row_that_somebody_is_claiming_at_this_moment)
{
    add(1, "a", "wanted", 5);
    add(1, "b", "wanted", 4);
    test_database_run(&database, "begin; update narae_push.topic set lease_until = now() where topic = 'a'");

    cr_assert_eq(store_topics_claim(pg, 10, 60000, NULL, 0, nr_clock_mono_ms() + 5000, &rows, &err), 0, "%s",
                 err.message);

    cr_expect_eq(rows.n, 1);
    cr_expect(nr_view_is(rows.items[0].topic, NR_VIEW("b")));
    test_database_run(&database, "commit");
}

Test(store_topics, writes_every_end_down)
{
    add(1, "a", "wanted", 9);
    add(1, "b", "removing", 8);
    add(1, "c", "wanted", 7);
    add(1, "d", "wanted", 6);
    add(1, "e", "wanted", 5);
    cr_assert_eq(claim(10), 5);

    for (size_t i = 0; i < rows.n; i++) {
        switch (rows.items[i].topic.ptr[0]) {
        case 'a':
        case 'b':
            finish(i, TOPIC_SETTLED, 0, "");
            break;
        case 'c':
            finish(i, TOPIC_FAILED, 0, "invalid_argument");
            break;
        case 'd':
            finish(i, TOPIC_WAITS, 60000, "quota_exceeded");
            break;
        default:
            finish(i, TOPIC_UNTOUCHED, 0, "");
        }
    }

    cr_expect_str_eq(state(), "1:a active a1 -, 1:b removed a1 -, 1:c failed a1 invalid_argument, "
                              "1:d wanted a1 quota_exceeded, 1:e wanted a0 -");
    cr_expect_str_eq(test_database_text(&database, "select next_at > now() + interval '58 s' from "
                                                   "narae_push.topic where topic = 'd'"),
                     "t");
    cr_expect_eq(claim(10), 1, "the untouched one is due at once");
}

Test(store_topics, an_answer_to_an_older_wish_is_dropped)
{
    add(1, "a", "wanted", 5);
    cr_assert_eq(claim(10), 1);
    test_database_run(&database,
                      "update narae_push.topic set state = 'removing', is_wanted = false, wish = wish + "
                      "1, lease_until = null, attempts = 0");

    finish(0, TOPIC_SETTLED, 0, "");

    cr_expect_str_eq(state(), "1:a removing a0 -");
}

Test(store_topics, a_device_that_fcm_calls_dead_is_deactivated_unless_it_came_back)
{
    struct topic_result results[2];
    size_t n;

    add(1, "a", "wanted", 5);
    add(1, "b", "wanted", 4);
    add(2, "a", "wanted", 3);
    cr_assert_eq(claim(10), 3);
    test_database_run(&database, "update narae_push.device set version = 2 where device_id = 2");
    for (size_t i = 0, at = 0; i < 3; i++)
        if (rows.items[i].device_id == 2 || at == 0)
            results[at++] = (struct topic_result){&rows.items[i], TOPIC_FAILED, 0, "unregistered"};

    cr_assert_eq(store_topics_deactivate(pg, results, 2, "sender_id_mismatch", NR_CLOCK_NEVER_MS, &n, &err),
                 0);
    cr_expect_eq(n, 0);
    cr_assert_eq(store_topics_deactivate(pg, results, 2, "unregistered", NR_CLOCK_NEVER_MS, &n, &err), 0,
                 "%s", err.message);
    cr_expect_eq(n, 1);

    cr_expect_str_eq(test_database_text(
                         &database, "select string_agg(status || ' ' || coalesce(inactive_reason, '-'), ', ' "
                                    "order by device_id) from narae_push.device where device_id < 3"),
                     "inactive unregistered, active -");
}

Test(store_topics, counts_what_is_due)
{
    size_t n;

    add(1, "a", "wanted", 5);
    add(1, "b", "active", 5);
    add(1, "c", "removing", -5);
    add(3, "d", "wanted", 5);

    cr_assert_eq(store_topics_backlog(pg, NR_CLOCK_NEVER_MS, &n, &err), 0, "%s", err.message);

    cr_expect_eq(n, 1);
}
