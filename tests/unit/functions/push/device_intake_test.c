#include <criterion/criterion.h>

#include "functions/push/device_intake.h"

#define MESSAGE "{\"action\":\"refresh\",\"kind\":\"token\",\"registration\":\"r1\"}"

static struct device_intake intake;
static struct device_message message;
static struct nr_err err;
static struct nr_buf body;
static json_t *event;

static int read_event(const char *text)
{
    event = json_loads(text, JSON_DECODE_ANY, NULL);
    cr_assert_not_null(event);
    return device_intake_read(event, &intake, &err);
}

static const char *reply(void)
{
    struct nr_reply out = {.struct_bytes = sizeof(out), .body = &body};

    nr_buf_init(&body, 65536);
    cr_assert_eq(device_intake_reply(&intake, &out, &err), 0, "%s", err.message);
    return nr_buf_text(&body);
}

static void tear_down(void)
{
    device_intake_done(&intake);
    json_decref(event);
    nr_buf_done(&body);
}

TestSuite(device_intake, .fini = tear_down);

Test(device_intake, takes_an_sqs_event_with_the_time_each_message_was_sent)
{
    cr_assert_eq(read_event("{\"Records\":[{\"messageId\":\"m0\",\"body\":\"{}\",\"attributes\":"
                            "{\"SentTimestamp\":\"1790000000000\"}},{\"messageId\":\"m1\",\"body\":\""
                            "{\\\"action\\\":\\\"refresh\\\",\\\"kind\\\":\\\"fid\\\","
                            "\\\"registration\\\":\\\"f\\\"}\"}]}"),
                 0, "%s", err.message);

    cr_expect_eq(intake.n, 2);
    cr_expect_eq(device_intake_sent_unix_ms(&intake, 0), 1790000000000);
    cr_expect_eq(device_intake_sent_unix_ms(&intake, 1), 0);
    cr_expect_eq(device_intake_parse(&intake, 0, &message, &err), -1);
    cr_expect_str_eq(err.message, "Records[0].body.action: missing; must be a string");
    device_intake_refuse(&intake, 0, &err);
    nr_err_reset(&err);
    cr_expect_eq(device_intake_parse(&intake, 1, &message, &err), 0, "%s", err.message);
    device_intake_settle(&intake, 1, "refreshed", 7);
    cr_expect_eq(device_intake_n_failed(&intake), 1);
    cr_expect_str_eq(reply(), "{\"batchItemFailures\":[{\"itemIdentifier\":\"m0\"}]}");
}

Test(device_intake, answers_one_message_with_one_result)
{
    cr_assert_eq(read_event(MESSAGE), 0, "%s", err.message);
    cr_assert_eq(device_intake_parse(&intake, 0, &message, &err), 0, "%s", err.message);

    device_intake_settle(&intake, 0, "refreshed", 7);

    cr_expect_str_eq(reply(), "{\"results\":[{\"outcome\":\"refreshed\",\"device_id\":\"7\"}]}");
}

Test(device_intake, answers_a_list_message_by_message)
{
    cr_assert_eq(read_event("[" MESSAGE ",{}," MESSAGE "]"), 0, "%s", err.message);
    cr_assert_eq(device_intake_parse(&intake, 1, &message, &err), -1);

    device_intake_settle(&intake, 0, "unknown", 0);
    device_intake_refuse(&intake, 1, &err);
    nr_err_reset(&err);
    nr_err_set(&err, NR_ERR_UNAVAILABLE, NULL, "\"down\"");
    device_intake_fail(&intake, 2, &err, 0);

    cr_expect_eq(device_intake_n_failed(&intake), 2);
    cr_expect_str_eq(reply(),
                     "{\"results\":[{\"outcome\":\"unknown\"},"
                     "{\"error\":{\"type\":\"Function.InvalidMessage\",\"kind\":\"invalid\",\"retry\":false,"
                     "\"message\":\"[1].action: missing; must be a string\"}},"
                     "{\"error\":{\"type\":\"Function.Unavailable\",\"kind\":\"unavailable\",\"retry\":true,"
                     "\"message\":\"\\\"down\\\"\"}}]}");
}

Test(device_intake, answers_an_empty_list)
{
    cr_assert_eq(read_event("[]"), 0, "%s", err.message);

    cr_expect_str_eq(reply(), "{\"results\":[]}");
}

Test(device_intake, refuses_what_is_neither)
{
    cr_expect_eq(read_event("17"), -1);

    cr_expect_str_eq(err.type, "Function.InvalidEvent");
    cr_expect_str_eq(err.message, "must be an SQS event, a device message or a list of them");
}

Test(device_intake, refuses_a_list_that_is_too_long)
{
    event = json_array();
    for (int i = 0; i <= DEVICE_DIRECT_MAX; i++)
        json_array_append_new(event, json_object());

    cr_expect_eq(device_intake_read(event, &intake, &err), -1);

    cr_expect_str_eq(err.message, "a list may have at most 1000 messages, has 1001");
}

#define RECORD(id, group, queue)                                                                             \
    "{\"messageId\":\"" id "\",\"body\":\"{}\",\"eventSourceARN\":\"arn:aws:sqs:us-east-1:1:" queue          \
    "\",\"attributes\":{\"MessageGroupId\":\"" group "\"}}"

Test(device_intake, knows_what_stands_behind_in_a_fifo_group)
{
    cr_assert_eq(read_event("{\"Records\":[" RECORD("a", "g", "q.fifo") "," RECORD(
                     "b", "h", "q.fifo") "," RECORD("c", "g", "q.fifo") "]}"),
                 0);

    cr_expect(device_intake_is_behind(&intake, 2, 0));
    cr_expect_not(device_intake_is_behind(&intake, 1, 0));
    cr_expect_not(device_intake_is_behind(&intake, 0, 2));
}

/* Groups of a standard queue are tenants that share it. */
Test(device_intake, knows_no_order_in_a_standard_queue)
{
    cr_assert_eq(read_event("{\"Records\":[" RECORD("a", "g", "q") "," RECORD("b", "g", "q") "]}"), 0);

    cr_expect_not(device_intake_is_behind(&intake, 1, 0));
}
