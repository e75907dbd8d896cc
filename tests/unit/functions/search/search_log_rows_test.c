#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>
#include <jansson.h>

#include "tests/support/log_capture.h"
#include "tests/support/search_log_stage.h"

TestSuite(search_log_rows, .init = search_log_stage_init, .fini = search_log_stage_done, .timeout = 120);

static json_t *row_of(const char *text)
{
    json_t *row;

    cr_assert_eq(search_log_stage_invoke(text, SEARCH_LOG_STAGE_TIMEOUT_MS), 0, "%s",
                 search_log_stage_err.message);
    search_log_stage_stop();
    row = json_loads(search_log_stage_journal.rows, JSON_DISABLE_EOF_CHECK | JSON_REJECT_DUPLICATES, NULL);
    cr_assert_not_null(row, "%s", search_log_stage_journal.rows);
    return row;
}

static const char *text_of(const json_t *row, const char *name)
{
    const char *text = json_string_value(json_object_get(row, name));

    return text ? text : "(none)";
}

Test(search_log_rows, writes_rows_as_the_schema_says)
{
    json_t *row;

    search_log_stage_start(&(struct kinesis_options){0});
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

Test(search_log_rows, keeps_numbers_of_filters_but_not_those_of_people)
{
    json_t *row;

    search_log_stage_start(&(struct kinesis_options){0});
    row = row_of("{\"user_query\":\"x\",\"filters\":{\"max\":150000000,\"since\":1796137608123,\"on\":true,"
                 "\"who\":[9001011234568,4111111111111111,821012345678]}}");
    cr_expect_str_eq(text_of(row, "filters"), "{\"max\":150000000,\"since\":1796137608123,\"on\":true,"
                                              "\"who\":[\"<rrn>\",\"<card>\",\"<phone>\"]}");
    cr_expect_eq(json_array_size(json_object_get(row, "pii_flags")), 3);
    json_decref(row);
}

/* Filters that need nothing are stored as they stand; with a blank in them they are written anew. */
Test(search_log_rows, writes_the_same_filters_however_they_are_spaced)
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

            nr_buf_reset(&search_log_stage_event);
            nr_buf_printf(&search_log_stage_event, "{\"user_query\":\"x\",\"filters\":%s}",
                          is_spaced ? rows[i].spaced : rows[i].tight);
            search_log_stage_start(&(struct kinesis_options){0});
            row = row_of(nr_buf_text(&search_log_stage_event));
            cr_expect_str_eq(text_of(row, "filters"), rows[i].tight);
            cr_expect_null(json_object_get(row, "pii_flags"));
            json_decref(row);
        }
}

/* Nor when there is something to compose, to resolve or to replace in them. */
Test(search_log_rows, writes_filters_anew_that_need_it)
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

        nr_buf_reset(&search_log_stage_event);
        nr_buf_printf(&search_log_stage_event, "{\"user_query\":\"x\",\"filters\":%s}", rows[i].given);
        search_log_stage_start(&(struct kinesis_options){0});
        row = row_of(nr_buf_text(&search_log_stage_event));
        cr_expect_str_eq(text_of(row, "filters"), rows[i].stored);
        json_decref(row);
    }
}

Test(search_log_rows, writes_actions_too)
{
    json_t *row;

    search_log_stage_start(&(struct kinesis_options){0});
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

Test(search_log_rows, drops_who_opted_out_without_a_trace)
{
    char *log;

    search_log_stage_start(&(struct kinesis_options){0});
    cr_assert_str_eq(
        search_log_stage_reply_of("[{\"opt_out\":true,\"user_query\":\"비밀\"},{\"user_query\":\"x\"},{\"opt_"
                                  "out\":true,\"page\":\"비밀\"}]"),
        "{\"accepted\":3,\"refused\":0,\"failed\":0,\"errors\":[]}");
    search_log_stage_stop();
    log = log_capture_take();
    cr_expect_eq(search_log_stage_journal.n_records, 1);
    cr_expect_null(strstr(search_log_stage_journal.rows, "비밀"));
    cr_expect_null(strstr(log, "비밀"));
    cr_expect(strstr(log, "\"optedOut\":2"));
    free(log);
}
