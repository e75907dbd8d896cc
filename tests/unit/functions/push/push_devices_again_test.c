/* When messages of push_devices come back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "tests/support/push_stage.h"

/* functions/push/push_devices.c, whose table is renamed for tests. */
extern const struct nr_handler push_devices_handler;

#define REGISTER(r)                                                                                          \
    "{\\\"action\\\":\\\"register\\\",\\\"kind\\\":\\\"token\\\",\\\"registration\\\":\\\"" r                \
    "\\\",\\\"platform\\\":\\\"android\\\",\\\"user\\\":\\\"17\\\"}"
#define RECORD(id, receives, body)                                                                           \
    "{\"messageId\":\"" id "\",\"receiptHandle\":\"handle-" id "\",\"body\":\"" body                         \
    "\",\"eventSourceARN\":\"arn:aws:sqs:us-east-1:1:q\",\"attributes\":{\"ApproximateReceiveCount\":"       \
    "\"" receives "\"}}"
#define TWO "{\"Records\":[" RECORD("a", "1", REGISTER("hush1")) "," RECORD("b", "3", REGISTER("hush2")) "]}"

static struct canned_http_journal journal;
static struct canned_http *sqs;

static void start_sqs(const char *const *answers)
{
    char endpoint[64];

    sqs = canned_http_start(answers, 1);
    snprintf(endpoint, sizeof(endpoint), "http://127.0.0.1:%d", canned_http_port(sqs));
    setenv("AWS_ENDPOINT_URL_SQS", endpoint, 1);
    setenv("AWS_REGION", "us-east-1", 1);
    setenv("AWS_ACCESS_KEY_ID", "AKID", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "hush", 1);
}

static void set_up(void)
{
    static const char *const answers[] = {"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{}"};

    push_stage_init();
    start_sqs(answers);
}

TestSuite(push_devices_again, .init = set_up, .fini = push_stage_done, .timeout = 60);

static void invoke(const char *event)
{
    cr_expect_eq(push_stage_invoke(&push_devices_handler, event), 0, "%s", push_stage_err.message);
    canned_http_stop(sqs, &journal);
}

/* What the queue was told of the message, in seconds; -1 = nothing. */
static int told_s(const char *handle)
{
    char entry[128];
    const char *at;

    snprintf(entry, sizeof(entry), "\"ReceiptHandle\":\"%s\",\"VisibilityTimeout\":", handle);
    at = strstr(journal.last, entry);
    return at ? atoi(at + strlen(entry)) : -1;
}

static void database_is_down(void)
{
    setenv("THE_DATABASE", "postgresql://narae:hush@127.0.0.1:1/none", 1);
}

Test(push_devices_again, soon_when_the_database_is_down_and_later_each_time)
{
    database_is_down();
    push_stage_start(&push_devices_handler);

    invoke(TWO);

    cr_expect_eq(journal.n_requests, 1);
    cr_expect(told_s("handle-a") >= 5 && told_s("handle-a") <= 8, "%s", journal.last);
    cr_expect(told_s("handle-b") >= 20 && told_s("handle-b") <= 30, "%s", journal.last);
}

Test(push_devices_again, at_once_what_is_malformed_and_never_what_is_done)
{
    push_stage_start(&push_devices_handler);

    invoke("{\"Records\":[" RECORD("a", "1", REGISTER("hush1")) "," RECORD("b", "1", "{}") "]}");

    cr_expect_eq(told_s("handle-a"), -1);
    cr_expect_eq(told_s("handle-b"), 0, "%s", journal.last);
}

Test(push_devices_again, at_once_what_the_database_refuses_as_data)
{
    push_stage_start(&push_devices_handler);
    test_database_run(&push_stage_database, "alter table narae_push.device add check (user_id <> '17')");

    invoke(TWO);

    cr_expect_eq(told_s("handle-a"), 0, "%s", journal.last);
    cr_expect_eq(told_s("handle-b"), 0, "%s", journal.last);
}

Test(push_devices_again, a_caller_of_its_own_has_no_queue)
{
    database_is_down();
    push_stage_start(&push_devices_handler);

    invoke("{\"action\":\"refresh\",\"kind\":\"token\",\"registration\":\"hush1\"}");

    cr_expect_eq(journal.n_requests, 0);
}

Test(push_devices_again, a_queue_that_cannot_be_told_is_one_line_more)
{
    static const char *const answers[] = {
        "HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n{\"__type\":\"AccessDeniedException\"}"};

    canned_http_stop(sqs, &journal);
    start_sqs(answers);
    push_stage_start(&push_devices_handler);

    invoke("{\"Records\":[" RECORD("b", "1", "{}") "]}");

    cr_expect_str_eq(nr_buf_text(&push_stage_reply), "{\"batchItemFailures\":[{\"itemIdentifier\":\"b\"}]}");
    push_stage_expect_log(
        "\"level\":\"WARN\",\"message\":\"messages come back after the visibility timeout\"");
    push_stage_expect_log("AccessDeniedException");
    cr_expect_eq(push_stage_complaints(), 2, "the malformed message and this: %s", push_stage_log());
}
