#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "functions/search/event.h"
#include "tests/support/log_capture.h"
#include "tests/support/search_log_stage.h"

TestSuite(search_log_refusals, .init = search_log_stage_init, .fini = search_log_stage_done, .timeout = 120);

#define RECORD(n, body) "{\"messageId\":\"m" n "\",\"body\":\"" body "\"}"
#define Q(text)         "{\\\"user_query\\\":\\\"" text "\\\"}"

Test(search_log_refusals, refuses_a_message_as_a_whole_and_alone)
{
    char *log;

    search_log_stage_start(&(struct kinesis_options){0});
    cr_assert_str_eq(
        search_log_stage_reply_of(
            "{\"Records\":[" RECORD("1", Q("a")) "," RECORD("2", Q("b") Q("c") "{}") "," RECORD(
                "3", "[" Q("d") "," Q(
                         "e") "]") "," RECORD("4", "nonsense!") "," RECORD("5",
                                                                           "[" Q("f")) "," RECORD("6",
                                                                                                  "[]") "]}"),
        "{\"batchItemFailures\":[{\"itemIdentifier\":\"m2\"},{\"itemIdentifier\":\"m4\"},{\"itemIdentifier\":"
        "\"m5\"}]}");
    search_log_stage_stop();
    log = log_capture_take();
    cr_expect_eq(search_log_stage_times(search_log_stage_journal.rows, "user_query"), 3, "a, d, e: %s",
                 search_log_stage_journal.rows);
    cr_expect(strstr(search_log_stage_journal.rows, "\"event_id\":\"m1.0\"") &&
                  strstr(search_log_stage_journal.rows, "\"event_id\":\"m3.1\""),
              "%s", search_log_stage_journal.rows);
    cr_expect(strstr(log, "Records[1].body[2].user_query: is required, or action_name"), "%s", log);
    cr_expect(strstr(log, "Records[3].body: must be JSON, or base64 of JSON or of gzip"), "%s", log);
    cr_expect(strstr(log, "Records[4].body: ends inside an array at byte"), "%s", log);
    free(log);
}

/* What is wrong inside a body is that message's fault, even where the event itself is no JSON because of
 * it. */
Test(search_log_refusals, refuses_broken_bytes_in_a_body_alone)
{
    char *log;

    search_log_stage_start(&(struct kinesis_options){0});
    cr_assert_str_eq(
        search_log_stage_reply_of("{\"Records\":[" RECORD("1", Q("a")) "," RECORD("2", Q("\\x")) "," RECORD(
            "3", Q("\xff")) "," RECORD("4", "\\ud800" Q("c")) "," RECORD("5", Q("b")) "]}"),
        "{\"batchItemFailures\":[{\"itemIdentifier\":\"m2\"},{\"itemIdentifier\":\"m3\"},{"
        "\"itemIdentifier\":\"m4\"}]}");
    search_log_stage_stop();
    log = log_capture_take();
    cr_expect_eq(search_log_stage_times(search_log_stage_journal.rows, "user_query"), 2, "a, b: %s",
                 search_log_stage_journal.rows);
    cr_expect(strstr(log, "Records[1].body: has an escape that is none"), "%s", log);
    cr_expect(strstr(log, "Records[2].body: is not UTF-8 at byte"), "%s", log);
    cr_expect(strstr(log, "Records[3].body: has an escape that is none"), "%s", log);
    free(log);
}

Test(search_log_refusals, takes_base64_and_gzip)
{
    /* printf '{"user_query":"gz"}' | gzip -9n | base64 -w0 */
    static const char gzip[] = "H4sIAAAAAAACA6tWKi1OLYovLE0tqlSyUkqvUqoFAGfvGDgTAAAA";

    search_log_stage_start(&(struct kinesis_options){0});
    nr_buf_printf(&search_log_stage_event,
                  "{\"Records\":[{\"messageId\":\"m1\",\"body\":\"%s\"},{\"messageId\":\"m2\",\"body\":"
                  "\"eyJ1c2VyX3F1ZXJ5IjoiYjY0In0=\"},"
                  "{\"messageId\":\"m3\",\"body\":\"%.30s\"}]}",
                  gzip, gzip);
    cr_assert_str_eq(search_log_stage_reply_of(nr_buf_text(&search_log_stage_event)),
                     "{\"batchItemFailures\":[{\"itemIdentifier\":\"m3\"}]}");
    nr_buf_reset(&search_log_stage_event);
    nr_buf_printf(
        &search_log_stage_event,
        "{\"requestContext\":{\"http\":{\"method\":\"POST\"}},\"isBase64Encoded\":true,\"body\":\"%s\"}",
        gzip);
    cr_assert(strstr(search_log_stage_reply_of(nr_buf_text(&search_log_stage_event)), "\"statusCode\":202"),
              "%s", nr_buf_text(&search_log_stage_reply));
    search_log_stage_stop();
    cr_expect_eq(search_log_stage_times(search_log_stage_journal.rows, "\"user_query\":\"gz\""), 2, "%s",
                 search_log_stage_journal.rows);
    cr_expect_eq(search_log_stage_times(search_log_stage_journal.rows, "\"user_query\":\"b64\""), 1, "%s",
                 search_log_stage_journal.rows);
}

Test(search_log_refusals, answers_requests_by_what_became_of_them)
{
#define POST(body) "{\"requestContext\":{\"http\":{\"method\":\"POST\"}},\"body\":\"" body "\"}"
    static const struct {
        const char *event, *status, *part;
    } rows[] = {
        {POST(Q("a")), "202", "\\\"accepted\\\":1,\\\"refused\\\":0,\\\"failed\\\":0,\\\"errors\\\":[]"},
        {POST("[" Q("a") ",{}]"), "207",
         "{\\\"index\\\":1,\\\"reason\\\":\\\"refused\\\",\\\"message\\\":\\\"body[1].user_query: is "
         "required, or action_name\\\"}"},
        {POST("{}"), "400", "\\\"accepted\\\":0,\\\"refused\\\":1"},
        {POST("["), "400", "body: ends inside an array at byte 1"},
        {POST("x"), "400", "body: must be JSON"},
        {"{\"requestContext\":{\"http\":{\"method\":\"POST\"}}}", "400", "body: is required"},
        {"{\"requestContext\":{\"http\":{\"method\":\"GET\"}}}", "405", "the method must be POST"},
    };

    search_log_stage_start(&(struct kinesis_options){0});
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *reply = search_log_stage_reply_of(rows[i].event);

        cr_expect_eq(strncmp(reply + strlen("{\"statusCode\":"), rows[i].status, 3), 0, "%s", reply);
        cr_expect(strstr(reply, rows[i].part), "%s", reply);
    }
    cr_assert(strstr(search_log_stage_reply_of(search_log_stage_events(HTTP, 501)), "\"statusCode\":413"),
              "%s", nr_buf_text(&search_log_stage_reply));
    search_log_stage_stop();
}

Test(search_log_refusals, refuses_events_that_it_does_not_know)
{
    static const struct {
        const char *event, *message;
    } rows[] = {
        {"5", "event: must be an object or an array"},
        {"{\"Records\":5}", "Records: must be an array"},
        {"{\"Records\":[{\"eventSource\":\"aws:kinesis\"}]}",
         "not an SQS event: Records[0].eventSource: must be aws:sqs"},
        {"{\"Records\":[{\"body\":\"x\"}]}",
         "not an SQS event: Records[0].messageId: must be a string of 1 to 128 characters"},
        {"{\"Records\":[{\"messageId\":\"x\"}]}", "not an SQS event: Records[0].body: must be a string"},
        {"{\"Records\":[{\"messageId\":\"x\",\"body\":\"a\nb\"}]}",
         "event: has a control character in a string at byte 38"},
        {"{\"Records\":[{\"messageId\":\"x\",\"body\":\"a\\\"}]}", "event: ends inside a string at byte 43"},
        {"{\"user_query\":\"a\"", "event: ends inside an object at byte 17"},
        {"[{\"user_query\":\"a\"},]", "event: has no value where one is wanted at byte 20"},
    };

    search_log_stage_start(&(struct kinesis_options){0});
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cr_expect_eq(search_log_stage_invoke(rows[i].event, SEARCH_LOG_STAGE_TIMEOUT_MS), -1, "%s",
                     rows[i].event);
        cr_expect_str_eq(search_log_stage_err.message, rows[i].message);
        cr_expect_eq(search_log_stage_err.kind, NR_ERR_INVALID);
    }
    search_log_stage_stop();
    cr_expect_eq(search_log_stage_journal.n_requests, 0);
}

Test(search_log_refusals, tells_a_direct_caller_by_an_error_what_it_must_send_again)
{
    search_log_stage_start(
        &(struct kinesis_options){.rules = {{KINESIS_REFUSE, 1, 9999, 503, "ServiceUnavailable"}}});
    cr_assert_eq(search_log_stage_invoke("[{\"user_query\":\"a\"},{\"user_query\":\"b\"}]",
                                         SEARCH_LOG_STAGE_TIMEOUT_MS),
                 -1);
    search_log_stage_stop();
    cr_assert_str_eq(search_log_stage_err.type, "Function.NotStored");
    cr_assert_eq(strncmp(search_log_stage_err.message, "2 of 2 events were not stored: ", 31), 0, "%s",
                 search_log_stage_err.message);
}

/* An event whose filters are small as they come, and larger than any row's as they would be stored: each DEL
 * becomes an escape of six bytes. */
static void add_swelling_event(void)
{
    char value[SEARCH_FILTER_MAX_CHARS + 1];

    memset(value, 0x7f, sizeof(value));
    value[sizeof(value) - 1] = '\0';
    nr_buf_add_text(&search_log_stage_event, "{\\\"user_query\\\":\\\"a\\\",\\\"filters\\\":{\\\"x\\\":[");
    for (int i = 0; i < SEARCH_FILTERS_MAX; i++)
        nr_buf_printf(&search_log_stage_event, "%s\\\"%s\\\"", i ? "," : "", value);
    nr_buf_add_text(&search_log_stage_event, "],\\\"y\\\":[");
    for (int i = 0; i < SEARCH_FILTERS_MAX; i++)
        nr_buf_printf(&search_log_stage_event, "%s\\\"%s\\\"", i ? "," : "", value);
    nr_buf_add_text(&search_log_stage_event, "]}}");
}

Test(search_log_refusals, of_one_event_are_not_those_of_the_next)
{
    search_log_stage_start(&(struct kinesis_options){0});
    nr_buf_reset(&search_log_stage_event);
    nr_buf_add_text(&search_log_stage_event, "{\"Records\":[{\"messageId\":\"m0\",\"body\":\"");
    add_swelling_event();
    nr_buf_add_text(&search_log_stage_event,
                    "\"},{\"messageId\":\"m1\",\"body\":\"{\\\"user_query\\\":\\\"b\\\"}\"}]}");
    cr_expect_str_eq(search_log_stage_reply_of(nr_buf_text(&search_log_stage_event)),
                     "{\"batchItemFailures\":[{\"itemIdentifier\":\"m0\"}]}");
    search_log_stage_stop();
    cr_expect_not_null(strstr(search_log_stage_journal.rows, "\"user_query\":\"b\""));
}

Test(search_log_refusals, gives_all_messages_back_when_the_key_cannot_be_had)
{
    char *log;

    search_log_stage_start(&(struct kinesis_options){0});
    unsetenv("THE_KEY");
    cr_assert_str_eq(search_log_stage_reply_of(search_log_stage_events(SQS, 2)),
                     "{\"batchItemFailures\":[{\"itemIdentifier\":\"m0\"},{\"itemIdentifier\":\"m1\"}]}");
    cr_assert(strstr(search_log_stage_reply_of(search_log_stage_events(HTTP, 2)), "\"statusCode\":503"));
    log = log_capture_take();
    cr_expect_eq(search_log_stage_times(log, "\"events not stored\""), 2, "%s", log);
    cr_expect_eq(search_log_stage_times(log, "\"EventsNotStored\":2"), 2, "the alarm must see it: %s", log);
    free(log);
    cr_assert_eq(search_log_stage_invoke(search_log_stage_events(DIRECT, 2), SEARCH_LOG_STAGE_TIMEOUT_MS),
                 -1);
    search_log_stage_stop();
    cr_assert_eq(search_log_stage_journal.n_requests, 0);
}
