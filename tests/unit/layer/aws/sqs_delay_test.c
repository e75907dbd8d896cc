/* The part of sqs.h that speaks to SQS. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include <narae/clock.h>
#include <narae/sqs.h>

#include "tests/support/canned_http.h"

#define ANSWER(body) "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" body
#define ARN          "arn:aws:sqs:eu-west-1:123456789012:PushQueue"

static struct nr_sqs_record records[32];
static struct nr_sqs_batch batch = {records, 0};
static struct canned_http *sqs;
static struct canned_http_journal journal;
static struct nr_err err;
static size_t n_refused;

static void set_up(void)
{
    setenv("AWS_REGION", "us-east-1", 1);
    setenv("AWS_ACCESS_KEY_ID", "AKID", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "hush", 1);
}

TestSuite(sqs_delay, .init = set_up, .timeout = 30);

static void add(const char *arn, const char *handle, int64_t delay_ms)
{
    size_t i = batch.n_records++;

    records[i] = (struct nr_sqs_record){
        .message_id = NR_VIEW("m"), .receipt_handle = nr_view(handle), .queue_arn = nr_view(arn)};
    if (delay_ms >= 0)
        nr_sqs_fail_for(&batch, i, delay_ms);
}

static int delay(const char *const *answers, size_t n)
{
    char endpoint[64];
    int result;

    sqs = canned_http_start(answers, n);
    snprintf(endpoint, sizeof(endpoint), "http://127.0.0.1:%d", canned_http_port(sqs));
    setenv("AWS_ENDPOINT_URL_SQS", endpoint, 1);
    result = nr_sqs_delay(&batch, nr_clock_mono_ms() + 5000, &n_refused, &err);
    canned_http_stop(sqs, &journal);
    return result;
}

Test(sqs_delay, tells_the_queue_when_each_failed_record_is_to_come_back)
{
    static const char *const answers[] = {ANSWER("{\"Successful\":[{\"Id\":\"0\"},{\"Id\":\"1\"}]}")};

    add(ARN, "h\"1", 10001);
    add(ARN, "h2", -1); /* not failed */
    add(ARN, "h3", 0);
    add(ARN, "", 5000); /* made by hand */
    add("", "h4", 5000);

    cr_expect_eq(delay(answers, 1), 0, "%s", err.message);

    cr_expect_eq(journal.n_requests, 1);
    cr_expect_eq(n_refused, 0);
    cr_expect_not_null(strcasestr(journal.last, "x-amz-target: AmazonSQS.ChangeMessageVisibilityBatch\r\n"));
    cr_expect_not_null(strcasestr(journal.last, "content-type: application/x-amz-json-1.0\r\n"));
    cr_expect_not_null(strstr(journal.last, "/eu-west-1/sqs/aws4_request"));
    cr_expect_str_eq(
        strstr(journal.last, "\r\n\r\n") + 4,
        "{\"QueueUrl\":\"https://sqs.eu-west-1.amazonaws.com/123456789012/PushQueue\",\"Entries\":["
        "{\"Id\":\"0\",\"ReceiptHandle\":\"h\\\"1\",\"VisibilityTimeout\":11},"
        "{\"Id\":\"1\",\"ReceiptHandle\":\"h3\",\"VisibilityTimeout\":0}]}");
}

Test(sqs_delay, asks_ten_at_a_time_and_each_queue_by_itself)
{
    static const char *const answers[] = {ANSWER("{}")};

    for (int i = 0; i < 21; i++)
        add(ARN, "h", 1000);
    add("arn:aws-cn:sqs:cn-north-1:1:q.fifo", "h", 1000);

    cr_expect_eq(delay(answers, 1), 0, "%s", err.message);

    cr_expect_eq(journal.n_requests, 4);
    cr_expect_not_null(strstr(journal.last, "\"https://sqs.cn-north-1.amazonaws.com.cn/1/q.fifo\""));
}

Test(sqs_delay, asks_nothing_when_nothing_failed)
{
    static const char *const answers[] = {ANSWER("{}")};

    add(ARN, "h", -1);
    nr_sqs_fail(&batch, 0); /* without a delay of its own */

    cr_expect_eq(delay(answers, 1), 0, "%s", err.message);

    cr_expect_eq(journal.n_requests, 0);
}

Test(sqs_delay, counts_entries_that_are_refused_under_200)
{
    static const char *const answers[] = {ANSWER(
        "{\"Successful\":[{\"Id\":\"0\"}],\"Failed\":[{\"Id\":\"1\",\"Code\":\"MessageNotInflight\"}]}")};

    add(ARN, "h1", 1000);
    add(ARN, "h2", 1000);

    cr_expect_eq(delay(answers, 1), -1);

    cr_expect_eq(n_refused, 1);
    cr_expect_str_eq(err.message, "AmazonSQS.ChangeMessageVisibilityBatch: MessageNotInflight");
}

Test(sqs_delay, names_the_reason_when_a_call_is_refused)
{
    static const char *const answers[] = {
        "HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n"
        "{\"__type\":\"com.amazonaws.sqs#AccessDenied\",\"message\":\"no\"}"};

    for (int i = 0; i < 11; i++)
        add(ARN, "h", 1000);

    cr_expect_eq(delay(answers, 1), -1);

    cr_expect_eq(n_refused, 11);
    cr_expect_eq(journal.n_requests, 1, "it was asked again");
    cr_expect_eq(err.kind, NR_ERR_DENIED);
    cr_expect_str_eq(err.message, "AmazonSQS.ChangeMessageVisibilityBatch: 403 AccessDenied: no");
}

/* AWS shows the canonical request when a signature is wrong, and that holds the session token. */
Test(sqs_delay, drops_what_aws_says_behind_the_first_line)
{
    static const char *const answers[] = {
        "HTTP/1.1 400 No\r\nConnection: close\r\n\r\n"
        "{\"__type\":\"x#InvalidSignatureException\",\"message\":\"it does not match.\\n\\nThe Canonical "
        "String "
        "for this request should have been\\n'POST\\n/\\n\\nx-amz-security-token:token'\"}"};

    add(ARN, "h", 1000);

    cr_expect_eq(delay(answers, 1), -1);

    cr_expect_str_eq(err.message,
                     "AmazonSQS.ChangeMessageVisibilityBatch: 400 InvalidSignatureException: it does "
                     "not match.");
}

/* The container's credentials are kept for minutes, unless AWS says that they are of no use. */
Test(sqs_delay, asks_for_credentials_anew_after_they_were_refused)
{
#define KEYS(id) ANSWER("{\"AccessKeyId\":\"" id "\",\"SecretAccessKey\":\"hush\",\"Token\":\"\"}")
    static const char *const answers[] = {
        KEYS("OLD"), "HTTP/1.1 400 No\r\nConnection: close\r\n\r\n{\"__type\":\"ExpiredTokenException\"}",
        KEYS("NEW"), ANSWER("{}")};
    char url[64];

    unsetenv("AWS_ACCESS_KEY_ID");
    add(ARN, "h", 1000);
    sqs = canned_http_start(answers, 4);
    snprintf(url, sizeof(url), "http://127.0.0.1:%d", canned_http_port(sqs));
    setenv("AWS_ENDPOINT_URL_SQS", url, 1);
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url, 1);

    cr_expect_eq(nr_sqs_delay(&batch, nr_clock_mono_ms() + 5000, &n_refused, &err), -1);
    cr_expect_eq(err.kind, NR_ERR_DENIED);
    nr_err_reset(&err);
    cr_expect_eq(nr_sqs_delay(&batch, nr_clock_mono_ms() + 5000, &n_refused, &err), 0, "%s", err.message);

    canned_http_stop(sqs, &journal);
    cr_expect_eq(journal.n_requests, 4);
    cr_expect_not_null(strstr(journal.last, "Credential=NEW/"));
}

Test(sqs_delay, refuses_an_arn_that_is_no_queue)
{
    static const char *const answers[] = {ANSWER("{}")};

    add("arn:aws:kinesis:r:1:q", "h", 1000);

    cr_expect_eq(delay(answers, 1), -1);

    cr_expect_eq(n_refused, 1);
    cr_expect_eq(journal.n_requests, 0);
    cr_expect_str_eq(err.message, "eventSourceARN: \"arn:aws:kinesis:r:1:q\" is no queue");
}

/* The region would be part of the host that gets the signed request. */
Test(sqs_delay, refuses_a_region_that_names_another_host)
{
    static const char *const answers[] = {ANSWER("{}")};

    add("arn:aws:sqs:evil.example/:1:q", "h", 1000);

    cr_expect_eq(delay(answers, 1), -1);

    cr_expect_eq(journal.n_requests, 0);
    cr_expect_str_eq(err.message, "eventSourceARN: \"arn:aws:sqs:evil.example/:1:q\" is no queue");
}

Test(sqs_delay, cuts_a_delay_at_what_sqs_takes)
{
    add(ARN, "h", INT64_C(86400) * 1000);
    add(ARN, "h", INT64_MAX);

    cr_expect_eq(records[0].delay_s, NR_SQS_DELAY_MAX_S);
    cr_expect_eq(records[1].delay_s, NR_SQS_DELAY_MAX_S);
    nr_sqs_fail_for(&batch, 99, 1000); /* beyond the end: nothing */
}
