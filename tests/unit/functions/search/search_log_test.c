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
