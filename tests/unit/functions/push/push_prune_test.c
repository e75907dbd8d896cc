/* push_prune as the runtime calls it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "tests/support/push_stage.h"

/* functions/push/push_prune.c, whose table is renamed for tests. */
extern const struct nr_handler push_prune_handler;

TestSuite(push_prune, .init = push_stage_init, .fini = push_stage_done, .timeout = 60);

static const char topics_sql[] =
    "select string_agg(topic || ' ' || state || coalesce(' ' || reason, ''), ', ' "
    "order by device_id, topic) from narae_push.topic";

static void expect_pruned(const char *event, const char *part)
{
    cr_expect_eq(push_stage_invoke(&push_prune_handler, event), 0, "%s", push_stage_err.message);
    cr_expect(strstr(nr_buf_text(&push_stage_reply), part) != NULL, "no %s in %s", part,
              nr_buf_text(&push_stage_reply));
}

static void add_device(const char *registration, int days)
{
    char sql[512];

    snprintf(sql, sizeof(sql),
             "insert into narae_push.device (kind, platform, registration, registration_hash, refreshed_at) "
             "values "
             "('token', 'web', '%s', sha256('%s'), now() - interval '%d days')",
             registration, registration, days);
    test_database_run(&push_stage_database, sql);
}

Test(push_prune, retires_what_is_stale_and_takes_its_topics_from_fcm)
{
    add_device("hush1", 61);
    add_device("hush2", 1);
    test_database_run(&push_stage_database,
                      "insert into narae_push.topic (device_id, topic, is_wanted, state) values "
                      "(1, 'news', true, 'active'), (2, 'news', true, 'wanted')");
    push_stage_start(&push_prune_handler);

    expect_pruned("{}", "{\"deactivated\":{\"android\":0,\"ios\":0,\"web\":1},\"refused\":[],");
    expect_pruned("{}", "\"isComplete\":true}");

    cr_expect_str_eq(
        push_stage_text(
            "select string_agg(device_id || ' ' || state || ' ' || is_wanted, ', ' order by device_id) "
            "from narae_push.topic"),
        "1 removed true, 2 active true");
    push_stage_expect_log("\"message\":\"pruned\"");
    push_stage_expect_log("\"Platform\":\"web\",\"DevicesActive\":2,\"DevicesStale\":1,\"StaleShare\":50");
    cr_expect_eq(push_stage_complaints(), 0);
}

Test(push_prune, resumes_topics_alone_when_that_is_asked)
{
    add_device("hush1", 61);
    test_database_run(&push_stage_database,
                      "insert into narae_push.topic (device_id, topic, is_wanted, state, lease_until) values "
                      "(1, 'news', true, 'wanted', now() - interval '1 s')");
    push_stage_start(&push_prune_handler);

    expect_pruned("{\"tasks\":[\"topics\"]}", "\"topics\":{\"done\":1,\"failed\":0,\"waiting\":0,");

    cr_expect_str_eq(push_stage_text(topics_sql), "news active");
    cr_expect_str_eq(push_stage_text("select status from narae_push.device"), "active",
                     "pruning was not asked for");
}

/* FCM's list (an empty one here) has not what we believe it has. */
Test(push_prune, finds_what_fcm_has_lost_and_subscribes_it_again)
{
    add_device("hush1", 1);
    test_database_run(&push_stage_database,
                      "insert into narae_push.topic (device_id, topic, is_wanted, state, settled_at) values "
                      "(1, 'news', true, 'active', now() - interval '31 days'), "
                      "(1, 'old', false, 'removed', now() - interval '31 days')");
    push_stage_start(&push_prune_handler);

    expect_pruned("{\"tasks\":[\"topics\"]}", "\"compared\":1,\"different\":1}");

    cr_expect_str_eq(push_stage_text(topics_sql), "news active, old removed");
    cr_expect_str_eq(
        push_stage_text(
            "select settled_at > now() - interval '1 minute' from narae_push.topic where topic = 'news'"),
        "t");
    cr_expect_eq(push_stage_calls(), 2, "one list, one subscription");
}

Test(push_prune, what_could_not_be_listed_is_due_again_tomorrow)
{
    push_stage_fcm((struct h2_server_rule){H2_SERVER_STATUS, 1, 1, 503});
    add_device("hush1", 1);
    test_database_run(&push_stage_database,
                      "insert into narae_push.topic (device_id, topic, is_wanted, state, settled_at) values "
                      "(1, 'news', true, 'active', now() - interval '31 days')");
    push_stage_start(&push_prune_handler);

    expect_pruned("{\"tasks\":[\"topics\"]}", "\"compared\":0,\"different\":0}");

    cr_expect_str_eq(push_stage_text(topics_sql), "news active");
    cr_expect_str_eq(
        push_stage_text(
            "select topics_checked_at between now() - interval '29 days 1 hour' and now() - interval "
            "'28 days 23 hours' from narae_push.device"),
        "t");
}

Test(push_prune, says_what_to_do_when_too_many_are_stale)
{
    for (int i = 0; i < 101; i++) {
        char name[16];

        snprintf(name, sizeof(name), "hush%d", i);
        add_device(name, 61);
    }
    push_stage_start(&push_prune_handler);

    expect_pruned("{\"tasks\":[\"devices\"]}", "\"refused\":[\"web\"]");
    push_stage_expect_log("\"message\":\"too many devices are stale: none was deactivated\"");
    push_stage_expect_log("\"platform\":\"web\",\"stale\":101,\"active\":101,\"maxPercent\":10,\"hint\":\"");

    expect_pruned("{\"tasks\":[\"devices\"],\"force\":true}", "\"web\":101}");
}

Test(push_prune, names_the_setting_when_the_database_is_down)
{
    setenv("THE_DATABASE", "postgresql://narae:hush@127.0.0.1:1/none", 1);
    push_stage_start(&push_prune_handler);

    expect_pruned("{\"tasks\":[\"ledger\"]}", "\"isComplete\":false}");

    push_stage_expect_log("\"errorMessage\":\"NARAE_DATABASE: ");
    cr_expect_eq(push_stage_complaints(), 1);
}

Test(push_prune, refuses_a_task_that_there_is_not)
{
    push_stage_start(&push_prune_handler);

    cr_expect_eq(push_stage_invoke(&push_prune_handler, "{\"tasks\":[\"all\"]}"), -1);

    cr_expect_str_eq(push_stage_err.message, "tasks[0]: must be report, devices, ledger or topics");
}
