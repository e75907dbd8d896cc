/* search_log as the runtime calls it, with a stand-in for the stream that fails as it is told. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>
#include <jansson.h>

#include <narae/clock.h>
#include <narae/handler.h>
#include <narae/log.h>

#include "functions/search/kinesis.h"
#include "tests/standins/kinesis/kinesis.h"
#include "tests/support/fake_clock.h"
#include "tests/support/log_capture.h"

/* functions/search/search_log.c, whose table is renamed for tests. */
extern const struct nr_handler search_log_handler;

enum { TIMEOUT_MS = 10000, EVENT_BYTES = 8 * 1024 * 1024 };

static struct kinesis *stream;
static struct kinesis_journal journal;
static struct nr_buf reply_body;
static struct nr_buf event;
static struct nr_err err;
static int64_t mono_ms, paused_ms;
static int n_pauses;

/* --- surroundings -------------------------------------------------------------------------------------- */

static void pause_fake(int64_t wait_ms)
{
    mono_ms += wait_ms;
    paused_ms += wait_ms;
    n_pauses++;
    fake_clock_set(1790000000000 + mono_ms, mono_ms);
}

static void set_up(void)
{
    mono_ms = 1000;
    fake_clock_set(1790000000000 + mono_ms, mono_ms);
    kinesis_pause_replace(pause_fake);
    setenv("AWS_REGION", "ap-northeast-2", 1);
    setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI", 1);
    setenv("NARAE_SEARCH_STREAM", "searches", 1);
    setenv("NARAE_SEARCH_PSEUDONYM_KEY", "env:THE_KEY", 1);
    setenv("THE_KEY", "{\"id\":\"2026-11\",\"key\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\"}", 1);
    setenv("NARAE_SEARCH_REQUEST_TIMEOUT_MS", "20000", 1);
    setenv("AWS_LAMBDA_LOG_FORMAT", "JSON", 1);
    nr_buf_init(&reply_body, EVENT_BYTES);
    nr_buf_init(&event, EVENT_BYTES);
    log_capture_begin();
}

static void tear_down(void)
{
    kinesis_journal_done(&journal);
    nr_buf_done(&reply_body);
    nr_buf_done(&event);
}

TestSuite(search_log, .init = set_up, .fini = tear_down, .timeout = 120);

static void start(const struct kinesis_options *options)
{
    char url[64];

    stream = kinesis_start(options);
    snprintf(url, sizeof(url), "http://127.0.0.1:%d", kinesis_port(stream));
    setenv("AWS_ENDPOINT_URL_KINESIS", url, 1);
    cr_assert_eq(search_log_handler.init(&err), 0, "%s", err.message);
}

static void stop(void)
{
    kinesis_journal_done(&journal); /* of a stream before this one */
    kinesis_stop(stream, &journal);
}

static int invoke(const char *text, int64_t time_ms)
{
    json_t *slot = NULL;
    struct nr_request request = {.struct_bytes = sizeof(request),
                                 .event = nr_view(text),
                                 .content_type = "application/json",
                                 .request_id = "req-1",
                                 .deadline_mono_ms = mono_ms + time_ms,
                                 .json_slot = &slot};
    struct nr_reply reply = {.struct_bytes = sizeof(reply), .body = &reply_body};

    nr_buf_reset(&reply_body);
    nr_err_reset(&err);
    return search_log_handler.invoke(&request, &reply, &err);
}

static const char *reply_of(const char *text)
{
    cr_assert_eq(invoke(text, TIMEOUT_MS), 0, "%s", err.message);
    return nr_buf_text(&reply_body);
}

/* How often a text stands in another one. */
static int times(const char *text, const char *part)
{
    int n = 0;

    for (; (text = strstr(text, part)) != NULL; text++)
        n++;
    return n;
}

/* --- events in every shape ----------------------------------------------------------------------------- */

enum shape { SQS, SQS_THREES, HTTP, DIRECT };

static void add_event(int n)
{
    nr_buf_printf(
        &event,
        "{\"event_id\":\"e%d.\",\"user_query\":\"강아지 사료 %d\",\"session_id\":\"s%d\",\"result_count\":3}",
        n, n % 100, n % 7);
}

/* The same as a string in JSON. */
static void add_escaped(int first, int n)
{
    struct nr_buf plain = event;
    struct nr_buf outer = event;

    nr_buf_init(&event, EVENT_BYTES);
    for (int i = first; i < first + n; i++) {
        if (i > first)
            nr_buf_add_char(&event, '\n');
        add_event(i);
    }
    plain = event;
    event = outer;
    nr_buf_add_json_text(&event, nr_buf_view(&plain));
    nr_buf_done(&plain);
}

static void add_messages(int n, int per_message)
{
    nr_buf_add_text(&event, "{\"Records\":[");
    for (int i = 0; i < n; i += per_message) {
        nr_buf_printf(&event,
                      "%s{\"eventSource\":\"aws:sqs\",\"messageId\":\"m%d\",\"attributes\":{},\"body\":",
                      i ? "," : "", i / per_message);
        add_escaped(i, per_message);
        nr_buf_add_char(&event, '}');
    }
    nr_buf_add_text(&event, "]}");
}

static void add_array(int n)
{
    for (int i = 0; i < n; i++) {
        nr_buf_add_char(&event, i ? ',' : '[');
        add_event(i);
    }
    nr_buf_add_char(&event, ']');
}

static const char *events_in(enum shape shape, int n)
{
    nr_buf_reset(&event);
    switch (shape) {
    case SQS:
        add_messages(n, 1);
        break;
    case SQS_THREES:
        add_messages(n, 3);
        break;
    case HTTP:
        nr_buf_add_text(&event, "{\"version\":\"2.0\",\"requestContext\":{\"http\":{\"method\":\"POST\"}},"
                                "\"isBase64Encoded\":false,"
                                "\"body\":");
        add_escaped(0, n);
        nr_buf_add_char(&event, '}');
        break;
    case DIRECT:
        add_array(n);
        break;
    }
    return nr_buf_text(&event);
}

/* --- nothing lost, nothing doubled --------------------------------------------------------------------- */

/* Is event n reported as not stored? */
static bool is_reported(enum shape shape, int result, const char *reply, int n)
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
static void check_account(enum shape shape, int result, int n, int *n_reported)
{
    int n_lost = 0;
    int n_doubled = 0;

    *n_reported = 0;
    for (int i = 0; i < n; i++) {
        bool is_told = is_reported(shape, result, nr_buf_text(&reply_body), i);
        char id[32];
        int copies;

        snprintf(id, sizeof(id), "\"e%d.\"", i);
        copies = times(journal.rows, id);
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

static void run_fault(const struct fault *fault, enum shape shape, int n)
{
    struct kinesis_options options = {0};
    int n_reported;
    int result;

    memcpy(options.rules, fault->rules, sizeof(options.rules));
    /* A busy machine must not look like a stream that does not answer. */
    setenv("NARAE_SEARCH_REQUEST_TIMEOUT_MS", fault->rules[0].act == KINESIS_STALL ? "1000" : "20000", 1);
    start(&options);
    result = invoke(events_in(shape, n), fault->time_ms);
    stop();
    check_account(shape, result, n, &n_reported);
    cr_expect_eq(n_reported > 0, fault->is_lasting, "%s, shape %d: %d reported; %s", fault->name, shape,
                 n_reported, err.message);
    cr_expect_eq(journal.n_beyond, 0, "%s", fault->name);
    kinesis_journal_done(&journal);
}

Test(search_log, loses_and_doubles_nothing_whatever_the_stream_does)
{
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
        for (int shape = SQS; shape <= DIRECT; shape++)
            run_fault(&faults[i], (enum shape)shape, 300);
}

Test(search_log, keeps_sessions_together_and_loses_nothing_either)
{
    setenv("NARAE_SEARCH_PARTITION", "session", 1);
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
        run_fault(&faults[i], SQS_THREES, 300);
}

Test(search_log, stores_a_large_batch_in_several_requests)
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

Test(search_log, gives_copies_the_same_id_when_an_answer_was_lost)
{
    start(&(struct kinesis_options){.rules = {{KINESIS_STORE_RESET, 1, 1, 0, NULL}}});
    cr_assert_str_eq(reply_of(events_in(SQS, 1)), "{\"batchItemFailures\":[]}");
    stop();
    cr_assert_eq(times(journal.rows, "\"event_id\":\"e0.\""), 2, "stored twice, under one id");
}

Test(search_log, waits_no_longer_than_the_time_allows)
{
    start(&(struct kinesis_options){.rules = {{KINESIS_REFUSE, 1, 9999, 503, "ServiceUnavailable"}}});
    cr_assert_eq(invoke(events_in(SQS, 3), 1500), 0);
    stop();
    cr_assert_leq(paused_ms, 1000, "500 ms are kept for the reply");
    cr_assert_gt(n_pauses, 0);
    cr_assert_leq(journal.n_requests, KINESIS_ATTEMPTS_MAX);
}

Test(search_log, does_not_try_again_what_cannot_work)
{
    start(&(struct kinesis_options){.rules = {{KINESIS_REFUSE, 1, 9999, 400, "AccessDeniedException"}}});
    setenv("NARAE_SEARCH_REQUEST_BYTES", "100000", 1);
    cr_assert_eq(search_log_handler.init(&err), 0);
    cr_assert_eq(invoke(events_in(SQS, 3000), TIMEOUT_MS), 0);
    stop();
    cr_assert_eq(journal.n_requests, 1);
    cr_assert_eq(times(nr_buf_text(&reply_body), "itemIdentifier"), 3000);
}

/* --- the log ------------------------------------------------------------------------------------------- */

Test(search_log, says_in_one_line_why_and_keeps_accounts_to_itself)
{
    char *log;

    start(&(struct kinesis_options){.rules = {{KINESIS_REFUSE, 1, 9999, 400, "ResourceNotFoundException"}}});
    reply_of(events_in(HTTP, 2));
    stop();
    log = log_capture_take();
    cr_assert_eq(times(log, "\"ERROR\""), 1, "%s", log);
    cr_assert(strstr(log, "events not stored") && strstr(log, "ResourceNotFoundException"), "%s", log);
    cr_assert_null(strstr(log, "123456789012"), "%s", log);
    cr_assert_null(strstr(log, "강아지"), "%s", log);
    cr_assert_null(strstr(nr_buf_text(&reply_body), "account"), "%s", nr_buf_text(&reply_body));
    cr_assert(strstr(nr_buf_text(&reply_body), "\"statusCode\":503"), "%s", nr_buf_text(&reply_body));
    free(log);
}

Test(search_log, says_that_cbor_is_no_answer)
{
    char *log;

    start(&(struct kinesis_options){.rules = {{KINESIS_CBOR, 1, 9999, 0, NULL}}});
    cr_assert_str_eq(reply_of(events_in(SQS, 1)), "{\"batchItemFailures\":[{\"itemIdentifier\":\"m0\"}]}");
    stop();
    log = log_capture_take();
    cr_assert(strstr(log, "answered in CBOR"), "%s", log);
    cr_assert_eq(journal.n_requests, 1);
    free(log);
}

Test(search_log, emits_metrics_and_a_summary)
{
    char *log;

    start(&(struct kinesis_options){0});
    reply_of(events_in(SQS, 100));
    stop();
    log = log_capture_take();
    cr_assert(strstr(log, "\"items\":100,\"events\":100,\"refused\":0,\"optedOut\":0,\"scrubbed\":0,"
                          "\"unknownMembers\":0,\"stored\":100,"
                          "\"notStored\":0,\"records\":"),
              "%s", log);
    cr_assert(strstr(log, "\"Namespace\":\"Narae/Search\"") && strstr(log, "\"EventsStored\":100"), "%s",
              log);
    free(log);
}

/* --- secrets ------------------------------------------------------------------------------------------- */

static const char *const secrets[] = {"010-1234-5678",       "01098765432",      "900101-1234567",
                                      "4111-1111-1111-1111", "5555555555554444", "hong@example.com",
                                      "110-123-456789"};

static void check_secrets(const char *text, const char *what)
{
    for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
        cr_expect_null(strstr(text, secrets[i]), "%s is in the %s: %s", secrets[i], what, text);
}

/* Every member that takes a text, one after the other. */
Test(search_log, lets_no_secret_through_in_any_member)
{
    static const char *const members[] = {
        "\"event_id\":\"%s\"",
        "\"application\":\"%s\"",
        "\"query_id\":\"%s\"",
        "\"client_id\":\"%s\"",
        "\"session_id\":\"%s\"",
        "\"user_id\":\"%s\"",
        "\"user_query\":\"전화 %s 입니다\"",
        "\"lang\":\"%s\"",
        "\"sort\":\"%s\"",
        "\"error\":\"%s\"",
        "\"filters\":{\"a\":\"%s\"}",
        "\"filters\":{\"a\":[\"x\",\"%s\"]}",
        "\"query_attributes\":{\"a\":\"x\\n%s\"}",
        "\"object_id_field\":\"%s\"",
        "\"query_response_id\":\"%s\"",
        "\"query_response_hit_ids\":[\"%s\"]",
        "\"message\":\"%s\"",
        "\"message_type\":\"%s\"",
        "\"action_name\":\"%s\",\"timestamp\":\"2026-01-01T00:00:00Z\"",
        "\"event_attributes\":{\"object\":{\"object_id\":\"%s\",\"object_id_type\":\"a\"}}",
        "\"page\":\"%s\"",
        "\"no_such\":\"%s\"",
        "\"event_attributes\":{\"object\":{\"internal_id\":\"%s\"},\"note\":\"%s\"}",
        "\"timestamp\":\"%s\"",
        "\"opt_out\":\"%s\"",
        "\"filters\":{\"%s\":1}",
        "\"event_attributes\":{\"object\":{\"object_id_type\":\"%s\"}}",
        "\"%s\":1",
    };
    char *log;

    start(&(struct kinesis_options){0});
    for (size_t m = 0; m < sizeof(members) / sizeof(members[0]); m++)
        for (size_t s = 0; s < sizeof(secrets) / sizeof(secrets[0]); s++) {
            /* Plain numbers are names of things where programs write them; see privacy.h. */
            bool is_number = strspn(secrets[s], "0123456789") == strlen(secrets[s]) && secrets[s][0] != '0';
            bool is_account = s == 6;
            bool is_key = !strstr(members[m], "user_query") && !strstr(members[m], "filters") &&
                          !strstr(members[m], "attributes\":{\"a") && !strstr(members[m], "message") &&
                          !strstr(members[m], "action") && !strstr(members[m], "error");

            if (is_key && (is_number || is_account))
                continue;
            nr_buf_reset(&event);
            nr_buf_add_text(&event, strstr(members[m], "user_query") ? "{" : "{\"user_query\":\"x\",");
            for (const char *at = members[m]; *at; at++) {
                if (at[0] == '%' && at[1] == 's') {
                    nr_buf_add_text(&event, secrets[s]);
                    at++;
                } else {
                    nr_buf_add_char(&event, *at);
                }
            }
            nr_buf_add_char(&event, '}');
            if (invoke(nr_buf_text(&event), TIMEOUT_MS) != 0)
                check_secrets(err.message, "error");
            else
                check_secrets(nr_buf_text(&reply_body), "reply");
        }
    stop();
    cr_assert_gt(journal.n_records, 80);
    check_secrets(journal.rows, "stream");
    check_secrets(journal.keys, "keys");
    log = log_capture_take();
    check_secrets(log, "log");
    free(log);
}

/* --- rows ---------------------------------------------------------------------------------------------- */

static json_t *row_of(const char *text)
{
    json_t *row;

    cr_assert_eq(invoke(text, TIMEOUT_MS), 0, "%s", err.message);
    stop();
    row = json_loads(journal.rows, JSON_DISABLE_EOF_CHECK | JSON_REJECT_DUPLICATES, NULL);
    cr_assert_not_null(row, "%s", journal.rows);
    return row;
}

static const char *text_of(const json_t *row, const char *name)
{
    const char *text = json_string_value(json_object_get(row, name));

    return text ? text : "(none)";
}

Test(search_log, writes_rows_as_the_schema_says)
{
    json_t *row;

    start(&(struct kinesis_options){0});
    row = row_of("{\"user_query\":\" 강아지  010-1234-5678 "
                 "A\",\"user_id\":\"17\",\"client_id\":\"17\",\"session_id\":\"s\","
                 "\"query_id\":\"q\",\"page\":1,\"took_ms\":2.5,\"result_count\":0,\"filters\":{\"k\":[\"a@b."
                 "kr\",1],\"n\":null}}");
    cr_expect_str_eq(text_of(row, "event_id"), "req-1.0");
    cr_expect_str_eq(text_of(row, "event_type"), "search");
    cr_expect_str_eq(text_of(row, "timestamp"), "2026-09-21T14:13:21.000Z");
    cr_expect_str_eq(text_of(row, "received_at"), "2026-09-21T14:13:21.000Z");
    cr_expect_str_eq(text_of(row, "user_query"), " 강아지  <phone> A");
    cr_expect_str_eq(text_of(row, "query_norm"), "강아지 <phone> a");
    cr_expect_eq(json_integer_value(json_object_get(row, "query_len")), 13);
    cr_expect_str_eq(text_of(row, "filters"), "{\"k\":[\"<email>\",1],\"n\":null}");
    cr_expect_str_eq(text_of(row, "hash_key_id"), "2026-11");
    /* printf 'user:17' | openssl dgst -sha256 -mac HMAC -macopt hexkey:000102...1f */
    cr_expect_str_eq(text_of(row, "user_hash"), "879df28e2190a13c82f1ea836f785052");
    cr_expect_str_neq(text_of(row, "user_hash"), text_of(row, "client_id"), "the same id as another kind");
    cr_expect_eq(json_array_size(json_object_get(row, "pii_flags")), 2);
    cr_expect_eq(json_integer_value(json_object_get(row, "result_count")), 0);
    json_decref(row);
}

Test(search_log, keeps_numbers_of_filters_but_not_those_of_people)
{
    json_t *row;

    start(&(struct kinesis_options){0});
    row = row_of("{\"user_query\":\"x\",\"filters\":{\"max\":150000000,\"since\":1796137608123,\"on\":true,"
                 "\"who\":[9001011234568,4111111111111111,821012345678]}}");
    cr_expect_str_eq(text_of(row, "filters"), "{\"max\":150000000,\"since\":1796137608123,\"on\":true,"
                                              "\"who\":[\"<rrn>\",\"<card>\",\"<phone>\"]}");
    cr_expect_eq(json_array_size(json_object_get(row, "pii_flags")), 3);
    json_decref(row);
}

/* Filters that need nothing are stored as they stand; with a blank in them they are written anew. */
Test(search_log, writes_the_same_filters_however_they_are_spaced)
{
    static const struct {
        const char *tight, *spaced;
    } rows[] = {
        {"{}", "{ }"},
        {"{\"a\":[]}", "{\"a\":[ ]}"},
        {"{\"board\":\"free\",\"on\":true,\"off\":null,\"n\":-1.5e3}",
         "{ \"board\" : \"free\",\"on\": true ,\"off\":null,\n\"n\":-1.5e3}"},
        {"{\"kind\":[\"post\",\"nickname\",3],\"from\":\"2026-1\"}",
         "{\"kind\":[\"post\", \"nickname\",3],\"from\":\"2026-1\" }"},
        {"{\"long\":\"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz\"}",
         "{\"long\":\"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz\" }"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        for (int is_spaced = 0; is_spaced <= 1; is_spaced++) {
            json_t *row;

            nr_buf_reset(&event);
            nr_buf_printf(&event, "{\"user_query\":\"x\",\"filters\":%s}",
                          is_spaced ? rows[i].spaced : rows[i].tight);
            start(&(struct kinesis_options){0});
            row = row_of(nr_buf_text(&event));
            cr_expect_str_eq(text_of(row, "filters"), rows[i].tight);
            cr_expect_null(json_object_get(row, "pii_flags"));
            json_decref(row);
        }
}

/* Nor when there is something to compose, to resolve or to replace in them. */
Test(search_log, writes_filters_anew_that_need_it)
{
    static const struct {
        const char *given, *stored;
    } rows[] = {
        {"{\"a\":\"e\xCC\x81\"}", "{\"a\":\"é\"}"},
        {"{\"a\":\"\\u0041\"}", "{\"a\":\"A\"}"},
        {"{\"a\":\"x\x7fy\"}", "{\"a\":\"x\\u007fy\"}"},
        {"{\"a\":\"kim@example.kr\"}", "{\"a\":\"<email>\"}"},
        {"{\"a\":\"01098765432\"}", "{\"a\":\"<phone>\"}"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        json_t *row;

        nr_buf_reset(&event);
        nr_buf_printf(&event, "{\"user_query\":\"x\",\"filters\":%s}", rows[i].given);
        start(&(struct kinesis_options){0});
        row = row_of(nr_buf_text(&event));
        cr_expect_str_eq(text_of(row, "filters"), rows[i].stored);
        json_decref(row);
    }
}

Test(search_log, writes_actions_too)
{
    json_t *row;

    start(&(struct kinesis_options){0});
    row = row_of(
        "{\"action_name\":\"click\",\"timestamp\":\"2026-09-21T23:13:20.5+09:00\",\"query_id\":\"q\",\"event_"
        "attributes\":{"
        "\"object\":{\"object_id\":12345678901,\"object_id_type\":\"post\"},\"position\":{\"ordinal\":3}}}");
    cr_expect_str_eq(text_of(row, "event_type"), "click");
    cr_expect_str_eq(text_of(row, "timestamp"), "2026-09-21T14:13:20.500Z");
    cr_expect_str_eq(text_of(row, "object_id"), "12345678901");
    cr_expect_eq(json_integer_value(json_object_get(row, "position")), 3);
    cr_expect_null(json_object_get(row, "user_query"));
    cr_expect_null(json_object_get(row, "hash_key_id"));
    json_decref(row);
}

Test(search_log, drops_who_opted_out_without_a_trace)
{
    char *log;

    start(&(struct kinesis_options){0});
    cr_assert_str_eq(reply_of("[{\"opt_out\":true,\"user_query\":\"비밀\"},{\"user_query\":\"x\"},{\"opt_"
                              "out\":true,\"page\":\"비밀\"}]"),
                     "{\"accepted\":3,\"refused\":0,\"failed\":0,\"errors\":[]}");
    stop();
    log = log_capture_take();
    cr_expect_eq(journal.n_records, 1);
    cr_expect_null(strstr(journal.rows, "비밀"));
    cr_expect_null(strstr(log, "비밀"));
    cr_expect(strstr(log, "\"optedOut\":2"));
    free(log);
}

/* --- refusals ------------------------------------------------------------------------------------------ */

#define RECORD(n, body) "{\"messageId\":\"m" n "\",\"body\":\"" body "\"}"
#define Q(text)         "{\\\"user_query\\\":\\\"" text "\\\"}"

Test(search_log, refuses_a_message_as_a_whole_and_alone)
{
    char *log;

    start(&(struct kinesis_options){0});
    cr_assert_str_eq(
        reply_of("{\"Records\":[" RECORD("1", Q("a")) "," RECORD("2", Q("b") Q("c") "{}") "," RECORD(
            "3", "[" Q("d") "," Q(
                     "e") "]") "," RECORD("4", "nonsense!") "," RECORD("5",
                                                                       "[" Q("f")) "," RECORD("6",
                                                                                              "[]") "]}"),
        "{\"batchItemFailures\":[{\"itemIdentifier\":\"m2\"},{\"itemIdentifier\":\"m4\"},{\"itemIdentifier\":"
        "\"m5\"}]}");
    stop();
    log = log_capture_take();
    cr_expect_eq(times(journal.rows, "user_query"), 3, "a, d, e: %s", journal.rows);
    cr_expect(strstr(journal.rows, "\"event_id\":\"m1.0\"") && strstr(journal.rows, "\"event_id\":\"m3.1\""),
              "%s", journal.rows);
    cr_expect(strstr(log, "Records[1].body[2].user_query: is required, or action_name"), "%s", log);
    cr_expect(strstr(log, "Records[3].body: must be JSON, or base64 of JSON or of gzip"), "%s", log);
    cr_expect(strstr(log, "Records[4].body: ends inside an array at byte"), "%s", log);
    free(log);
}

/* What is wrong inside a body is that message's fault, even where the event itself is no JSON because of it.
 */
Test(search_log, refuses_broken_bytes_in_a_body_alone)
{
    char *log;

    start(&(struct kinesis_options){0});
    cr_assert_str_eq(reply_of("{\"Records\":[" RECORD("1", Q("a")) "," RECORD("2", Q("\\x")) "," RECORD(
                         "3", Q("\xff")) "," RECORD("4", "\\ud800" Q("c")) "," RECORD("5", Q("b")) "]}"),
                     "{\"batchItemFailures\":[{\"itemIdentifier\":\"m2\"},{\"itemIdentifier\":\"m3\"},{"
                     "\"itemIdentifier\":\"m4\"}]}");
    stop();
    log = log_capture_take();
    cr_expect_eq(times(journal.rows, "user_query"), 2, "a, b: %s", journal.rows);
    cr_expect(strstr(log, "Records[1].body: has an escape that is none"), "%s", log);
    cr_expect(strstr(log, "Records[2].body: is not UTF-8 at byte"), "%s", log);
    cr_expect(strstr(log, "Records[3].body: has an escape that is none"), "%s", log);
    free(log);
}

Test(search_log, takes_base64_and_gzip)
{
    /* printf '{"user_query":"gz"}' | gzip -9n | base64 -w0 */
    static const char gzip[] = "H4sIAAAAAAACA6tWKi1OLYovLE0tqlSyUkqvUqoFAGfvGDgTAAAA";

    start(&(struct kinesis_options){0});
    nr_buf_printf(&event,
                  "{\"Records\":[{\"messageId\":\"m1\",\"body\":\"%s\"},{\"messageId\":\"m2\",\"body\":"
                  "\"eyJ1c2VyX3F1ZXJ5IjoiYjY0In0=\"},"
                  "{\"messageId\":\"m3\",\"body\":\"%.30s\"}]}",
                  gzip, gzip);
    cr_assert_str_eq(reply_of(nr_buf_text(&event)), "{\"batchItemFailures\":[{\"itemIdentifier\":\"m3\"}]}");
    nr_buf_reset(&event);
    nr_buf_printf(
        &event,
        "{\"requestContext\":{\"http\":{\"method\":\"POST\"}},\"isBase64Encoded\":true,\"body\":\"%s\"}",
        gzip);
    cr_assert(strstr(reply_of(nr_buf_text(&event)), "\"statusCode\":202"), "%s", nr_buf_text(&reply_body));
    stop();
    cr_expect_eq(times(journal.rows, "\"user_query\":\"gz\""), 2, "%s", journal.rows);
    cr_expect_eq(times(journal.rows, "\"user_query\":\"b64\""), 1, "%s", journal.rows);
}

Test(search_log, answers_requests_by_what_became_of_them)
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

    start(&(struct kinesis_options){0});
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *reply = reply_of(rows[i].event);

        cr_expect_eq(strncmp(reply + strlen("{\"statusCode\":"), rows[i].status, 3), 0, "%s", reply);
        cr_expect(strstr(reply, rows[i].part), "%s", reply);
    }
    cr_assert(strstr(reply_of(events_in(HTTP, 501)), "\"statusCode\":413"), "%s", nr_buf_text(&reply_body));
    stop();
}

Test(search_log, refuses_events_that_it_does_not_know)
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

    start(&(struct kinesis_options){0});
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cr_expect_eq(invoke(rows[i].event, TIMEOUT_MS), -1, "%s", rows[i].event);
        cr_expect_str_eq(err.message, rows[i].message);
        cr_expect_eq(err.kind, NR_ERR_INVALID);
    }
    stop();
    cr_expect_eq(journal.n_requests, 0);
}

Test(search_log, tells_a_direct_caller_by_an_error_what_it_must_send_again)
{
    start(&(struct kinesis_options){.rules = {{KINESIS_REFUSE, 1, 9999, 503, "ServiceUnavailable"}}});
    cr_assert_eq(invoke("[{\"user_query\":\"a\"},{\"user_query\":\"b\"}]", TIMEOUT_MS), -1);
    stop();
    cr_assert_str_eq(err.type, "Function.NotStored");
    cr_assert_eq(strncmp(err.message, "2 of 2 events were not stored: ", 31), 0, "%s", err.message);
}

Test(search_log, gives_all_messages_back_when_the_key_cannot_be_had)
{
    start(&(struct kinesis_options){0});
    unsetenv("THE_KEY");
    cr_assert_str_eq(reply_of(events_in(SQS, 2)),
                     "{\"batchItemFailures\":[{\"itemIdentifier\":\"m0\"},{\"itemIdentifier\":\"m1\"}]}");
    cr_assert(strstr(reply_of(events_in(HTTP, 2)), "\"statusCode\":503"));
    cr_assert_eq(invoke(events_in(DIRECT, 2), TIMEOUT_MS), -1);
    stop();
    cr_assert_eq(journal.n_requests, 0);
}

Test(search_log, refuses_to_start_without_what_it_needs)
{
    setenv("NARAE_SEARCH_STREAM", "a/b", 1);
    cr_assert_eq(search_log_handler.init(&err), -1);
    cr_assert_str_eq(err.message,
                     "NARAE_SEARCH_STREAM: \"a/b\" is not the name of a Kinesis data stream, or its ARN "
                     "(arn:aws:kinesis:REGION:ACCOUNT:stream/NAME)");
    nr_err_reset(&err);
    setenv("NARAE_SEARCH_STREAM", "arn:aws:kinesis:eu-west-1:123456789012:stream/searches", 1);
    setenv("THE_KEY", "hush", 1);
    cr_assert_eq(search_log_handler.init(&err), -1);
    cr_assert_str_eq(err.message, "NARAE_SEARCH_PSEUDONYM_KEY: the secret is no JSON object");
}

Test(search_log, signs_for_the_region_of_the_arn)
{
    setenv("NARAE_SEARCH_STREAM", "arn:aws:kinesis:eu-west-1:123456789012:stream/searches", 1);
    start(&(struct kinesis_options){0});
    reply_of(events_in(SQS, 1));
    stop();
    cr_assert(strstr(journal.last_head, "/eu-west-1/kinesis/aws4_request"), "%s", journal.last_head);
}

/* --- packing ------------------------------------------------------------------------------------------- */

Test(search_log, packs_rows_into_records_that_firehose_bills_in_full)
{
    start(&(struct kinesis_options){0});
    reply_of(events_in(SQS, 1000));
    stop();
    cr_expect_leq(journal.largest_data, 5000 - 16);
    cr_expect_lt(journal.n_records, 80, "%zu", journal.n_records);
    cr_expect_eq(journal.n_requests, 1);
    cr_expect_null(strstr(journal.rows, "\n\n"), "an empty line between rows");
}
