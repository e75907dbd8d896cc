#include <criterion/criterion.h>

#include "functions/search/answer.h"

static struct nr_buf out;

static void set_up(void)
{
    nr_buf_init(&out, 8192);
}

static void tear_down(void)
{
    nr_buf_done(&out);
}

TestSuite(answer, .init = set_up, .fini = tear_down);

Test(answer, has_the_results_and_the_way_to_the_next_page)
{
    static const struct page page = {
        .hits = {{{SEARCH_EXACT, 5, SEARCH_PERSON, 1}, {"17", 2}, {"김\"철", 7}},
                 {{SEARCH_CONTAINS, 4, SEARCH_POST, 1}, {"p-1", 3}, {"제목", 6}}},
        .n = 2,
        .has_more = true};

    answer_format(&(struct answer){&page, NR_VIEW("q1"), NR_VIEW("abc"), 3, 1260}, &out);

    cr_expect_str_eq(nr_buf_text(&out),
                     "{\"query_id\":\"q1\",\"page\":3,\"result_count\":2,\"took_ms\":1.3,\"next_cursor\":"
                     "\"abc\",\"results\":["
                     "{\"type\":\"person\",\"id\":\"17\",\"title\":\"김\\\"철\",\"match\":\"exact\"},"
                     "{\"type\":\"post\",\"id\":\"p-1\",\"title\":\"제목\",\"match\":\"contains\"}]}");
}

Test(answer, says_when_there_is_nothing)
{
    static const struct page page = {.n = 0};

    answer_format(&(struct answer){&page, NR_VIEW("q1"), {NULL, 0}, 1, 0}, &out);

    cr_expect_str_eq(nr_buf_text(&out), "{\"query_id\":\"q1\",\"page\":1,\"result_count\":0,\"took_ms\":0.0,"
                                        "\"next_cursor\":null,\"results\":[]}");
}

Test(answer, over_http_is_a_body_that_nobody_keeps)
{
    answer_http(NR_VIEW("{\"a\":\"b\"}"), &out);

    cr_expect_str_eq(nr_buf_text(&out),
                     "{\"statusCode\":200,\"headers\":{\"content-type\":\"application/json\","
                     "\"cache-control\":\"no-store\"},\"body\":\"{\\\"a\\\":\\\"b\\\"}\"}");
}

#define RESPONSE(status, more, type, message)                                                                \
    "{\"statusCode\":" status                                                                                \
    ",\"headers\":{\"content-type\":\"application/json\",\"cache-control\":\"no-store\"" more                \
    "},\"body\":\"{\\\"error\\\":{\\\"type\\\":\\\"" type "\\\",\\\"message\\\":\\\"" message "\\\"}}\"}"

static const char *refusal(const char *type, const char *message)
{
    struct nr_err why = {0};

    (void)nr_err_set(&why, NR_ERR_INVALID, type, "%s", message);
    nr_buf_reset(&out);
    answer_http_refusal(&why, &out);
    return nr_buf_text(&out);
}

static const char *failure(enum nr_err_kind kind)
{
    struct nr_err why = {0};

    (void)nr_err_set(&why, kind, NULL, "NARAE_DATABASE: hush");
    nr_buf_reset(&out);
    answer_http_failure(&why, &out);
    return nr_buf_text(&out);
}

Test(answer, over_http_says_what_is_wrong_with_a_request)
{
    cr_expect_str_eq(refusal("Function.InvalidQuery", "q: must not be empty"),
                     RESPONSE("400", "", "Function.InvalidQuery", "q: must not be empty"));
    cr_expect_str_eq(refusal("Function.InvalidMethod", "method: must be GET"),
                     RESPONSE("405", ",\"allow\":\"GET\"", "Function.InvalidMethod", "method: must be GET"));
}

Test(answer, over_http_says_nothing_of_our_own_trouble)
{
    cr_expect_str_eq(failure(NR_ERR_DEADLINE), RESPONSE("504", ",\"retry-after\":\"1\"",
                                                        "Function.Unavailable", "the search took too long"));
    cr_expect_str_eq(
        failure(NR_ERR_UNAVAILABLE),
        RESPONSE("503", ",\"retry-after\":\"1\"", "Function.Unavailable", "search is not available now"));
    cr_expect_str_eq(failure(NR_ERR_DENIED), RESPONSE("500", "", "Function.Failed", "the search failed"));
    cr_expect_str_eq(failure(NR_ERR_INVALID), RESPONSE("500", "", "Function.Failed", "the search failed"));
}
