#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "functions/search/event.h"

enum { NOW = 1790000000 };
#define NOW_MS ((int64_t)NOW * 1000)

static struct nr_buf arena;
static struct search_event event;
static struct nr_err err;

static void set_up(void)
{
    nr_buf_init(&arena, 1 << 20);
}

static void tear_down(void)
{
    nr_buf_done(&arena);
}

TestSuite(event_search, .init = set_up, .fini = tear_down);

static int parse(const char *text)
{
    nr_err_reset(&err);
    return search_event_parse(nr_view(text), &(struct event_place){.in = EVENT_IN_RECORD, .record = 3},
                              NOW_MS, &arena, &event, &err);
}

#define IS(view, text) cr_assert(nr_view_is(event.view, NR_VIEW(text)), "%.*s", NR_VIEW_ARG(event.view))

Test(event_search, reads_a_search)
{
    cr_assert_eq(parse("{\"event_id\":\"e-1\",\"timestamp\":\"2018-11-13T20:20:39Z\",\"application\":"
                       "\"shop\",\"query_id\":\"q1\","
                       "\"client_id\":\"c1\",\"session_id\":\"s1\",\"user_id\":\"17\",\"user_query\":"
                       "\"\\uac15\\uc544\\uc9c0 \\\"x\\\"\","
                       "\"lang\":\"ko-KR\",\"result_count\":12,\"took_ms\":3.25,\"page\":1,\"page_size\":20,"
                       "\"sort\":\"new\","
                       "\"filters\":{\"kind\":[\"post\",2],\"open\":true},\"query_response_id\":\"r1\","
                       "\"query_response_hit_ids\":[\"a\",7]}"),
                 0, "%s", err.message);
    cr_assert_eq(event.type, SEARCH_EVENT_SEARCH);
    cr_assert_eq(event.timestamp_unix_ms, 1542140439000);
    IS(event_id, "e-1");
    IS(user_query, "강아지 \"x\"");
    IS(user_id, "17");
    IS(took_ms, "3.25");
    IS(filters, "{\"kind\":[\"post\",2],\"open\":true}");
    cr_assert_eq(event.result_count, 12);
    cr_assert_eq(event.page_size, 20);
    cr_assert_eq(event.n_hit_ids, 2);
    cr_assert(nr_view_is(event.hit_ids[1], NR_VIEW("7")));
    cr_assert_eq(event.n_unknown, 0);
}

Test(event_search, reads_a_ubi_event)
{
    cr_assert_eq(parse("{\"action_name\":\"click\",\"timestamp\":\"2018-11-13T20:20:39\",\"query_id\":\"q\","
                       "\"message_type\":\"QUERY\","
                       "\"message\":\"hi\",\"page_id\":\"/"
                       "x\",\"event_attributes\":{\"object\":{\"object_id\":12,\"object_id_type\":\"post\","
                       "\"internal_id\":\"i\",\"colour\":\"red\"},\"position\":{\"ordinal\":3,\"xy\":{\"x\":"
                       "1.5,\"y\":-2}},\"price\":1}}"),
                 0, "%s", err.message);
    cr_assert_eq(event.type, SEARCH_EVENT_CLICK);
    IS(object_id, "12");
    IS(object_id_type, "post");
    IS(position_x, "1.5");
    cr_assert_eq(event.position, 3);
    cr_assert_eq(event.n_unknown, 3, "page_id, colour, price");
}

Test(event_search, takes_ubis_own_sample_with_an_empty_position)
{
    cr_assert_eq(parse("{\"action_name\":\"impression\",\"timestamp\":\"2018-11-13T20:20:39Z\",\"event_"
                       "attributes\":{\"position\":{}}}"),
                 0);
    cr_assert_eq(event.type, SEARCH_EVENT_IMPRESSION);
    cr_assert_eq(event.position, -1);
}

Test(event_search, lets_a_search_happen_now_and_an_empty_one_be)
{
    cr_assert_eq(parse("{\"user_query\":\"\",\"user_id\":\"\",\"page\":null}"), 0);
    cr_assert_eq(event.timestamp_unix_ms, NOW_MS);
    cr_assert_not_null(event.user_query.ptr);
    cr_assert_null(event.user_id.ptr);
    cr_assert_eq(event.page, -1);
}

Test(event_search, takes_a_number_up_to_its_bounds_however_it_is_written)
{
    static const struct {
        const char *number;
        bool is_taken;
    } rows[] = {
        {"0", true},          {"-0", true},
        {"-0.0", true},       {"0.5", true},
        {"-0.5", false},      {"86400000", true},
        {"86399999.9", true}, {"86400000.0", true},
        {"86400001", false},  {"86400000.5", false},
        {"8.64e7", true},     {"8.65e7", false},
        {"1e-7", true},       {"1.5E3", true},
        {"1.5E30", false},    {"0.33333333333333333333333333", true},
    };
    char text[128];

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        snprintf(text, sizeof(text), "{\"user_query\":\"a\",\"took_ms\":%s}", rows[i].number);
        cr_expect_eq(parse(text) == 0, rows[i].is_taken, "%s", rows[i].number);
        if (rows[i].is_taken)
            cr_expect(nr_view_is(event.took_ms, nr_view(rows[i].number)), "%s", rows[i].number);
    }
}

Test(event_search, takes_ubis_free_object_for_filters)
{
    cr_assert_eq(parse("{\"user_query\":\"a\",\"query_attributes\":{\"x\":1}}"), 0);
    IS(filters, "{\"x\":1}");
    cr_assert_eq(parse("{\"user_query\":\"a\",\"query_attributes\":{\"x\":1},\"filters\":{}}"), 0);
    IS(filters, "{}");
}

Test(event_search, knows_an_opt_out_whatever_else_is_wrong)
{
    cr_assert_eq(parse("{\"opt_out\":true}"), 0);
    cr_assert(event.is_opt_out);
    cr_assert_eq(parse("{\"page\":\"x\",\"opt_out\":true,\"user_query\":\"a\"}"), 0);
    cr_assert(event.is_opt_out);
    cr_assert_null(event.user_query.ptr);
    cr_assert_eq(parse("{\"user_query\":\"a\",\"opt_out\":false}"), 0);
    cr_assert_not(event.is_opt_out);
}

Test(event_search, names_what_is_wrong)
{
#define R "Records[3].body"
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"[]", R ": must be an object"},
        {"{}", R ".user_query: is required, or action_name"},
        {"{\"action_name\":\"click\"}", R ".timestamp: is required with action_name"},
        {"{\"user_query\":5}", R ".user_query: must be a string"},
        {"{\"user_query\":\"a\",\"user_query\":\"b\"}", R ".user_query: is there twice"},
        {"{\"user_query\":\"a\",\"page\":0}", R ".page: must be a whole number from 1 to 1000000"},
        {"{\"user_query\":\"a\",\"page\":1.5}", R ".page: must be a whole number from 1 to 1000000"},
        {"{\"user_query\":\"a\",\"took_ms\":-1}", R ".took_ms: must be a number from 0 to 86400000"},
        {"{\"user_query\":\"a\",\"took_ms\":1e999}", R ".took_ms: must be a number from 0 to 86400000"},
        {"{\"user_query\":\"a\",\"took_ms\":\"1\"}", R ".took_ms: must be a number"},
        {"{\"user_query\":\"a\",\"event_id\":\"a b\"}",
         R ".event_id: must consist of ASCII letters, digits and . _ : -"},
        {"{\"user_query\":\"a\",\"event_id\":\"\"}", R ".event_id: must not be empty"},
        {"{\"user_query\":\"a\",\"timestamp\":\"today\"}",
         R ".timestamp: must be a time such as 2026-12-01T09:00:00Z"},
        {"{\"user_query\":\"a\",\"timestamp\":\"2026-09-21T14:18:20.001Z\"}",
         R ".timestamp: must not be more than 300 s ahead of the clock"},
        {"{\"user_query\":\"a\",\"opt_out\":1}", R ".opt_out: must be true or false"},
        {"{\"user_query\":\"a\",\"schema_version\":2}",
         R ".schema_version: must be a whole number from 1 to 1"},
        {"{\"user_query\":\"a\",\"filters\":[]}", R ".filters: must be an object"},
        {"{\"user_query\":\"a\",\"filters\":{\"x\":{}}}",
         R ".filters: must not hold objects or arrays in arrays"},
        {"{\"user_query\":\"a\",\"filters\":{\"x\":[[]]}}",
         R ".filters: must not hold objects or arrays in arrays"},
        {"{\"user_query\":\"a\",\"filters\":{\"x y\":1}}",
         R ".filters: must have names of 1 to 64 ASCII letters, digits and . _ : -"},
        {"{\"user_query\":\"a\",\"query_response_hit_ids\":[1,{}]}",
         R ".query_response_hit_ids[1]: must be a string"},
        {"{\"user_query\":\"a\",\"query_response_hit_ids\":[1.5]}",
         R ".query_response_hit_ids[0]: must be a string or a whole number"},
        {"{\"user_query\":\"a\",\"event_attributes\":{\"object\":{\"object_id\":true}}}",
         R ".event_attributes.object.object_id: must be a string"},
        {"{\"user_query\":\"a\",\"event_attributes\":{\"position\":{\"ordinal\":-1}}}",
         R ".event_attributes.position.ordinal: must be a whole number from 0 to 1000000000"},
        {"{\"user_query\":\"secret\",\"page\":1", R ": ends inside an object at byte 31"},
        {"{\"user_query\":\"secret\"} x", R ": goes on behind its end at byte 24"},
        {"", R ": must be an object"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cr_assert_eq(parse(rows[i].text), -1, "%s", rows[i].text);
        cr_assert_str_eq(err.message, rows[i].message);
        cr_assert_eq(err.kind, NR_ERR_INVALID);
        cr_assert_str_eq(err.type,
                         strstr(err.message, "at byte") ? "Function.InvalidJson" : "Function.InvalidEvent");
    }
}

Test(event_search, takes_a_timestamp_up_to_five_minutes_ahead)
{
    cr_assert_eq(parse("{\"user_query\":\"a\",\"timestamp\":\"2026-09-21T14:18:20Z\"}"), 0, "%s",
                 err.message);
}

Test(event_search, counts_characters_not_bytes)
{
    char text[4096] = "{\"user_query\":\"";
    size_t at = strlen(text);

    for (int i = 0; i < SEARCH_QUERY_MAX_CHARS; i++, at += 3)
        memcpy(text + at, "가", 3);
    snprintf(text + at, sizeof(text) - at, "\"}");
    cr_assert_eq(parse(text), 0, "%s", err.message);
    snprintf(text + at, sizeof(text) - at, "x\"}");
    cr_assert_eq(parse(text), -1);
    cr_assert_str_eq(err.message, R ".user_query: must have at most 1024 characters");
}

Test(event_search, refuses_an_event_that_is_too_large)
{
    static char text[SEARCH_EVENT_MAX_BYTES + 32] = "{\"user_query\":\"\"";

    memset(text + strlen(text), ' ', SEARCH_EVENT_MAX_BYTES);
    text[strlen(text) - 1] = '}';
    cr_assert_eq(parse(text), -1);
    cr_assert_str_eq(err.message, R ": must have at most 65536 bytes");
}

/* Or whoever reads one event after the other would get the same one for ever. */
Test(event_search, passes_over_an_event_that_there_is_no_room_for)
{
    static const struct event_place place = {.in = EVENT_IN_BODY};
    char room[64];
    struct nr_buf small = {.data = room, .cap = sizeof(room), .max_bytes = sizeof(room) - 1};
    struct scan scan;

    scan_init(
        &scan,
        NR_VIEW("{\"user_query\":\"too long for an arena of sixty-three bytes\"}{\"user_query\":\"a\"}"));
    nr_err_reset(&err);
    cr_assert_eq(search_event_read(&scan, &place, NOW_MS, &small, &event, &err), -1);
    cr_expect_eq(err.kind, NR_ERR_INVALID);
    cr_expect_null(scan.fault);

    nr_buf_reset(&small);
    cr_assert_eq(search_event_read(&scan, &place, NOW_MS, &small, &event, &err), 0, "%s", err.message);
    IS(user_query, "a");
}
