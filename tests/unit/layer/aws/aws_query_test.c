#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include <narae/aws_query.h>
#include <narae/clock.h>

#include "layer/aws/aws_pause.h"
#include "tests/support/canned_http.h"
#include "tests/support/http_server.h"

#define ANSWER(status, date, body) "HTTP/1.1 " status "\r\nConnection: close\r\n" date "\r\n" body
#define ERROR(code, message)                                                                                 \
    "<ErrorResponse><Error><Type>Sender</Type><Code>" code "</Code><Message>" message                        \
    "</Message></Error><RequestId>r-1</RequestId></ErrorResponse>"
#define BAD(code, message) ANSWER("400 Bad Request", "", ERROR(code, message))
#define GOOD               ANSWER("200 OK", "Date: Tue, 24 Nov 2026 17:00:00 GMT\r\n", "<XResponse/>")

static struct canned_http_journal journal;
static struct nr_aws_query_note note;
static struct nr_buf xml;
static struct nr_err err;
static int n_pauses;

static void count_pause(int64_t wait_ms)
{
    (void)wait_ms;
    n_pauses++;
}

static void set_up(void)
{
    setenv("AWS_REGION", "us-east-1", 1);
    setenv("AWS_ACCESS_KEY_ID", "key", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
    setenv("AWS_SESSION_TOKEN", "token", 1);
    aws_pause_replace(count_pause);
    nr_buf_init(&xml, 65536);
}

static void tear_down(void)
{
    nr_buf_done(&xml);
}

TestSuite(aws_query, .init = set_up, .fini = tear_down, .timeout = 30);

static int call(const char *const *answers, size_t n, bool is_once)
{
    struct canned_http *server = canned_http_start(answers, n);
    struct nr_buf form;
    char url[64];
    int result;

    snprintf(url, sizeof(url), "http://127.0.0.1:%d", canned_http_port(server));
    setenv("AWS_ENDPOINT_URL_RDS", url, 1);
    nr_buf_init(&form, 4096);
    nr_aws_query_begin(&form, "Do", "2014-10-31");
    nr_aws_query_add(&form, NR_VIEW("a b&c=d/~-é"), "Tags.Tag.%d.Value", 7);
    result = nr_aws_query(&(struct nr_aws_query_call){.service = "rds",
                                                      .endpoint_env = "AWS_ENDPOINT_URL_RDS",
                                                      .action = "Do",
                                                      .form = nr_buf_view(&form),
                                                      .is_once = is_once,
                                                      .deadline_mono_ms = NR_CLOCK_NEVER_MS},
                          &xml, &note, &err);
    nr_buf_done(&form);
    canned_http_stop(server, &journal);
    return result;
}

#define OK_REPLY "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

#define CALL(is_once, ...)                                                                                   \
    call((const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *),    \
         is_once)

Test(aws_query, sends_a_signed_form_and_gives_the_answer_and_its_date)
{
    cr_assert_eq(CALL(false, GOOD), 0, "%s", err.message);

    cr_expect_str_eq(nr_buf_text(&xml), "<XResponse/>");
    cr_expect(note.status == 200 && note.n_sent == 1 && note.date_unix_s == 1795539600);
    cr_expect_not_null(
        strstr(journal.last, "\r\n\r\nAction=Do&Version=2014-10-31&Tags.Tag.7.Value=a+b%26c%3Dd%2F~-%C3%A9"));
    cr_expect_not_null(strstr(journal.last, "/us-east-1/rds/aws4_request"));
    cr_expect_not_null(strstr(journal.last, "X-Amz-Security-Token: token\r\n"));
}

Test(aws_query, refuses_a_region_that_names_another_host)
{
    static const char *const absurd[] = {"evil.example/", "us-east-1.evil.example", "a?", "a#", "A", "a@b"};

    for (size_t i = 0; i < sizeof(absurd) / sizeof(absurd[0]); i++) {
        char message[128];

        nr_err_reset(&err);
        setenv("AWS_REGION", absurd[i], 1);
        cr_assert_eq(CALL(false, GOOD), -1, "\"%s\"", absurd[i]);

        snprintf(message, sizeof(message), "\"%s\" is no AWS region", absurd[i]);
        cr_expect_eq(err.kind, NR_ERR_INVALID);
        cr_expect_str_eq(err.message, message);
        cr_expect_eq(journal.n_requests, 0);
    }
}

Test(aws_query, says_code_message_and_request_id_with_entities_decoded)
{
    cr_assert_eq(CALL(false, BAD("InvalidParameterValue", "a &lt;b&gt; &amp;amp; c")), -1);

    cr_expect_eq(err.kind, NR_ERR_INVALID);
    cr_expect_str_eq(err.message, "Do: 400 InvalidParameterValue: a <b> &amp; c (request id r-1)");
    cr_expect_str_eq(note.code, "InvalidParameterValue");
    cr_expect_eq(journal.n_requests, 1, "a permanent error is not tried again");
}

/* AWS shows the canonical request when a signature is wrong, and that holds the session token. */
Test(aws_query, drops_what_aws_says_behind_the_first_line)
{
    cr_assert_eq(
        CALL(false, BAD("SignatureDoesNotMatch",
                        "it does not match.\n\nThe Canonical String for this request should have been\n"
                        "'POST\n/\n\nx-amz-security-token:token\n'")),
        -1);

    cr_expect_str_eq(err.message, "Do: 400 SignatureDoesNotMatch: it does not match. (request id r-1)");
    cr_expect_str_eq(note.message, "it does not match.");
}

Test(aws_query, takes_throttling_for_what_it_is_though_it_is_a_400)
{
    static const char *const codes[] = {BAD("Throttling", "x"), BAD("ThrottlingException", "x"),
                                        BAD("RequestLimitExceeded", "x"),
                                        BAD("TooManyRequestsException", "x")};

    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        err = (struct nr_err){0};
        cr_assert_eq(CALL(true, codes[i], GOOD), 0, "%s", err.message);
        cr_expect(note.n_throttled == 1 && note.n_sent == 2);
    }
    cr_expect_eq(n_pauses, 4);
}

Test(aws_query, gives_up_after_three_attempts)
{
    cr_assert_eq(CALL(false, ANSWER("503 Slow", "", "<html>busy</html>")), -1);

    cr_expect_eq(err.kind, NR_ERR_UNAVAILABLE);
    cr_expect_str_eq(err.message, "Do: 503");
    cr_expect_eq(note.n_sent, 3);
}

Test(aws_query, sends_only_once_what_makes_something)
{
    cr_assert_eq(CALL(true, ANSWER("500 Oops", "", "")), -1);

    cr_expect_eq(journal.n_requests, 1);
    cr_expect_eq(n_pauses, 0);
}

/* What curl would do by itself: the server has read the request, and the kept connection breaks. */
Test(aws_query, sends_only_once_what_a_kept_connection_broke_under)
{
    static const struct http_server_step steps[] = {
        {OK_REPLY, HTTP_SERVER_KEEP}, {NULL, HTTP_SERVER_RESET}, {OK_REPLY, HTTP_SERVER_KEEP}};
    struct http_server *server =
        http_server_start(&(struct http_server_options){.steps = steps, .n_steps = 3});
    struct nr_aws_query_call make = {.service = "rds",
                                     .endpoint_env = "AWS_ENDPOINT_URL_RDS",
                                     .action = "Make",
                                     .form = NR_VIEW("Action=Make"),
                                     .is_once = true,
                                     .deadline_mono_ms = NR_CLOCK_NEVER_MS};
    struct http_server_journal requests;

    setenv("AWS_ENDPOINT_URL_RDS", http_server_url(server), 1);
    cr_assert_eq(nr_aws_query(&make, &xml, &note, &err), 0, "%s", err.message);
    cr_expect_eq(nr_aws_query(&make, &xml, &note, &err), -1);
    http_server_stop(server, &requests);

    cr_expect_eq(err.kind, NR_ERR_UNAVAILABLE, "%s", err.message);
    cr_expect_eq(note.n_sent, 1);
    cr_expect_eq(requests.n_requests, 2);
    http_server_journal_done(&requests);
}

Test(aws_query, asks_for_credentials_anew_once)
{
    cr_assert_eq(CALL(true, BAD("ExpiredToken", "x"), GOOD), 0, "%s", err.message);
    err = (struct nr_err){0};
    cr_assert_eq(CALL(false, BAD("ExpiredToken", "x")), -1);

    cr_expect_eq(err.kind, NR_ERR_DENIED);
    cr_expect_eq(journal.n_requests, 2);
}

Test(aws_query, cuts_what_is_too_long_in_an_error)
{
    char answer[8192];
    char long_text[4096];

    memset(long_text, 'x', sizeof(long_text) - 1);
    long_text[sizeof(long_text) - 1] = '\0';
    snprintf(answer, sizeof(answer),
             "HTTP/1.1 400 No\r\nConnection: close\r\n\r\n<Code>%.600s</Code><Message>%s</Message>",
             long_text, long_text);

    cr_assert_eq(CALL(false, answer), -1);
    cr_expect_eq(strlen(note.code), NR_AWS_CODE_BYTES - 1);
    cr_expect_eq(strlen(note.message), NR_AWS_MESSAGE_BYTES - 1);
}
