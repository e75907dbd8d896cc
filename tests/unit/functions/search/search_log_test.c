#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "tests/support/log_capture.h"
#include "tests/support/search_log_stage.h"

TestSuite(search_log, .init = search_log_stage_init, .fini = search_log_stage_done, .timeout = 120);

Test(search_log, says_in_one_line_why_and_keeps_accounts_to_itself)
{
    char *log;

    search_log_stage_start(
        &(struct kinesis_options){.rules = {{KINESIS_REFUSE, 1, 9999, 400, "ResourceNotFoundException"}}});
    search_log_stage_reply_of(search_log_stage_events(HTTP, 2));
    search_log_stage_stop();
    log = log_capture_take();
    cr_assert_eq(search_log_stage_times(log, "\"ERROR\""), 1, "%s", log);
    cr_assert(strstr(log, "events not stored") && strstr(log, "ResourceNotFoundException"), "%s", log);
    cr_assert_null(strstr(log, "123456789012"), "%s", log);
    cr_assert_null(strstr(log, "강아지"), "%s", log);
    cr_assert_null(strstr(nr_buf_text(&search_log_stage_reply), "account"), "%s",
                   nr_buf_text(&search_log_stage_reply));
    cr_assert(strstr(nr_buf_text(&search_log_stage_reply), "\"statusCode\":503"), "%s",
              nr_buf_text(&search_log_stage_reply));
    free(log);
}

Test(search_log, says_that_cbor_is_no_answer)
{
    char *log;

    search_log_stage_start(&(struct kinesis_options){.rules = {{KINESIS_CBOR, 1, 9999, 0, NULL}}});
    cr_assert_str_eq(search_log_stage_reply_of(search_log_stage_events(SQS, 1)),
                     "{\"batchItemFailures\":[{\"itemIdentifier\":\"m0\"}]}");
    search_log_stage_stop();
    log = log_capture_take();
    cr_assert(strstr(log, "answered in CBOR"), "%s", log);
    cr_assert_eq(search_log_stage_journal.n_requests, 1);
    free(log);
}

Test(search_log, emits_metrics_and_a_summary)
{
    char *log;

    search_log_stage_start(&(struct kinesis_options){0});
    search_log_stage_reply_of(search_log_stage_events(SQS, 100));
    search_log_stage_stop();
    log = log_capture_take();
    cr_assert(strstr(log, "\"items\":100,\"events\":100,\"refused\":0,\"optedOut\":0,\"scrubbed\":0,"
                          "\"unknownMembers\":0,\"stored\":100,"
                          "\"notStored\":0,\"records\":"),
              "%s", log);
    cr_assert(strstr(log, "\"Namespace\":\"Narae/Search\"") && strstr(log, "\"EventsStored\":100"), "%s",
              log);
    free(log);
}

/* It comes back, and its events would be counted each time. */
Test(search_log, counts_nothing_of_a_message_that_it_refuses)
{
    char *log;

    search_log_stage_start(&(struct kinesis_options){0});
    search_log_stage_reply_of(
        "{\"Records\":[{\"messageId\":\"m0\",\"body\":\"[{\\\"user_query\\\":\\\"a\\\",\\\"opt_out\\\":true},"
        "{\\\"user_query\\\":\\\"010-1234-5678\\\",\\\"new\\\":1},{\\\"user_query\\\":7}]\"},"
        "{\"messageId\":\"m1\",\"body\":\"[{\\\"user_query\\\":\\\"b\\\",\\\"opt_out\\\":true},"
        "{\\\"user_query\\\":\\\"010-8765-4321\\\",\\\"new\\\":1}]\"}]}");
    search_log_stage_stop();
    log = log_capture_take();
    cr_expect(strstr(log, "\"items\":2,\"events\":2,\"refused\":1,\"optedOut\":1,\"scrubbed\":1,"
                          "\"unknownMembers\":1,\"stored\":1,\"notStored\":0,"),
              "%s", log);
    free(log);
}

/* Refused is answered: nothing of it can be stored. */
Test(search_log, is_in_doubt_only_where_no_answer_came)
{
    static const struct {
        struct kinesis_rule rule;
        int64_t time_ms;
        const char *counts;
    } rows[] = {
        {{KINESIS_REFUSE, 1, 9999, 400, "AccessDeniedException"},
         60000,
         "\"requests\":1,\"throttled\":0,\"inDoubt\":0,"},
        {{KINESIS_REFUSE, 1, 9999, 400, "ResourceNotFoundException"},
         60000,
         "\"requests\":1,\"throttled\":0,\"inDoubt\":0,"},
        {{KINESIS_RESET, 1, 1, 0, NULL}, 60000, "\"requests\":2,\"throttled\":0,\"inDoubt\":1,"},
        {{KINESIS_GARBAGE, 1, 1, 0, NULL}, 60000, "\"requests\":2,\"throttled\":0,\"inDoubt\":1,"},
        {{KINESIS_ANSWER, 1, 1, 0, NULL}, 400, "\"requests\":0,\"throttled\":0,\"inDoubt\":0,"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char *log;

        search_log_stage_start(&(struct kinesis_options){.rules = {rows[i].rule}});
        search_log_stage_invoke(search_log_stage_events(SQS, 1), rows[i].time_ms);
        search_log_stage_stop();
        log = log_capture_take();
        cr_expect(strstr(log, rows[i].counts), "row %zu: %s", i, log);
        free(log);
    }
}

Test(search_log, refuses_to_start_without_what_it_needs)
{
    setenv("NARAE_SEARCH_STREAM", "a/b", 1);
    cr_assert_eq(search_log_handler.init(&search_log_stage_err), -1);
    cr_assert_str_eq(search_log_stage_err.message,
                     "NARAE_SEARCH_STREAM: \"a/b\" is not the name of a Kinesis data stream, or its ARN "
                     "(arn:aws:kinesis:REGION:ACCOUNT:stream/NAME)");
    nr_err_reset(&search_log_stage_err);
    setenv("NARAE_SEARCH_STREAM", "arn:aws:kinesis:eu-west-1:123456789012:stream/searches", 1);
    setenv("THE_KEY", "hush", 1);
    cr_assert_eq(search_log_handler.init(&search_log_stage_err), -1);
    cr_assert_str_eq(search_log_stage_err.message,
                     "NARAE_SEARCH_PSEUDONYM_KEY: the secret is no JSON object");
}

Test(search_log, signs_for_the_region_of_the_arn)
{
    setenv("NARAE_SEARCH_STREAM", "arn:aws:kinesis:eu-west-1:123456789012:stream/searches", 1);
    search_log_stage_start(&(struct kinesis_options){0});
    search_log_stage_reply_of(search_log_stage_events(SQS, 1));
    search_log_stage_stop();
    cr_assert(strstr(search_log_stage_journal.last_head, "/eu-west-1/kinesis/aws4_request"), "%s",
              search_log_stage_journal.last_head);
}

Test(search_log, packs_rows_into_records_that_firehose_bills_in_full)
{
    search_log_stage_start(&(struct kinesis_options){0});
    search_log_stage_reply_of(search_log_stage_events(SQS, 1000));
    search_log_stage_stop();
    cr_expect_leq(search_log_stage_journal.largest_data, 5000 - 16);
    cr_expect_lt(search_log_stage_journal.n_records, 80, "%zu", search_log_stage_journal.n_records);
    cr_expect_eq(search_log_stage_journal.n_requests, 1);
    cr_expect_null(strstr(search_log_stage_journal.rows, "\n\n"), "an empty line between rows");
}

/* How many partition keys there are; records come sorted by them. */
static int n_keys(void)
{
    const char *key = search_log_stage_journal.keys;
    const char *last = "";
    int n = 0;

    for (; *key; last = key, key = strchr(key, '\n') + 1)
        n += strncmp(key, last, strcspn(key, "\n")) != 0;
    return n;
}

static void add_message(int n, const char *id)
{
    nr_buf_printf(&search_log_stage_event,
                  "%s{\"messageId\":\"m%d\",\"body\":\"{\\\"user_query\\\":\\\"q%d\\\"%s}\"}",
                  n ? "," : "{\"Records\":[", n, n, id);
}

/* A session's rows in their order under one key, a search's without a session likewise; a message that says
 * nothing of either has a key of its own, or all of these would meet in one shard. */
Test(search_log, by_session_spreads_what_has_none)
{
    static const char *const ids[] = {",\\\"session_id\\\":\\\"s\\\"", ",\\\"query_id\\\":\\\"q\\\"", ""};
    const char *row;

    setenv("NARAE_SEARCH_PARTITION", "session", 1);
    setenv("NARAE_SEARCH_RECORD_BYTES", "1000", 1);
    search_log_stage_start(&(struct kinesis_options){0});
    nr_buf_reset(&search_log_stage_event);
    for (int i = 0; i < 12; i++)
        add_message(i, ids[i % 3]);
    nr_buf_add_text(&search_log_stage_event, "]}");
    search_log_stage_reply_of(nr_buf_text(&search_log_stage_event));
    search_log_stage_stop();

    cr_expect_eq(n_keys(), 1 + 1 + 4, "%s", search_log_stage_journal.keys);
    row = search_log_stage_journal.rows;
    for (int i = 0; i < 12 && row; i += 3) {
        char query[32];

        snprintf(query, sizeof(query), "\"user_query\":\"q%d\"", i);
        row = strstr(row, query);
        cr_expect_not_null(row, "%s", query);
    }
}
