#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "tests/support/push_send_stage.h"

TestSuite(push_send_again, .init = push_send_stage_init, .fini = push_stage_done, .timeout = 60);

Test(push_send_again, sends_nothing_again_when_a_message_comes_again)
{
    push_stage_start(&push_send_handler);

    push_send_stage_expect_reply(EVENT(RECORD("1", TO_17) "," RECORD("2", TO_18)), REPLY());
    push_send_stage_expect_reply(EVENT(RECORD("3", TO_18) "," RECORD("4", TO_17)), REPLY());

    cr_expect_str_eq(push_send_stage_trail(), "a 1 sent sent 1, b 2 sent sent 1");
    cr_expect_eq(push_stage_calls(), 2);
}

Test(push_send_again, sends_only_the_rest_when_a_message_comes_again)
{
    push_stage_fcm((struct h2_server_rule){H2_SERVER_STATUS, 1, 1, 503});
    push_stage_start(&push_send_handler);

    push_send_stage_expect_reply(EVENT(RECORD("1", TO_BOTH)), REPLY(FAILED("1")));
    cr_expect_not_null(strstr(push_send_stage_trail(), "retry unavailable 1"), "%s", push_send_stage_trail());
    cr_expect_not_null(strstr(push_send_stage_trail(), "sent sent 1"), "%s", push_send_stage_trail());
    push_send_stage_expect_reply(EVENT(RECORD("1", TO_BOTH)), REPLY(FAILED("1"))); /* too soon */
    test_database_run(&push_stage_database,
                      "update narae_push.send set claimable_at = now() where state = 'retry'");
    push_send_stage_expect_reply(EVENT(RECORD("1", TO_BOTH)), REPLY());

    cr_expect_not_null(strstr(push_send_stage_trail(), "sent sent 2"), "%s", push_send_stage_trail());
    cr_expect_eq(push_stage_calls(), 3);
}

Test(push_send_again, sends_again_what_a_dead_sandbox_had_claimed)
{
    push_stage_start(&push_send_handler);
    test_database_run(
        &push_stage_database,
        "insert into narae_push.send (message_id, device_id, state, holder, claimable_at) values "
        "('a', 1, 'claimed', 1, now() - interval '1 s'), "
        "('b', 2, 'claimed', 1, now() + interval '1 minute')");

    push_send_stage_expect_reply(EVENT(RECORD("1", TO_17) "," RECORD("2", TO_18)), REPLY(FAILED("2")));

    cr_expect_str_eq(push_send_stage_trail(), "a 1 sent sent 2, b 2 claimed 1");
}

/* Between FCM's answer and the commit the database fails; the sandbox lives on, and remembers. */
Test(push_send_again, does_not_send_again_what_it_could_not_write_down)
{
    push_stage_start(&push_send_handler);
    test_database_run(&push_stage_database,
                      "create function fail() returns trigger language plpgsql as 'begin raise exception "
                      "''out of order'' using errcode = ''22023''; end'");
    test_database_run(
        &push_stage_database,
        "create trigger fail before update on narae_push.send for each row execute function fail()");

    push_send_stage_expect_reply(EVENT(RECORD("1", TO_17)), REPLY(FAILED("1")));
    push_send_stage_expect_line(0, "\"ERROR\"",
                                "results are not in the ledger: these pushes may be sent again");
    cr_expect_str_eq(push_send_stage_trail(), "a 1 claimed 1");
    test_database_run(&push_stage_database, "drop trigger fail on narae_push.send");
    push_send_stage_expect_reply(EVENT(RECORD("1", TO_17)), REPLY());

    cr_expect_str_eq(push_send_stage_trail(), "a 1 sent sent 1");
    cr_expect_eq(push_stage_calls(), 1);
}

Test(push_send_again, validates_without_a_trace)
{
    push_stage_start(&push_send_handler);

    push_send_stage_expect_reply(
        EVENT(RECORD("1", "{\\\"id\\\":\\\"a\\\",\\\"to\\\":{\\\"users\\\":[\\\"17\\\"]},\\\"message\\\":{},"
                          "\\\"validate_only\\\":true}")),
        REPLY());
    cr_expect_str_eq(push_send_stage_trail(), "");
    push_send_stage_expect_reply(EVENT(RECORD("1", TO_17)), REPLY());

    cr_expect_eq(push_stage_calls(), 2);
}

#define FIFO_RECORD(n, s)                                                                                    \
    "{\"messageId\":\"" ID(n) "\",\"body\":\"" s "\",\"eventSourceARN\":\"arn:aws:sqs:r:1:q.fifo\","         \
                              "\"attributes\":{\"MessageGroupId\":\"g\"}}"

Test(push_send_again, sends_a_fifo_group_in_order_and_stops_at_its_first_failure)
{
    push_stage_fcm((struct h2_server_rule){H2_SERVER_STATUS, 2, 2, 503});
    push_stage_start(&push_send_handler);

    push_send_stage_expect_reply(
        EVENT(FIFO_RECORD("1", TO_17) "," FIFO_RECORD("2", TO_18) "," FIFO_RECORD("3", TO_BOTH)),
        REPLY(FAILED("2") "," FAILED("3")));

    cr_expect_str_eq(push_send_stage_trail(), "a 1 sent sent 1, b 2 retry unavailable 1");
    cr_expect_eq(push_stage_calls(), 2);
}

/* --- delays --------------------------------------------------------------------------------------------- */

Test(push_send_again, tells_sqs_when_a_message_is_to_come_back)
{
    static const char *const answers[] = {"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{}"};
    struct canned_http *sqs = canned_http_start(answers, 1);
    struct canned_http_journal journal;
    char endpoint[64];
    const char *at;

    snprintf(endpoint, sizeof(endpoint), "http://127.0.0.1:%d", canned_http_port(sqs));
    setenv("AWS_ENDPOINT_URL_SQS", endpoint, 1);
    setenv("AWS_REGION", "us-east-1", 1);
    setenv("AWS_ACCESS_KEY_ID", "AKID", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "hush", 1);
    push_stage_fcm(
        (struct h2_server_rule){H2_SERVER_STATUS, 1, 1, 503}); /* with retry-after 7: below the floor */
    push_stage_start(&push_send_handler);

    push_send_stage_expect_reply(
        "{\"Records\":[{\"messageId\":\"m\",\"receiptHandle\":\"h\",\"body\":\"" TO_17
        "\",\"eventSourceARN\":\"arn:aws:sqs:us-east-1:1:q\"}]}",
        REPLY("{\"itemIdentifier\":\"m\"}"));

    canned_http_stop(sqs, &journal);
    cr_assert_eq(journal.n_requests, 1);
    at = strstr(journal.last, "\"VisibilityTimeout\":");
    cr_assert_not_null(at);
    cr_expect(atoi(at + 20) >= 10 && atoi(at + 20) <= 15, "%s", at); /* the floor and its jitter, no more */
}
