/* Device messages against a real registry: what each leaves behind in rows and topics, and who wins a race.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include <narae/clock.h>

#include "functions/push/registry.h"
#include "tests/support/test_database.h"

/* 2026-11-01T00:00:00Z and on; all messages of these tests are older than now. */
#define T(n) (INT64_C(1793491200000) + (n)*1000)
#define NOW  T(100000)

static struct test_database database;
static struct nr_pg *pg;
static struct nr_err err;
static json_t *topics;

static struct nr_pg *connect_once(void)
{
    struct nr_pg *made = NULL;

    cr_assert_eq(nr_pg_new(&(struct nr_pg_options){.setting = "NARAE_DATABASE", .conninfo = database.uri},
                           &made, &err),
                 0, "%s", err.message);
    return made;
}

static void set_up(void)
{
    test_database_init(&database, "functions/push/schema.sql");
    pg = connect_once();
    topics = json_pack("[s,s]", "news", "sport");
}

static void tear_down(void)
{
    json_decref(topics);
    nr_pg_free(pg);
    test_database_done(&database);
}

TestSuite(registry, .init = set_up, .fini = tear_down, .timeout = 60);

/* --- messages */

static struct device_message message(enum device_action action, const char *registration, int64_t at)
{
    return (struct device_message){.action = action,
                                   .app_id = NR_VIEW("default"),
                                   .device = {false, nr_view(registration)},
                                   .at_unix_ms = at};
}

static struct device_message registering(const char *registration, const char *user, int64_t at)
{
    struct device_message made = message(DEVICE_REGISTER, registration, at);

    made.user = nr_view(user);
    made.platform = NR_VIEW("android");
    return made;
}

static struct device_message replacing(const char *registration, const char *old, int64_t at)
{
    struct device_message made = message(DEVICE_REPLACE, registration, at);

    made.replaces = (struct device_key){false, nr_view(old)};
    return made;
}

static struct device_message about_topics(enum device_action action, const char *registration, int64_t at)
{
    struct device_message made = message(action, registration, at);

    made.topics = topics;
    return made;
}

static const char *apply(struct device_message one)
{
    struct registry_item item = {.message = &one};
    struct registry_item *items[] = {&item};

    nr_err_reset(&err);
    cr_assert_eq(registry_apply(pg, items, 1, NOW, NR_CLOCK_NEVER_MS, &err), 0, "%s", err.message);
    cr_assert(item.is_done);
    return device_outcome_name(item.change.outcome);
}

/* --- what the registry has, in few words */

static const char *device(const char *registration)
{
    char sql[512];

    snprintf(sql, sizeof(sql),
             "select coalesce(user_id, '-') || ' ' || platform || ' ' || status || ' ' || "
             "coalesce(inactive_reason, '-') || ' v' || version from narae_push.device "
             "where registration = '%s'",
             registration);
    return test_database_text(&database, sql);
}

static const char *topics_of(const char *registration)
{
    char sql[512];

    snprintf(sql, sizeof(sql),
             "select string_agg(topic || ':' || state || case when is_wanted then '+' else '-' end, ' ' "
             "order by topic) from narae_push.topic join narae_push.device using (device_id) "
             "where registration = '%s'",
             registration);
    return test_database_text(&database, sql);
}

static void settle_all(void)
{
    test_database_run(&database, "update narae_push.topic set state = case state when 'wanted' then 'active' "
                                 "when 'removing' then 'removed' else state end");
}

/* --- rows */

Test(registry, a_registration_appears_is_refreshed_and_moves_to_who_signs_in)
{
    cr_expect_str_eq(apply(registering("r1", "17", T(1))), "registered");
    cr_expect_str_eq(device("r1"), "17 android active - v1");

    cr_expect_str_eq(apply(registering("r1", "17", T(2))), "refreshed");
    cr_expect_str_eq(device("r1"), "17 android active - v2");

    cr_expect_str_eq(apply(registering("r1", "18", T(3))), "moved");
    cr_expect_str_eq(device("r1"), "18 android active - v3");
    cr_expect_str_eq(test_database_text(&database, "select count(*) from narae_push.device"), "1");
}

Test(registry, an_older_registration_that_comes_late_changes_nothing)
{
    apply(registering("r1", "18", T(3)));

    cr_expect_str_eq(apply(registering("r1", "17", T(2))), "outdated");
    cr_expect_str_eq(apply(message(DEVICE_UNREGISTER, "r1", T(2))), "outdated");

    cr_expect_str_eq(device("r1"), "18 android active - v1");
}

Test(registry, kinds_and_apps_are_registrations_of_their_own)
{
    struct device_message fid = registering("r1", "17", T(1)), other = fid;

    fid.device.is_fid = true;
    other.app_id = NR_VIEW("chat");
    apply(registering("r1", "17", T(1)));

    cr_expect_str_eq(apply(fid), "registered");
    cr_expect_str_eq(apply(other), "registered");

    cr_expect_str_eq(
        test_database_text(&database,
                           "select string_agg(app_id || ' ' || kind, ',' order by 1) from "
                           "(select app_id, kind from narae_push.device order by app_id, kind) as x"),
        "chat token,default fid,default token");
}

Test(registry, a_sign_of_life_brings_back_what_lapsed_but_not_what_signed_out)
{
    apply(registering("r1", "17", T(1)));
    test_database_run(&database, "update narae_push.device set status = 'inactive', inactive_reason = "
                                 "'unregistered', inactive_at = now()");
    cr_expect_str_eq(apply(message(DEVICE_REFRESH, "r1", T(2))), "reactivated");
    cr_expect_str_eq(device("r1"), "17 android active - v2");

    cr_expect_str_eq(apply(message(DEVICE_UNREGISTER, "r1", T(3))), "unregistered");
    cr_expect_str_eq(device("r1"), "- android inactive logout v3");
    cr_expect_str_eq(apply(message(DEVICE_REFRESH, "r1", T(4))), "ignored");
    cr_expect_str_eq(device("r1"), "- android inactive logout v3");

    cr_expect_str_eq(apply(registering("r1", "18", T(5))), "reactivated");
    cr_expect_str_eq(device("r1"), "18 android active - v4");
}

Test(registry, the_last_sign_of_life_is_the_clients_time)
{
    apply(registering("r1", "17", T(1)));
    apply(message(DEVICE_REFRESH, "r1", T(9)));
    apply(message(DEVICE_REFRESH, "r1", T(5)));

    cr_expect_str_eq(
        test_database_text(&database,
                           "select (extract(epoch from refreshed_at) * 1000)::bigint || ' ' || "
                           "(extract(epoch from registered_at) * 1000)::bigint from narae_push.device"),
        "1793491209000 1793491201000");
}

Test(registry, what_is_not_known_is_said_to_be)
{
    cr_expect_str_eq(apply(message(DEVICE_REFRESH, "r1", T(1))), "unknown");
    cr_expect_str_eq(apply(message(DEVICE_UNREGISTER, "r1", T(1))), "unknown");
    cr_expect_str_eq(apply(about_topics(DEVICE_SUBSCRIBE, "r1", T(1))), "unknown");
    cr_expect_str_eq(apply(replacing("r1", "r0", T(1))), "unknown");
    cr_expect_str_eq(test_database_text(&database, "select count(*) from narae_push.device"), "0");
}

/* --- topics */

Test(registry, topics_are_wishes_with_a_state)
{
    apply(registering("r1", "17", T(1)));

    cr_expect_str_eq(apply(about_topics(DEVICE_SUBSCRIBE, "r1", T(2))), "subscribed");
    cr_expect_str_eq(topics_of("r1"), "news:wanted+ sport:wanted+");
    settle_all();

    apply(about_topics(DEVICE_SUBSCRIBE, "r1", T(3)));
    cr_expect_str_eq(topics_of("r1"), "news:active+ sport:active+", "what is there is not asked for again");

    cr_expect_str_eq(apply(about_topics(DEVICE_UNSUBSCRIBE, "r1", T(4))), "unsubscribed");
    cr_expect_str_eq(topics_of("r1"), "news:removing- sport:removing-");
    settle_all();

    apply(about_topics(DEVICE_SUBSCRIBE, "r1", T(2)));
    cr_expect_str_eq(topics_of("r1"), "news:removed- sport:removed-", "an older wish that comes late");
}

Test(registry, a_topic_that_is_active_for_a_month_is_asked_for_again)
{
    apply(registering("r1", "17", T(1)));
    apply(about_topics(DEVICE_SUBSCRIBE, "r1", T(2)));
    settle_all();
    test_database_run(&database, "update narae_push.topic set settled_at = now() - interval '31 days' "
                                 "where topic = 'news'");

    apply(message(DEVICE_REFRESH, "r1", T(3)));

    cr_expect_str_eq(topics_of("r1"), "news:wanted+ sport:active+");
}

Test(registry, who_signs_in_does_not_get_the_topics_of_who_was_there)
{
    struct device_message other = registering("r1", "18", T(3));
    json_t *own = json_pack("[s]", "news");

    apply(registering("r1", "17", T(1)));
    apply(about_topics(DEVICE_SUBSCRIBE, "r1", T(2)));
    settle_all();
    other.topics = own;

    apply(other);

    cr_expect_str_eq(topics_of("r1"), "news:active+ sport:removing-");
    json_decref(own);
}

Test(registry, signing_out_drops_the_topics)
{
    apply(registering("r1", "17", T(1)));
    apply(about_topics(DEVICE_SUBSCRIBE, "r1", T(2)));
    settle_all();

    apply(message(DEVICE_UNREGISTER, "r1", T(3)));

    cr_expect_str_eq(topics_of("r1"), "news:removing- sport:removing-");
}

Test(registry, a_replaced_registration_inherits_user_and_topics)
{
    apply(registering("r1", "17", T(1)));
    apply(about_topics(DEVICE_SUBSCRIBE, "r1", T(2)));
    settle_all();

    cr_expect_str_eq(apply(replacing("r2", "r1", T(3))), "replaced");

    cr_expect_str_eq(device("r1"), "17 android inactive replaced v3");
    cr_expect_str_eq(device("r2"), "17 android active - v1");
    cr_expect_str_eq(topics_of("r1"), "news:removing- sport:removing-");
    cr_expect_str_eq(topics_of("r2"), "news:wanted+ sport:wanted+");

    cr_expect_str_eq(apply(replacing("r2", "r1", T(3))), "refreshed", "the same message again");
    cr_expect_str_eq(device("r2"), "17 android active - v1");
    cr_expect_str_eq(topics_of("r2"), "news:wanted+ sport:wanted+");
}

/* FCM may call the old registration dead before its client says what replaces it. */
Test(registry, the_topics_of_a_dead_registration_pass_on_as_well)
{
    apply(registering("r1", "17", T(1)));
    apply(about_topics(DEVICE_SUBSCRIBE, "r1", T(2)));
    test_database_run(&database, "update narae_push.topic set state = 'removed'");
    test_database_run(&database, "update narae_push.device set status = 'inactive', inactive_reason = "
                                 "'unregistered', inactive_at = now()");

    cr_expect_str_eq(apply(replacing("r2", "r1", T(3))), "replaced");

    cr_expect_str_eq(topics_of("r2"), "news:wanted+ sport:wanted+");
}

Test(registry, a_wish_that_was_dropped_on_a_dead_registration_does_not_pass_on)
{
    apply(registering("r1", "17", T(1)));
    apply(about_topics(DEVICE_SUBSCRIBE, "r1", T(2)));
    test_database_run(&database, "update narae_push.device set status = 'inactive', inactive_reason = "
                                 "'unregistered', inactive_at = now()");
    cr_expect_str_eq(apply(about_topics(DEVICE_UNSUBSCRIBE, "r1", T(3))), "unsubscribed");

    apply(replacing("r2", "r1", T(4)));

    cr_expect_str_eq(topics_of("r2"), "");
}

Test(registry, a_registration_replaces_one_that_is_known_already)
{
    apply(registering("r1", "17", T(1)));
    apply(about_topics(DEVICE_SUBSCRIBE, "r1", T(2)));
    apply(registering("r2", "17", T(3)));

    cr_expect_str_eq(apply(replacing("r2", "r1", T(4))), "replaced");

    cr_expect_str_eq(device("r2"), "17 android active - v2");
    cr_expect_str_eq(topics_of("r2"), "news:wanted+ sport:wanted+");
}

/* --- many, odd ones, and races */

Test(registry, applies_many_at_once)
{
    enum { N = 500 };
    static struct device_message many[N];
    static struct registry_item items[N];
    static struct registry_item *pointers[N];
    static char names[N][8];

    for (int i = 0; i < N; i++) {
        snprintf(names[i], sizeof(names[i]), "r%d", i);
        many[i] = registering(names[i], "17", T(1));
        many[i].topics = topics;
        items[i] = (struct registry_item){.message = &many[i]};
        pointers[i] = &items[i];
    }

    cr_assert_eq(registry_apply(pg, pointers, N, NOW, NR_CLOCK_NEVER_MS, &err), 0, "%s", err.message);

    for (int i = 0; i < N; i++)
        cr_expect(items[i].is_done && items[i].device_id);
    cr_expect_str_eq(test_database_text(&database,
                                        "select count(distinct device_id) || ' ' || "
                                        "(select count(*) from narae_push.topic) from narae_push.device"),
                     "500 1000");
}

Test(registry, carries_odd_texts_through)
{
    const char *odd = "r'\"\\{},\n\xEB\x82\x98 NULL";
    struct device_message one = registering(odd, "u'\"\\", T(1));

    cr_expect_str_eq(apply(one), "registered");
    cr_expect_str_eq(apply(one), "refreshed");

    cr_expect_str_eq(test_database_text(&database, "select registration from narae_push.device"), odd);
    cr_expect_str_eq(test_database_text(&database, "select user_id from narae_push.device"), "u'\"\\");
}

/* The same change decided on the same rows by two sandboxes: one is made. */
Test(registry, a_change_decided_on_an_older_version_is_not_made)
{
    struct device_message sign_out = message(DEVICE_UNREGISTER, "r1", T(5));
    struct registry_item item = {.message = &sign_out};
    struct registry_item *items[] = {&item};
    struct nr_pg_rows *rows;

    apply(registering("r1", "17", T(1)));
    cr_assert_eq(store_registry_read(pg, items, 1, NR_CLOCK_NEVER_MS, &rows, &err), 0, "%s", err.message);
    item.change = device_rule_decide(&sign_out, &item.row, &item.old, 0, NOW);
    apply(registering("r1", "18", T(2)));

    cr_assert_eq(store_registry_write(pg, items, 1, NR_CLOCK_NEVER_MS, &err), 0, "%s", err.message);

    cr_expect_not(item.is_done);
    cr_expect_str_eq(device("r1"), "18 android active - v2");
    nr_pg_rows_free(rows);
}

struct racer {
    pthread_t thread;
    int number;
    int n_done;
};

/* Registers, subscribes and replaces, over and over, on a connection of its own. */
static void *race(void *ctx)
{
    struct racer *racer = ctx;
    struct nr_pg *own = NULL;
    struct nr_err why = {0};
    char user[8], replacement[16];

    snprintf(user, sizeof(user), "%d", racer->number);
    snprintf(replacement, sizeof(replacement), "s%d", racer->number);
    if (nr_pg_new(&(struct nr_pg_options){.setting = "NARAE_DATABASE", .conninfo = database.uri}, &own,
                  &why) != 0)
        return NULL;
    for (int i = 0; i < 25; i++) {
        struct device_message all[] = {
            registering("r1", user, T(i)), about_topics(DEVICE_SUBSCRIBE, "r1", T(i)),
            about_topics(DEVICE_UNSUBSCRIBE, "r1", T(i)), replacing(replacement, "r1", T(i))};

        for (size_t m = 0; m < sizeof(all) / sizeof(all[0]); m++) {
            struct registry_item item = {.message = &all[m]};
            struct registry_item *items[] = {&item};

            /* Who loses five times in a row is told so, and comes again as SQS would. */
            while (!item.is_done && registry_apply(own, items, 1, NOW, NR_CLOCK_NEVER_MS, &why) == 0)
                continue;
            racer->n_done += item.is_done;
        }
    }
    nr_pg_free(own);
    return NULL;
}

Test(registry, two_sandboxes_that_want_the_same_row_leave_it_whole)
{
    struct racer racers[] = {{.number = 1}, {.number = 2}};

    for (int i = 0; i < 2; i++)
        cr_assert_eq(pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
    for (int i = 0; i < 2; i++)
        pthread_join(racers[i].thread, NULL);

    cr_expect_eq(racers[0].n_done, 100, "%d", racers[0].n_done);
    cr_expect_eq(racers[1].n_done, 100, "%d", racers[1].n_done);
    /* One row for each registration, and no wish on one that is replaced or signed out. */
    cr_expect_str_eq(test_database_text(&database, "select count(*) from narae_push.device"), "3");
    cr_expect_str_eq(
        test_database_text(&database,
                           "select count(*) from narae_push.topic join narae_push.device using "
                           "(device_id) where is_wanted and inactive_reason in ('replaced', 'logout')"),
        "0");
}
