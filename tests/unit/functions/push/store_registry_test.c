/* The registry under many at once, odd texts, and two who want the same row. */
#include <pthread.h>
#include <stdio.h>

#include <criterion/criterion.h>

#include <narae/clock.h>

#include "functions/push/registry.h"
#include "tests/support/device_messages.h"
#include "tests/support/test_database.h"

static struct test_database database;
static struct nr_pg *pg;
static struct nr_err err;
static json_t *topics;

static void set_up(void)
{
    test_database_init(&database, "functions/push/schema.sql");
    cr_assert_eq(
        nr_pg_new(&(struct nr_pg_options){.setting = "NARAE_DATABASE", .conninfo = database.uri}, &pg, &err),
        0, "%s", err.message);
    topics = json_pack("[s,s]", "news", "sport");
}

static void tear_down(void)
{
    json_decref(topics);
    nr_pg_free(pg);
    test_database_done(&database);
}

TestSuite(store_registry, .init = set_up, .fini = tear_down, .timeout = 60);

static struct device_message about_topics(enum device_action action, const char *registration,
                                          int64_t at_unix_ms)
{
    struct device_message made = device_message_of(action, registration, at_unix_ms);

    made.topics = topics;
    return made;
}

static const char *apply(struct device_message one)
{
    struct registry_item item = {.message = &one};
    struct registry_item *items[] = {&item};

    nr_err_reset(&err);
    cr_assert_eq(registry_apply(pg, items, 1, DEVICE_MESSAGE_NOW, NR_CLOCK_NEVER_MS, &err), 0, "%s",
                 err.message);
    cr_assert(item.is_done);
    return device_outcome_name(item.change.outcome);
}

static const char *device(const char *registration)
{
    char sql[256];

    snprintf(sql, sizeof(sql),
             "select user_id || ' ' || status || ' v' || version from narae_push.device "
             "where registration = '%s'",
             registration);
    return test_database_text(&database, sql);
}

Test(store_registry, applies_many_at_once)
{
    enum { N = 500 };
    static struct device_message many[N];
    static struct registry_item items[N];
    static struct registry_item *pointers[N];
    static char names[N][8];

    for (int i = 0; i < N; i++) {
        snprintf(names[i], sizeof(names[i]), "r%d", i);
        many[i] = device_message_registering(names[i], "17", DEVICE_MESSAGE_AT(1));
        many[i].topics = topics;
        items[i] = (struct registry_item){.message = &many[i]};
        pointers[i] = &items[i];
    }

    cr_assert_eq(registry_apply(pg, pointers, N, DEVICE_MESSAGE_NOW, NR_CLOCK_NEVER_MS, &err), 0, "%s",
                 err.message);

    for (int i = 0; i < N; i++)
        cr_expect(items[i].is_done && items[i].device_id);
    cr_expect_str_eq(test_database_text(&database,
                                        "select count(distinct device_id) || ' ' || "
                                        "(select count(*) from narae_push.topic) from narae_push.device"),
                     "500 1000");
}

Test(store_registry, carries_odd_texts_through)
{
    const char *odd = "r'\"\\{},\n\xEB\x82\x98 NULL";
    struct device_message one = device_message_registering(odd, "u'\"\\", DEVICE_MESSAGE_AT(1));

    cr_expect_str_eq(apply(one), "registered");
    cr_expect_str_eq(apply(one), "refreshed");

    cr_expect_str_eq(test_database_text(&database, "select registration from narae_push.device"), odd);
    cr_expect_str_eq(test_database_text(&database, "select user_id from narae_push.device"), "u'\"\\");
}

/* The same change decided on the same rows by two sandboxes: one is made. */
Test(store_registry, a_change_decided_on_an_older_version_is_not_made)
{
    struct device_message sign_out = device_message_of(DEVICE_UNREGISTER, "r1", DEVICE_MESSAGE_AT(5));
    struct registry_item item = {.message = &sign_out};
    struct registry_item *items[] = {&item};
    struct nr_pg_rows *rows;

    apply(device_message_registering("r1", "17", DEVICE_MESSAGE_AT(1)));
    cr_assert_eq(store_registry_read(pg, items, 1, NR_CLOCK_NEVER_MS, &rows, &err), 0, "%s", err.message);
    item.change = device_rule_decide(&sign_out, &item.row, &item.old, 0, DEVICE_MESSAGE_NOW);
    apply(device_message_registering("r1", "18", DEVICE_MESSAGE_AT(2)));

    cr_assert_eq(store_registry_write(pg, items, 1, NR_CLOCK_NEVER_MS, &err), 0, "%s", err.message);

    cr_expect_not(item.is_done);
    cr_expect_str_eq(device("r1"), "18 active v2");
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
        struct device_message all[] = {device_message_registering("r1", user, DEVICE_MESSAGE_AT(i)),
                                       about_topics(DEVICE_SUBSCRIBE, "r1", DEVICE_MESSAGE_AT(i)),
                                       about_topics(DEVICE_UNSUBSCRIBE, "r1", DEVICE_MESSAGE_AT(i)),
                                       device_message_replacing(replacement, "r1", DEVICE_MESSAGE_AT(i))};

        for (size_t m = 0; m < sizeof(all) / sizeof(all[0]); m++) {
            struct registry_item item = {.message = &all[m]};
            struct registry_item *items[] = {&item};

            /* Who loses five times in a row is told so, and comes again as SQS would. */
            while (!item.is_done &&
                   registry_apply(own, items, 1, DEVICE_MESSAGE_NOW, NR_CLOCK_NEVER_MS, &why) == 0)
                continue;
            racer->n_done += item.is_done;
        }
    }
    nr_pg_free(own);
    return NULL;
}

Test(store_registry, two_sandboxes_that_want_the_same_row_leave_it_whole)
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
