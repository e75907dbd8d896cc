#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "functions/search/kinesis.h"
#include "tests/support/search_log_stage.h"

TestSuite(search_log_losses, .init = search_log_stage_init, .fini = search_log_stage_done, .timeout = 120);

enum { TIMEOUT_MS = SEARCH_LOG_STAGE_TIMEOUT_MS };

/* Is event n reported as not stored? */
static bool is_reported(enum search_log_stage_shape shape, int result, const char *reply, int n)
{
    char id[64];

    if (result != 0)
        return true; /* all of them are */
    if (shape == SQS || shape == SQS_THREES)
        snprintf(id, sizeof(id), "{\"itemIdentifier\":\"m%d\"}", shape == SQS ? n : n / 3);
    else
        snprintf(id, sizeof(id),
                 shape == HTTP ? "{\\\"index\\\":%d,\\\"reason\\\":\\\"failed\\\"}"
                               : "{\"index\":%d,\"reason\":\"failed\"}",
                 n);
    return strstr(reply, id) != NULL;
}

/* Every event is stored once and not reported, or reported and not stored. */
static void check_account(enum search_log_stage_shape shape, int result, int n, int *n_reported)
{
    int n_lost = 0;
    int n_doubled = 0;

    *n_reported = 0;
    for (int i = 0; i < n; i++) {
        bool is_told = is_reported(shape, result, nr_buf_text(&search_log_stage_reply), i);
        char id[32];
        int copies;

        snprintf(id, sizeof(id), "\"e%d.\"", i);
        copies = search_log_stage_times(search_log_stage_journal.rows, id);
        n_lost += copies == 0 && !is_told;
        n_doubled += copies > 1 || (copies == 1 && is_told && result == 0);
        *n_reported += is_told;
    }
    cr_expect_eq(n_lost, 0, "lost %d", n_lost);
    cr_expect_eq(n_doubled, 0, "doubled %d", n_doubled);
}

struct fault {
    const char *name;
    struct kinesis_rule rules[KINESIS_RULES_MAX];
    int64_t time_ms;
    bool is_lasting; /* something must be reported */
};

static const struct fault faults[] = {
    {"none", {{0}}, TIMEOUT_MS, false},
    {"every third record throttled, twice", {{KINESIS_REFUSE_SOME, 1, 2, 3, NULL}}, TIMEOUT_MS, false},
    {"every second record broken, three times", {{KINESIS_BREAK_SOME, 1, 3, 2, NULL}}, TIMEOUT_MS, false},
    {"all records throttled, then none", {{KINESIS_REFUSE_SOME, 1, 1, 1, NULL}}, TIMEOUT_MS, false},
    {"every third record throttled for ever", {{KINESIS_REFUSE_SOME, 1, 9999, 3, NULL}}, 60000, true},
    {"every third record throttled, and little time", {{KINESIS_REFUSE_SOME, 1, 9999, 3, NULL}}, 5500, true},
    {"throttled as a whole",
     {{KINESIS_REFUSE, 1, 2, 400, "ProvisionedThroughputExceededException"}},
     TIMEOUT_MS,
     false},
    {"key service throttled", {{KINESIS_REFUSE, 1, 2, 400, "KMSThrottlingException"}}, TIMEOUT_MS, false},
    {"500", {{KINESIS_REFUSE, 1, 2, 500, "InternalFailure"}}, TIMEOUT_MS, false},
    {"503", {{KINESIS_REFUSE, 1, 3, 503, "ServiceUnavailable"}}, TIMEOUT_MS, false},
    {"503 for ever", {{KINESIS_REFUSE, 1, 9999, 503, "ServiceUnavailable"}}, 60000, true},
    {"reset", {{KINESIS_RESET, 1, 2, 0, NULL}}, TIMEOUT_MS, false},
    {"an answer with too few entries", {{KINESIS_SHORT, 1, 1, 0, NULL}}, TIMEOUT_MS, false},
    {"an answer that is no JSON", {{KINESIS_GARBAGE, 1, 2, 0, NULL}}, TIMEOUT_MS, false},
    {"no answer", {{KINESIS_STALL, 1, 1, 0, NULL}}, TIMEOUT_MS, false},
    {"no such stream", {{KINESIS_REFUSE, 1, 9999, 400, "ResourceNotFoundException"}}, TIMEOUT_MS, true},
    {"no permission", {{KINESIS_REFUSE, 1, 9999, 400, "AccessDeniedException"}}, TIMEOUT_MS, true},
    {"some refused, then a reset, then some more",
     {{KINESIS_REFUSE_SOME, 1, 1, 2, NULL},
      {KINESIS_RESET, 2, 2, 0, NULL},
      {KINESIS_BREAK_SOME, 3, 3, 2, NULL}},
     TIMEOUT_MS,
     false},
};

static void run_fault(const struct fault *fault, enum search_log_stage_shape shape, int n)
{
    struct kinesis_options options = {0};
    int n_reported;
    int result;

    memcpy(options.rules, fault->rules, sizeof(options.rules));
    /* A busy machine must not look like a stream that does not answer. */
    setenv("NARAE_SEARCH_REQUEST_TIMEOUT_MS", fault->rules[0].act == KINESIS_STALL ? "1000" : "20000", 1);
    search_log_stage_start(&options);
    result = search_log_stage_invoke(search_log_stage_events(shape, n), fault->time_ms);
    search_log_stage_stop();
    check_account(shape, result, n, &n_reported);
    cr_expect_eq(n_reported > 0, fault->is_lasting, "%s, shape %d: %d reported; %s", fault->name, shape,
                 n_reported, search_log_stage_err.message);
    cr_expect_eq(search_log_stage_journal.n_beyond, 0, "%s", fault->name);
    kinesis_journal_done(&search_log_stage_journal);
}

Test(search_log_losses, loses_and_doubles_nothing_whatever_the_stream_does)
{
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
        for (int shape = SQS; shape <= DIRECT; shape++)
            run_fault(&faults[i], (enum search_log_stage_shape)shape, 300);
}

Test(search_log_losses, loses_nothing_by_sessions_either)
{
    setenv("NARAE_SEARCH_PARTITION", "session", 1);
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
        run_fault(&faults[i], SQS_THREES, 300);
}

Test(search_log_losses, stores_a_large_batch_in_several_requests)
{
    struct fault fault = {
        "some refused all the time", {{KINESIS_REFUSE_SOME, 1, 9999, 7, NULL}}, 600000, true};

    setenv("NARAE_SEARCH_REQUEST_BYTES", "100000", 1);
    run_fault(&fault, SQS, 9000);
    fault = (struct fault){"one request in three reset",
                           {{KINESIS_RESET, 2, 2, 0, NULL}, {KINESIS_RESET, 5, 5, 0, NULL}},
                           60000,
                           false};
    run_fault(&fault, SQS_THREES, 9000);
}

Test(search_log_losses, gives_copies_the_same_id_when_an_answer_was_lost)
{
    search_log_stage_start(&(struct kinesis_options){.rules = {{KINESIS_STORE_RESET, 1, 1, 0, NULL}}});
    cr_assert_str_eq(search_log_stage_reply_of(search_log_stage_events(SQS, 1)),
                     "{\"batchItemFailures\":[]}");
    search_log_stage_stop();
    cr_assert_eq(search_log_stage_times(search_log_stage_journal.rows, "\"event_id\":\"e0.\""), 2,
                 "stored twice, under one id");
}

Test(search_log_losses, waits_no_longer_than_the_time_allows)
{
    search_log_stage_start(
        &(struct kinesis_options){.rules = {{KINESIS_REFUSE, 1, 9999, 503, "ServiceUnavailable"}}});
    cr_assert_eq(search_log_stage_invoke(search_log_stage_events(SQS, 3), 1500), 0);
    search_log_stage_stop();
    cr_assert_leq(search_log_stage_paused_ms, 1000, "500 ms are kept for the reply");
    cr_assert_gt(search_log_stage_n_pauses, 0);
    cr_assert_leq(search_log_stage_journal.n_requests, KINESIS_ATTEMPTS_MAX);
}

Test(search_log_losses, does_not_try_again_what_cannot_work)
{
    search_log_stage_start(
        &(struct kinesis_options){.rules = {{KINESIS_REFUSE, 1, 9999, 400, "AccessDeniedException"}}});
    setenv("NARAE_SEARCH_REQUEST_BYTES", "100000", 1);
    cr_assert_eq(search_log_handler.init(&search_log_stage_err), 0);
    cr_assert_eq(search_log_stage_invoke(search_log_stage_events(SQS, 3000), SEARCH_LOG_STAGE_TIMEOUT_MS), 0);
    search_log_stage_stop();
    cr_assert_eq(search_log_stage_journal.n_requests, 1);
    cr_assert_eq(search_log_stage_times(nr_buf_text(&search_log_stage_reply), "itemIdentifier"), 3000);
}
