/* push_devices as the runtime calls it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "tests/support/push_stage.h"

/* functions/push/push_devices.c, whose table is renamed for tests. */
extern const struct nr_handler push_devices_handler;

#define ID(n)        "00000000-0000-4000-8000-00000000000" n
#define RECORD(n, s) "{\"messageId\":\"" ID(n) "\",\"body\":\"" s "\"}"
#define IN_GROUP(n, s)                                                                                       \
    "{\"messageId\":\"" ID(n) "\",\"body\":\"" s "\",\"eventSourceARN\":\"arn:aws:sqs:us-east-1:1:q.fifo\"," \
                              "\"attributes\":{\"MessageGroupId\":\"g\"}}"
#define EVENT(...) "{\"Records\":[" __VA_ARGS__ "]}"
#define FAILED(n)  "{\"itemIdentifier\":\"" ID(n) "\"}"
#define REPLY(...) "{\"batchItemFailures\":[" __VA_ARGS__ "]}"
#define REGISTER_BODY(r, u)                                                                                  \
    "{\\\"action\\\":\\\"register\\\",\\\"kind\\\":\\\"token\\\",\\\"registration\\\":\\\"" r                \
    "\\\",\\\"platform\\\":\\\"android\\\",\\\"user\\\":\\\"" u "\\\"}"
#define REGISTER(r, u)                                                                                       \
    "{\"action\":\"register\",\"kind\":\"token\",\"registration\":\"" r                                      \
    "\",\"platform\":\"android\",\"user\":\"" u "\",\"topics\":[\"news\"]}"

TestSuite(push_devices, .init = push_stage_init, .fini = push_stage_done, .timeout = 60);

static const char topics_sql[] =
    "select string_agg(topic || ' ' || state || coalesce(' ' || reason, ''), ', ' "
    "order by device_id, topic) from narae_push.topic";

static void expect_reply(const char *event, const char *wanted)
{
    cr_expect_eq(push_stage_invoke(&push_devices_handler, event), 0, "%s", push_stage_err.message);
    cr_expect_str_eq(nr_buf_text(&push_stage_reply), wanted);
}

/* --- what works ----------------------------------------------------------------------------------------- */

Test(push_devices, takes_a_batch_and_reports_the_malformed_message_alone)
{
    push_stage_start(&push_devices_handler);

    expect_reply(EVENT(RECORD("1", REGISTER_BODY("hush1", "17")) "," RECORD("2", "{}") "," RECORD(
                     "3", REGISTER_BODY("hush2", "18"))),
                 REPLY(FAILED("2")));

    push_stage_expect_log("\"errorMessage\":\"Records[1].body.action: missing; must be a string\"");
    push_stage_expect_log("\"messageId\":\"" ID("2") "\"");
    push_stage_expect_log("\"message\":\"batch done\"");
    push_stage_expect_log("\"messages\":3,\"malformed\":1,\"registered\":2,");
    push_stage_expect_log("\"DevicesRegistered\":2");
    cr_expect_eq(push_stage_complaints(), 1);
    cr_expect_str_eq(push_stage_text("select count(*) from narae_push.device where status = 'active'"), "2");
    cr_expect_eq(push_stage_calls(), 0);
}

Test(push_devices, answers_a_direct_invocation_item_by_item_and_tells_fcm_about_topics)
{
    push_stage_start(&push_devices_handler);

    expect_reply(
        "[" REGISTER("hush1", "17") ",{\"action\":\"refresh\",\"kind\":\"fid\",\"registration\":\"hush9\"},"
                                    "{\"action\":\"refresh\"}]",
        "{\"results\":[{\"outcome\":\"registered\",\"device_id\":\"1\"},{\"outcome\":\"unknown\"},"
        "{\"error\":{\"type\":\"Function.InvalidMessage\",\"kind\":\"invalid\",\"retry\":false,"
        "\"message\":\"[2].kind: missing; must be a string\"}}]}");

    cr_expect_str_eq(push_stage_text(topics_sql), "news active");
    cr_expect_eq(push_stage_calls(), 1);
}

Test(push_devices, answers_a_single_message)
{
    push_stage_start(&push_devices_handler);

    expect_reply(REGISTER("hush1", "17"), "{\"results\":[{\"outcome\":\"registered\",\"device_id\":\"1\"}]}");
    expect_reply(REGISTER("hush1", "18"), "{\"results\":[{\"outcome\":\"moved\",\"device_id\":\"1\"}]}");
}

Test(push_devices, keeps_the_order_of_messages_about_one_registration)
{
    push_stage_start(&push_devices_handler);

    expect_reply("[" REGISTER("hush1", "17") ",{\"action\":\"unregister\",\"kind\":\"token\","
                                             "\"registration\":\"hush1\"}," REGISTER("hush1", "18") "]",
                 "{\"results\":[{\"outcome\":\"registered\",\"device_id\":\"1\"},"
                 "{\"outcome\":\"unregistered\",\"device_id\":\"1\"},{\"outcome\":\"reactivated\",\"device_"
                 "id\":\"1\"}]}");

    cr_expect_str_eq(
        push_stage_text("select user_id || ' ' || status || ' ' || version from narae_push.device"),
        "18 active 3");
}

Test(push_devices, a_replaced_registration_takes_its_topics_to_fcm)
{
    push_stage_start(&push_devices_handler);
    expect_reply(REGISTER("hush1", "17"), "{\"results\":[{\"outcome\":\"registered\",\"device_id\":\"1\"}]}");

    expect_reply(
        "{\"action\":\"replace\",\"kind\":\"token\",\"registration\":\"hush2\",\"replaces\":{\"kind\":"
        "\"token\",\"registration\":\"hush1\"}}",
        "{\"results\":[{\"outcome\":\"replaced\",\"device_id\":\"2\"}]}");

    cr_expect_str_eq(
        push_stage_text(
            "select string_agg(device_id || ' ' || state, ', ' order by device_id) from narae_push.topic"),
        "1 removing, 2 active", "a direct invocation works on its own device");
    expect_reply(EVENT(), REPLY());
    cr_expect_str_eq(
        push_stage_text(
            "select string_agg(device_id || ' ' || state, ', ' order by device_id) from narae_push.topic"),
        "1 removed, 2 active", "the next batch has the rest");
}

/* --- what goes wrong ------------------------------------------------------------------------------------ */

Test(push_devices, what_fcm_has_no_room_for_waits_and_is_no_failure_of_the_message)
{
    push_stage_fcm((struct h2_server_rule){H2_SERVER_STATUS, 1, 1, 429});
    push_stage_start(&push_devices_handler);

    expect_reply("[" REGISTER("hush1", "17") "]",
                 "{\"results\":[{\"outcome\":\"registered\",\"device_id\":\"1\"}]}");

    cr_expect_str_eq(push_stage_text(topics_sql), "news wanted quota_exceeded");
    cr_expect_str_eq(
        push_stage_text(
            "select next_at > now() + interval '55 s' and lease_until is null from narae_push.topic"),
        "t");
    push_stage_expect_log("\"message\":\"topic calls refused by FCM\"");
    push_stage_expect_log("\"reason\":\"quota_exceeded\",\"calls\":1,\"hint\":\"");
    cr_expect_eq(push_stage_complaints(), 1);

    test_database_run(&push_stage_database, "update narae_push.topic set next_at = now()");
    expect_reply(EVENT(), REPLY());
    cr_expect_str_eq(push_stage_text(topics_sql), "news active");
}

Test(push_devices, a_refused_token_is_renewed_once)
{
    struct canned_http_journal journal;

    push_stage_fcm((struct h2_server_rule){H2_SERVER_STATUS, 1, 1, 401});
    push_stage_start(&push_devices_handler);

    expect_reply("[" REGISTER("hush1", "17") "]",
                 "{\"results\":[{\"outcome\":\"registered\",\"device_id\":\"1\"}]}");

    cr_expect_str_eq(push_stage_text(topics_sql), "news active");
    cr_expect_eq(push_stage_complaints(), 0);
    canned_http_stop(push_stage_google, &journal);
    cr_expect_eq(journal.n_requests, 2);
    push_stage_google = canned_http_start(push_stage_tokens, 1);
}

Test(push_devices, a_missing_permission_stops_and_touches_no_device)
{
    push_stage_fcm((struct h2_server_rule){H2_SERVER_STATUS, 1, 99, 403});
    push_stage_start(&push_devices_handler);

    expect_reply("[" REGISTER("hush1", "17") "]",
                 "{\"results\":[{\"outcome\":\"registered\",\"device_id\":\"1\"}]}");

    cr_expect_str_eq(push_stage_text(topics_sql), "news wanted permission_denied");
    push_stage_expect_log("cloudmessaging.topicSubscriptions.update");
    cr_expect_str_eq(push_stage_text("select status from narae_push.device"), "active");
}

Test(push_devices, a_call_without_an_answer_is_made_again)
{
    push_stage_fcm((struct h2_server_rule){H2_SERVER_RST, 1, 1, 2});
    push_stage_start(&push_devices_handler);

    expect_reply("[" REGISTER("hush1", "17") "]",
                 "{\"results\":[{\"outcome\":\"registered\",\"device_id\":\"1\"}]}");

    cr_expect_str_eq(push_stage_text(topics_sql), "news wanted no_answer");
}

Test(push_devices, begins_no_call_that_may_be_unanswered_at_the_end)
{
    push_stage_start(&push_devices_handler);
    push_stage_time_ms = 11000; /* a request of FCM may take 10 s */

    expect_reply("[" REGISTER("hush1", "17") "]",
                 "{\"results\":[{\"outcome\":\"registered\",\"device_id\":\"1\"}]}");

    cr_expect_str_eq(push_stage_text(topics_sql), "news wanted");
    cr_expect_str_eq(push_stage_text("select attempts from narae_push.topic"), "0");
    cr_expect_eq(push_stage_calls(), 0);
}

Test(push_devices, names_the_setting_when_the_database_is_down)
{
    setenv("THE_DATABASE", "postgresql://narae:hush@127.0.0.1:1/none", 1);
    push_stage_start(&push_devices_handler);

    expect_reply(
        EVENT(RECORD("1", REGISTER_BODY("hush1", "17")) "," RECORD("2", REGISTER_BODY("hush2", "18"))),
        REPLY(FAILED("1") "," FAILED("2")));

    push_stage_expect_log("\"errorMessage\":\"NARAE_DATABASE: ");
    push_stage_expect_log("\"messages\":2");
    cr_expect_eq(push_stage_complaints(), 1, "%s", push_stage_log());
}

Test(push_devices, recovers_when_the_password_was_rotated)
{
    char wrong[512];

    snprintf(wrong, sizeof(wrong), "postgresql://narae:hush%s", strchr(push_stage_database.uri, '@'));
    setenv("THE_DATABASE", wrong, 1);
    push_stage_start(&push_devices_handler);
    expect_reply(EVENT(RECORD("1", REGISTER_BODY("hush1", "17"))), REPLY(FAILED("1")));
    setenv("THE_DATABASE", push_stage_database.uri, 1);

    expect_reply(EVENT(RECORD("1", REGISTER_BODY("hush1", "17"))), REPLY());
}

#define GROUP_OF_THREE                                                                                       \
    EVENT(IN_GROUP("1", REGISTER_BODY("hush1", "17")) "," IN_GROUP(                                          \
        "2", REGISTER_BODY("hush2", "18")) "," IN_GROUP("3",                                                 \
                                                        REGISTER_BODY("hush2",                               \
                                                                      "19")) "," RECORD("4",                 \
                                                                                        REGISTER_BODY(       \
                                                                                            "hush4", "20")))

static const char users_sql[] = "select string_agg(user_id, ' ' order by user_id) from narae_push.device";

Test(push_devices, in_a_fifo_group_nothing_overtakes_what_failed)
{
    push_stage_start(&push_devices_handler);
    /* User 18's row is lost again and again. */
    test_database_run(&push_stage_database, "create function lose() returns trigger language plpgsql as "
                                            "'begin return null; end'");
    test_database_run(&push_stage_database, "create trigger lose before insert on narae_push.device for each "
                                            "row when (new.user_id = '18') execute function lose()");

    expect_reply(GROUP_OF_THREE, REPLY(FAILED("2") "," FAILED("3")));

    cr_expect_str_eq(push_stage_text(users_sql), "17 20");
}

Test(push_devices, in_a_fifo_group_nobody_waits_for_what_can_never_work)
{
    push_stage_start(&push_devices_handler);
    test_database_run(&push_stage_database, "alter table narae_push.device add check (user_id <> '18')");

    expect_reply(GROUP_OF_THREE, REPLY(FAILED("2")));

    cr_expect_str_eq(push_stage_text(users_sql), "17 19 20");
}

Test(push_devices, refuses_an_event_that_is_none)
{
    push_stage_start(&push_devices_handler);

    cr_expect_eq(push_stage_invoke(&push_devices_handler, "\"hello\""), -1);

    cr_expect_str_eq(push_stage_err.type, "Function.InvalidEvent");
}

Test(push_devices, does_not_start_with_a_backend_that_is_none)
{
    setenv("NARAE_TOPIC_BACKEND", "v0", 1);

    cr_expect_eq(push_devices_handler.init(&push_stage_err), -1);

    cr_expect_str_eq(push_stage_err.message, "NARAE_TOPIC_BACKEND: must be v1 or iid, is \"v0\"");
}
