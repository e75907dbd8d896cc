#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include <narae/clock.h>
#include <narae/log.h>

#include "tests/support/push_send_stage.h"

TestSuite(push_send, .init = push_send_stage_init, .fini = push_stage_done, .timeout = 60);

Test(push_send, sends_to_every_device_and_reports_the_malformed_message_alone)
{
    push_stage_start(&push_send_handler);

    push_send_stage_expect_reply(EVENT(RECORD("1", TO_17) "," RECORD("2", "{}") "," RECORD("3", TO_18)),
                                 REPLY(FAILED("2")));

    push_send_stage_expect_line(0, "\"ERROR\"",
                                "\"errorMessage\":\"Records[1].body.id: missing; must be a string\"");
    push_send_stage_expect_line(0, "\"ERROR\"", "\"messageId\":\"" ID("2") "\"");
    push_send_stage_expect_line(1, "\"INFO\"",
                                "\"messages\":3,\"malformed\":1,\"expired\":0,\"sends\":2,\"sent\":2,");
    push_send_stage_expect_line(2, "\"INFO\"",
                                "\"Sent\":2,\"Messages\":3,\"MessagesReturned\":0,\"MessagesPoisoned\":1,");
    push_send_stage_expect_line(2, "\"ClientErrorPercent\":0", "\"LatencyMean\":");
    cr_expect_str_eq(push_send_stage_line(3), "");
}

Test(push_send, drops_what_is_too_late)
{
    push_stage_start(&push_send_handler);

    push_send_stage_expect_reply(
        EVENT(RECORD("1", "{\\\"id\\\":\\\"a\\\",\\\"to\\\":{\\\"users\\\":[\\\"17\\\"]},\\\"message\\\":{},"
                          "\\\"expires_at\\\":\\\"2020-01-01T00:00:00Z\\\"}")),
        REPLY());

    push_send_stage_expect_line(0, "\"INFO\"", "\"messages\":1,\"malformed\":0,\"expired\":1,\"sends\":0,");
}

/* A sandbox that does not answer in time is ended, and with it go the results that it still has to write. */
Test(push_send, answers_in_time_although_the_ledger_does_not)
{
    int64_t deadline_mono_ms;

    test_database_run(&push_stage_database,
                      "insert into narae_push.send (message_id, device_id, state, claimable_at) "
                      "values ('a', 1, 'retry', now())");
    test_database_run(&push_stage_database, "begin; select from narae_push.send for update");
    push_stage_start(&push_send_handler);
    deadline_mono_ms = nr_clock_mono_ms() + 1500;

    push_send_stage_expect_reply_within(
        "{\"Records\":[{\"messageId\":\"1\",\"attributes\":{\"ApproximateReceiveCount\":\"2\"},\"body\":\""
        "{\\\"id\\\":\\\"a\\\",\\\"to\\\":{\\\"users\\\":[\\\"17\\\"]},\\\"message\\\":{},"
        "\\\"expires_at\\\":\\\"2020-01-01T00:00:00Z\\\"}\"}]}",
        1500, REPLY());

    cr_expect_lt(nr_clock_mono_ms(), deadline_mono_ms - 200);
    push_send_stage_expect_line(0, "\"message\":\"expired sends stay open in the ledger\"",
                                "skip what has expired");
}

Test(push_send, tells_each_device_at_debug_without_its_registration)
{
    setenv("AWS_LAMBDA_LOG_LEVEL", "DEBUG", 1);
    nr_log_setup();
    push_stage_start(&push_send_handler);

    push_send_stage_expect_reply(EVENT(RECORD("1", TO_17)), REPLY());

    push_send_stage_expect_line(0, "\"DEBUG\"",
                                "\"id\":\"a\",\"deviceId\":1,\"verdict\":\"sent\",\"latencyUs\":");
}

Test(push_send, takes_an_empty_batch)
{
    push_stage_start(&push_send_handler);

    push_send_stage_expect_reply(EVENT(), REPLY());
}

Test(push_send, refuses_an_event_that_is_no_batch)
{
    json_t *slot = NULL;
    struct nr_request request = {.struct_bytes = sizeof(request),
                                 .event = NR_VIEW("{\"Records\":[{\"body\":\"{}\"}]}"),
                                 .deadline_mono_ms = NR_CLOCK_NEVER_MS,
                                 .json_slot = &slot};
    struct nr_reply reply = {.struct_bytes = sizeof(reply), .body = &push_stage_reply};
    push_stage_start(&push_send_handler);

    cr_expect_eq(push_send_handler.invoke(&request, &reply, &push_stage_err), -1);

    cr_expect_str_eq(push_stage_err.type, "Function.InvalidEvent");
    cr_expect_str_eq(push_stage_err.message,
                     "not an SQS event: Records[0].messageId: missing; must be a string");
    json_decref(slot);
}

Test(push_send, does_not_start_without_its_secrets)
{
    unsetenv("THE_ACCOUNT");

    cr_expect_eq(push_send_handler.init(&push_stage_err), -1);

    cr_expect_str_eq(push_stage_err.message,
                     "NARAE_FCM_SERVICE_ACCOUNT: \"env:THE_ACCOUNT\": no such environment variable");
    cr_expect_str_eq(push_stage_err.type, "Function.MissingSecret");
}

Test(push_send, does_not_start_with_an_endpoint_that_is_none)
{
    setenv("NARAE_FCM_ENDPOINT", "fcm.googleapis.com", 1);

    cr_expect_eq(push_send_handler.init(&push_stage_err), -1);

    cr_expect_eq(strncmp(push_stage_err.message, "NARAE_FCM_ENDPOINT: ", 20), 0, "%s",
                 push_stage_err.message);
    cr_expect_not_null(strstr(push_stage_err.message, "fcm.googleapis.com"));
}

/* --- poison --------------------------------------------------------------------------------------------- */

Test(push_send, parks_what_can_never_be_sent)
{
    setenv("NARAE_PUSH_POISON", "park", 1);
    push_stage_fcm((struct h2_server_rule){H2_SERVER_STATUS, 1, 1, 400});
    push_stage_start(&push_send_handler);

    push_send_stage_expect_reply(EVENT(RECORD("1", TO_17) "," RECORD("2", "{}")), REPLY());

    cr_expect_str_eq(
        push_stage_text("select string_agg(concat_ws('|', sqs_message_id, message_id, reason), "
                        "' / ' order by parked_id) from narae_push.parked"),
        ID("1") "|a|invalid_payload / " ID("2") "|Records[1].body.id: missing; must be a string");
}

Test(push_send, keeps_in_the_queue_what_could_not_be_parked)
{
    setenv("NARAE_PUSH_POISON", "park", 1);
    push_stage_start(&push_send_handler);
    test_database_run(&push_stage_database, "drop table narae_push.parked");

    push_send_stage_expect_reply(EVENT(RECORD("1", TO_17) "," RECORD("2", "{}")), REPLY(FAILED("2")));
}
