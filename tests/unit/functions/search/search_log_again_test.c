/* When messages of search_log come back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "tests/support/canned_http.h"
#include "tests/support/log_capture.h"
#include "tests/support/search_log_stage.h"

#define ANSWER(status, headers, body) "HTTP/1.1 " status "\r\nConnection: close\r\n" headers "\r\n" body
#define ARN                           "arn:aws:sqs:us-east-1:123456789012:searches"
#define RECORD(id, receives, body)                                                                           \
    "{\"messageId\":\"" id "\",\"receiptHandle\":\"handle-" id "\",\"body\":\"" body                         \
    "\",\"eventSource\":\"aws:sqs\",\"eventSourceARN\":\"" ARN                                               \
    "\",\"attributes\":{\"ApproximateReceiveCount\":\"" receives "\"}}"
#define SEARCH "{\\\"user_query\\\":\\\"a\\\"}"
#define TWO    "{\"Records\":[" RECORD("a", "1", SEARCH) "," RECORD("b", "3", SEARCH) "]}"

enum { TIME_MS = 60000 };

static struct canned_http *stream, *sqs;
static struct canned_http_journal asked, told;

static struct canned_http *serve(const char *endpoint_env, const char *const *answer)
{
    struct canned_http *server = canned_http_start(answer, 1);
    char url[64];

    snprintf(url, sizeof(url), "http://127.0.0.1:%d", canned_http_port(server));
    setenv(endpoint_env, url, 1);
    return server;
}

static void set_up(void)
{
    static const char *const answer[] = {ANSWER("200 OK", "", "{}")};

    search_log_stage_init();
    setenv("AWS_REGION", "us-east-1", 1);
    sqs = serve("AWS_ENDPOINT_URL_SQS", answer);
}

TestSuite(search_log_again, .init = set_up, .fini = search_log_stage_done, .timeout = 60);

/* With a stream that always answers so. */
static void invoke(const char *const *answer, const char *event)
{
    stream = serve("AWS_ENDPOINT_URL_KINESIS", answer);
    cr_assert_eq(search_log_handler.init(&search_log_stage_err), 0, "%s", search_log_stage_err.message);
    cr_expect_eq(search_log_stage_invoke(event, TIME_MS), 0, "%s", search_log_stage_err.message);
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

    cr_expect_eq(told_s("handle-a"), -1, "%s", nr_buf_text(&search_log_stage_reply));
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

    cr_expect_not_null(strstr(nr_buf_text(&search_log_stage_reply), "\"statusCode\":503"));
    cr_expect_eq(told.n_requests, 0);
}

/* AWS writes none: such a message waits for the queue's own time. */
Test(search_log_again, a_handle_with_escapes_is_passed_over)
{
    static const char *const answer[] = {ANSWER("200 OK", "", "{}")};

    invoke(answer, "{\"Records\":[{\"messageId\":\"a\",\"receiptHandle\":\"h\\u0041\",\"body\":\"nonsense!\","
                   "\"eventSourceARN\":\"" ARN "\"}]}");

    cr_expect_str_eq(nr_buf_text(&search_log_stage_reply),
                     "{\"batchItemFailures\":[{\"itemIdentifier\":\"a\"}]}");
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
    cr_expect_str_eq(nr_buf_text(&search_log_stage_reply),
                     "{\"batchItemFailures\":[{\"itemIdentifier\":\"b\"}]}");
    cr_expect_not_null(
        strstr(log, "\"WARN\",\"message\":\"messages come back after the visibility timeout\""), "%s", log);
    cr_expect_not_null(strstr(log, "AccessDeniedException"), "%s", log);
    free(log);
}
