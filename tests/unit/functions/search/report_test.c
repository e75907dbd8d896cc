#include <criterion/criterion.h>

#include "functions/search/report.h"

static struct nr_buf out;
static struct search_request request;

static void set_up(void)
{
    nr_buf_init(&out, 8192);
    request = (struct search_request){.wants = {true, true}, .typed = NR_VIEW("김 \"철\""), .limit = 20};
}

static void tear_down(void)
{
    nr_buf_done(&out);
}

TestSuite(report, .init = set_up, .fini = tear_down);

static const char *reported(const struct page *page, enum nr_err_kind error)
{
    const struct report report = {.request = &request,
                                  .page = page,
                                  .error = error,
                                  .event_id = NR_VIEW("e1"),
                                  .query_id = NR_VIEW("q1"),
                                  .number = 2,
                                  .took_us = 3450,
                                  .now = NR_VIEW("2026-11-26T22:00:00.000Z")};

    report_format(&report, &out);
    return nr_buf_text(&out);
}

#define HEAD                                                                                                 \
    "{\"schema_version\":1,\"timestamp\":\"2026-11-26T22:00:00.000Z\",\"event_id\":\"e1\",\"query_id\":"     \
    "\"q1\""
#define MIDDLE                                                                                               \
    ",\"user_query\":\"김 \\\"철\\\"\",\"took_ms\":3.5,\"page\":2,\"page_size\":20,\"filters\":{\"mode\":"

Test(report, says_what_was_shown)
{
    static const struct page page = {.hits = {{{SEARCH_EXACT, 5, SEARCH_PERSON, 1}, {"17", 2}, {"x", 1}},
                                              {{SEARCH_CONTAINS, 4, SEARCH_POST, 1}, {"17", 2}, {"y", 1}}},
                                     .n = 2};

    cr_expect_str_eq(reported(&page, NR_ERR_NONE),
                     HEAD MIDDLE "\"search\",\"in\":[\"people\",\"posts\"]},\"result_count\":2,"
                                 "\"query_response_hit_ids\":[\"person:17\",\"post:17\"]}");
}

Test(report, says_who_asked)
{
    static const struct page page = {.n = 0};

    request.mode = QUERY_MENTION;
    request.wants[SEARCH_POST] = false;
    request.application = NR_VIEW("app");
    request.client_id = NR_VIEW("c");
    request.session_id = NR_VIEW("s");
    request.user_id = NR_VIEW("u");

    cr_expect_str_eq(
        reported(&page, NR_ERR_NONE),
        HEAD ",\"application\":\"app\",\"client_id\":\"c\",\"session_id\":\"s\",\"user_id\":\"u\"" MIDDLE
             "\"mention\",\"in\":[\"people\"]},\"result_count\":0,\"query_response_hit_ids\":[]}");
}

Test(report, of_a_failure_has_its_kind_and_no_count)
{
    request.wants[SEARCH_PERSON] = false;

    cr_expect_str_eq(reported(NULL, NR_ERR_DEADLINE),
                     HEAD MIDDLE "\"search\",\"in\":[\"posts\"]},\"error\":\"deadline\"}");
}

Test(report, has_the_first_twenty_results)
{
    static struct page page = {.n = 50};

    for (size_t i = 0; i < page.n; i++)
        page.hits[i] = (struct page_hit){.ref = NR_VIEW("i"), .title = NR_VIEW("t")};
    reported(&page, NR_ERR_NONE);

    json_t *doc = json_loads(nr_buf_text(&out), 0, NULL);
    cr_assert_not_null(doc);
    cr_expect_eq(json_array_size(json_object_get(doc, "query_response_hit_ids")), 20);
    cr_expect_eq(json_integer_value(json_object_get(doc, "result_count")), 50);
    json_decref(doc);
}
