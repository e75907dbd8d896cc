#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include <narae/clock.h>

#include "functions/search/event_queue.h"
#include "tests/support/canned_http.h"

static struct canned_http *sqs;
static struct event_queue queue;
static struct nr_err err;

static void start(const char *const *answers, size_t n)
{
    char endpoint[64];

    sqs = canned_http_start(answers, n);
    snprintf(endpoint, sizeof(endpoint), "http://127.0.0.1:%d", canned_http_port(sqs));
    setenv("AWS_ENDPOINT_URL_SQS", endpoint, 1);
}

static void set_up(void)
{
    setenv("AWS_REGION", "us-east-1", 1);
    setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "hush", 1);
    setenv("AWS_ENDPOINT_URL_SQS", "http://127.0.0.1:1", 1);
    queue = (struct event_queue){.url = "https://sqs.us-east-1.amazonaws.com/1/events", .timeout_ms = 2000};
}

TestSuite(event_queue, .init = set_up, .timeout = 30);

static enum event_queue_result send_one(const char *event)
{
    nr_err_reset(&err);
    return event_queue_send(&queue, nr_view(event), NR_CLOCK_NEVER_MS, &err);
}

Test(event_queue, sends_an_event_as_one_signed_message)
{
    static const char *const answers[] = {
        "HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\nConnection: "
        "close\r\n\r\n{\"MessageId\":\"m\"}"};
    struct canned_http_journal journal;

    start(answers, 1);

    cr_expect_eq(send_one("{\"user_query\":\"김\\\"\"}"), EVENT_QUEUE_SENT, "%s", err.message);

    canned_http_stop(sqs, &journal);
    cr_expect_eq(journal.n_requests, 1);
    cr_expect_not_null(strcasestr(journal.last, "x-amz-target: AmazonSQS.SendMessage\r\n"));
    cr_expect_not_null(strcasestr(journal.last, "authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"));
    cr_expect_not_null(strstr(journal.last,
                              "\r\n\r\n{\"QueueUrl\":\"https://sqs.us-east-1.amazonaws.com/1/events\","
                              "\"MessageBody\":\"{\\\"user_query\\\":\\\"김\\\\\\\"\\\"}\"}"));
    cr_expect_eq(queue.n_lost, 0);
}

Test(event_queue, says_once_why_it_pauses_and_counts_what_is_lost)
{
    cr_expect_eq(send_one("{}"), EVENT_QUEUE_FAILED);
    cr_expect_eq(err.kind, NR_ERR_UNAVAILABLE, "%s", err.message);

    cr_expect_eq(send_one("{}"), EVENT_QUEUE_LOST);
    cr_expect_eq(err.kind, NR_ERR_NONE);
    cr_expect_eq(queue.n_lost, 2);
}

Test(event_queue, tries_again_after_the_pause)
{
    static const char *const answers[] = {
        "HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\nConnection: close\r\n\r\n{}"};

    cr_assert_eq(send_one("{}"), EVENT_QUEUE_FAILED);
    start(answers, 1);
    queue.paused_until_mono_ms = nr_clock_mono_ms(); /* as if the time had passed */

    cr_expect_eq(send_one("{}"), EVENT_QUEUE_SENT, "%s", err.message);
    canned_http_stop(sqs, NULL);
}

Test(event_queue, gives_up_when_the_queue_refuses)
{
    static const char *const answers[] = {
        "HTTP/1.1 400 Bad Request\r\nContent-Type: application/x-amz-json-1.0\r\n"
        "Connection: close\r\n\r\n{\"__type\":\"com.amazonaws.sqs#QueueDoesNotExist\","
        "\"message\":\"The specified queue does not exist.\"}"};

    start(answers, 1);

    cr_expect_eq(send_one("{}"), EVENT_QUEUE_FAILED);
    cr_expect_not_null(strstr(err.message, "QueueDoesNotExist"), "%s", err.message);
    canned_http_stop(sqs, NULL);
}
