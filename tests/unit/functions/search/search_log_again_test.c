/* When messages of search_log come back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include <narae/clock.h>
#include <narae/handler.h>

#include "functions/search/kinesis.h"
#include "tests/support/canned_http.h"
#include "tests/support/fake_clock.h"
#include "tests/support/log_capture.h"

/* functions/search/search_log.c, whose table is renamed for tests. */
extern const struct nr_handler search_log_handler;

#define ANSWER(status, headers, body) "HTTP/1.1 " status "\r\nConnection: close\r\n" headers "\r\n" body
#define ARN                           "arn:aws:sqs:us-east-1:123456789012:searches"
#define RECORD(id, receives, body)                                                                           \
    "{\"messageId\":\"" id "\",\"receiptHandle\":\"handle-" id "\",\"body\":\"" body                         \
    "\",\"eventSource\":\"aws:sqs\",\"eventSourceARN\":\"" ARN                                               \
    "\",\"attributes\":{\"ApproximateReceiveCount\":\"" receives "\"}}"
#define SEARCH "{\\\"user_query\\\":\\\"a\\\"}"
#define TWO    "{\"Records\":[" RECORD("a", "1", SEARCH) "," RECORD("b", "3", SEARCH) "]}"

enum { TIME_MS = 60000, REPLY_BYTES = 65536 };

static struct canned_http *stream, *sqs;
static struct canned_http_journal asked, told;
static struct nr_buf reply_body;
static struct nr_err err;

static struct canned_http *serve(const char *endpoint_env, const char *const *answer)
{
    struct canned_http *server = canned_http_start(answer, 1);
    char url[64];

    snprintf(url, sizeof(url), "http://127.0.0.1:%d", canned_http_port(server));
    setenv(endpoint_env, url, 1);
    return server;
}

static void pause_fake(int64_t wait_ms)
{
    (void)wait_ms;
}

static void set_up(void)
{
    static const char *const answer[] = {ANSWER("200 OK", "", "{}")};

    fake_clock_set(1790000000000, 1000);
    kinesis_pause_replace(pause_fake);
    setenv("AWS_REGION", "us-east-1", 1);
    setenv("AWS_ACCESS_KEY_ID", "AKID", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "hush", 1);
    setenv("NARAE_SEARCH_STREAM", "searches", 1);
    setenv("NARAE_SEARCH_PSEUDONYM_KEY", "env:THE_KEY", 1);
    setenv("THE_KEY", "{\"id\":\"2026-11\",\"key\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\"}", 1);
    setenv("AWS_LAMBDA_LOG_FORMAT", "JSON", 1);
    nr_buf_init(&reply_body, REPLY_BYTES);
    log_capture_begin();
    sqs = serve("AWS_ENDPOINT_URL_SQS", answer);
}

static void tear_down(void)
{
    nr_buf_done(&reply_body);
}

TestSuite(search_log_again, .init = set_up, .fini = tear_down, .timeout = 60);

/* With a stream that always answers so. */
static void invoke(const char *const *answer, const char *event)
{
    json_t *slot = NULL;
    struct nr_request request = {.struct_bytes = sizeof(request),
                                 .event = nr_view(event),
                                 .content_type = "application/json",
                                 .request_id = "req-1",
                                 .deadline_mono_ms = nr_clock_mono_ms() + TIME_MS,
                                 .json_slot = &slot};
    struct nr_reply reply = {.struct_bytes = sizeof(reply), .body = &reply_body};

    stream = serve("AWS_ENDPOINT_URL_KINESIS", answer);
    cr_assert_eq(search_log_handler.init(&err), 0, "%s", err.message);
    cr_expect_eq(search_log_handler.invoke(&request, &reply, &err), 0, "%s", err.message);
    canned_http_stop(stream, &asked);
    canned_http_stop(sqs, &told);
}

/* What the queue was told of the message, in seconds; -1 = nothing. */
static int told_s(const char *handle)
{
    char entry[128];
    const char *at;

    snprintf(entry, sizeof(entry), "\"ReceiptHandle\":\"%s\",\"VisibilityTimeout\":", handle);
    at = strstr(told.last, entry);
    return at ? atoi(at + strlen(entry)) : -1;
}

Test(search_log_again, soon_when_the_stream_is_down_and_later_each_time)
{
    static const char *const answer[] = {
        ANSWER("503 Service Unavailable", "", "{\"__type\":\"ServiceUnavailable\"}")};

    invoke(answer, TWO);

    cr_expect_eq(told.n_requests, 1);
    cr_expect(told_s("handle-a") >= 5 && told_s("handle-a") <= 8, "%s", told.last);
    cr_expect(told_s("handle-b") >= 20 && told_s("handle-b") <= 30, "%s", told.last);
    cr_expect_not_null(strstr(told.last, "https://sqs.us-east-1.amazonaws.com/123456789012/searches"));
}

Test(search_log_again, when_the_service_asks_for_it)
{
    static const char *const answer[] = {
        ANSWER("400 Bad Request", "Retry-After: 120\r\n", "{\"__type\":\"ThrottlingException\"}")};

    invoke(answer, TWO);

    cr_expect(told_s("handle-a") >= 120 && told_s("handle-a") <= 180, "%s", told.last);
}

Test(search_log_again, at_once_what_is_malformed_and_never_what_is_done)
{
    static const char *const answer[] = {
        ANSWER("200 OK", "",
               "{\"FailedRecordCount\":0,\"Records\":[{\"SequenceNumber\":\"1\",\"ShardId\":\"s\"}]}")};

    invoke(answer, "{\"Records\":[" RECORD("a", "1", SEARCH) "," RECORD("b", "1", "nonsense!") "]}");

    cr_expect_eq(told_s("handle-a"), -1, "%s", nr_buf_text(&reply_body));
    cr_expect_eq(told_s("handle-b"), 0, "%s", told.last);
}

Test(search_log_again, soon_when_the_key_cannot_be_had)
{
    static const char *const answer[] = {ANSWER("200 OK", "", "{}")};

    setenv("NARAE_SEARCH_PSEUDONYM_KEY", "arn:aws:secretsmanager:us-east-1:123456789012:secret:key", 1);
    setenv("AWS_ENDPOINT_URL_SECRETS_MANAGER", "http://127.0.0.1:1", 1);

    invoke(answer, TWO);

    cr_expect_eq(asked.n_requests, 0);
    cr_expect(told_s("handle-a") >= 5 && told_s("handle-a") <= 8, "%s", told.last);
    cr_expect(told_s("handle-b") >= 20 && told_s("handle-b") <= 30, "%s", told.last);
}

Test(search_log_again, events_of_a_request_have_no_queue)
{
    static const char *const answer[] = {
        ANSWER("503 Service Unavailable", "", "{\"__type\":\"ServiceUnavailable\"}")};

    invoke(answer,
           "{\"version\":\"2.0\",\"requestContext\":{\"http\":{\"method\":\"POST\"}},\"body\":\"" SEARCH
           "\"}");

    cr_expect_not_null(strstr(nr_buf_text(&reply_body), "\"statusCode\":503"));
    cr_expect_eq(told.n_requests, 0);
}

/* AWS writes none: such a message waits for the queue's own time. */
Test(search_log_again, a_handle_with_escapes_is_passed_over)
{
    static const char *const answer[] = {ANSWER("200 OK", "", "{}")};

    invoke(answer, "{\"Records\":[{\"messageId\":\"a\",\"receiptHandle\":\"h\\u0041\",\"body\":\"nonsense!\","
                   "\"eventSourceARN\":\"" ARN "\"}]}");

    cr_expect_str_eq(nr_buf_text(&reply_body), "{\"batchItemFailures\":[{\"itemIdentifier\":\"a\"}]}");
    cr_expect_eq(told.n_requests, 0);
}

Test(search_log_again, a_queue_that_cannot_be_told_is_one_line_more)
{
    static const char *const answer[] = {ANSWER("200 OK", "", "{}")};
    static const char *const refusal[] = {
        ANSWER("403 Forbidden", "", "{\"__type\":\"AccessDeniedException\"}")};
    char *log;

    canned_http_stop(sqs, &told);
    sqs = serve("AWS_ENDPOINT_URL_SQS", refusal);

    invoke(answer, "{\"Records\":[" RECORD("b", "1", "nonsense!") "]}");

    log = log_capture_take();
    cr_expect_str_eq(nr_buf_text(&reply_body), "{\"batchItemFailures\":[{\"itemIdentifier\":\"b\"}]}");
    cr_expect_not_null(
        strstr(log, "\"WARN\",\"message\":\"messages come back after the visibility timeout\""), "%s", log);
    cr_expect_not_null(strstr(log, "AccessDeniedException"), "%s", log);
    free(log);
}
