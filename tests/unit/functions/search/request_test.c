#include <stdio.h>

#include <criterion/criterion.h>

#include "functions/search/request.h"

static struct search_request request;
static struct nr_err err;
static json_t *event;

static void tear_down(void)
{
    json_decref(event);
}

TestSuite(request, .fini = tear_down);

static int parse(const char *text)
{
    json_error_t why;

    json_decref(event);
    event = json_loads(text, 0, &why);
    cr_assert_not_null(event, "%s: %s", text, why.text);
    nr_err_reset(&err);
    return request_parse(event, &request, &err);
}

static void accept(const char *text)
{
    cr_assert_eq(parse(text), 0, "%s: %s", text, err.message);
}

static void expect_refusal(const char *text, const char *message)
{
    cr_expect_eq(parse(text), -1, "%s", text);
    cr_expect_eq(err.kind, NR_ERR_INVALID);
    cr_expect_str_eq(err.message, message);
}

#define HTTP(method, query)                                                                                  \
    "{\"version\":\"2.0\",\"rawPath\":\"/search\",\"requestContext\":{\"http\":{\"method\":\"" method        \
    "\"}}" query "}"

static bool is(struct nr_view view, const char *text)
{
    return nr_view_is(view, nr_view(text));
}

Test(request, of_a_direct_caller_needs_nothing_but_the_query)
{
    accept("{\"q\":\"김철\"}");

    cr_expect_eq(request.mode, QUERY_SEARCH);
    cr_expect(request.wants[SEARCH_PERSON] && request.wants[SEARCH_POST]);
    cr_expect_eq(request.limit, 20);
    cr_expect(is(request.typed, "김철") && is(request.query.text, "김철"));
    cr_expect_null(request.cursor.ptr);
    cr_expect_null(request.query_id.ptr);
    cr_expect_not(request.is_opt_out);
}

Test(request, of_a_mention_is_for_people_and_short)
{
    accept("{\"mode\":\"mention\",\"q\":\"@김\"}");

    cr_expect_eq(request.mode, QUERY_MENTION);
    cr_expect(request.wants[SEARCH_PERSON] && !request.wants[SEARCH_POST]);
    cr_expect_eq(request.limit, 10);
    cr_expect(is(request.typed, "@김") && is(request.query.text, "김"));
}

Test(request, takes_every_member)
{
    accept("{\"q\":\"a\",\"mode\":\"search\",\"in\":\"posts\",\"limit\":50,\"cursor\":\"c\",\"opt_out\":true,"
           "\"query_id\":\"1\",\"application\":\"2\",\"client_id\":\"3\",\"session_id\":\"4\",\"user_id\":"
           "\"5\"}");

    cr_expect(!request.wants[SEARCH_PERSON] && request.wants[SEARCH_POST]);
    cr_expect_eq(request.limit, 50);
    cr_expect(request.is_opt_out);
    cr_expect(is(request.cursor, "c") && is(request.query_id, "1") && is(request.application, "2"));
    cr_expect(is(request.client_id, "3") && is(request.session_id, "4") && is(request.user_id, "5"));
}

Test(request, names_the_member_that_is_wrong)
{
    expect_refusal("[]", "must be an object, is an array");
    expect_refusal("{}", "q: missing; must be a string");
    expect_refusal("{\"q\":7}", "q: must be a string, is a whole number");
    expect_refusal("{\"q\":\" \"}", "q: must not be empty");
    expect_refusal("{\"q\":\"a\",\"mode\":\"x\"}", "mode: must be search or mention");
    expect_refusal("{\"q\":\"a\",\"in\":\"people,\"}",
                   "in: must be people, posts, or both with a comma between");
    expect_refusal("{\"q\":\"a\",\"in\":\"users\"}",
                   "in: must be people, posts, or both with a comma between");
    expect_refusal("{\"q\":\"a\",\"limit\":51}", "limit: must be from 1 to 50, is 51");
    expect_refusal("{\"q\":\"a\",\"limit\":\"0\"}", "limit: must be from 1 to 50");
    expect_refusal("{\"q\":\"a\",\"limit\":\"\"}", "limit: must be from 1 to 50");
    expect_refusal("{\"q\":\"a\",\"limit\":\"9999999999999999999999\"}", "limit: must be from 1 to 50");
    expect_refusal("{\"q\":\"a\",\"limit\":\"0050\"}", "limit: must be from 1 to 50");
    expect_refusal("{\"q\":\"a\",\"limit\":\"005x\"}", "limit: must be from 1 to 50");
    expect_refusal("{\"q\":\"a\",\"limit\":\"1x\"}", "limit: must be a whole number");
    expect_refusal("{\"q\":\"a\",\"opt_out\":\"yes\"}", "opt_out: must be true or false");
    expect_refusal("{\"q\":\"a\",\"query_id\":\"\"}", "query_id: must be 1 to 100 bytes long, is 0");
    expect_refusal("{\"q\":\"a\",\"qq\":1}", "qq: unknown member");
}

Test(request, over_http_comes_from_the_query_string)
{
    accept(HTTP("GET",
                ",\"queryStringParameters\":{\"q\":\"김철\",\"in\":\"people\",\"limit\":\"7\",\"utm\":\"x\","
                "\"opt_out\":\"true\",\"session_id\":\"s\"}"));

    cr_expect(request_is_http(event));
    cr_expect(is(request.typed, "김철") && is(request.session_id, "s"));
    cr_expect_eq(request.limit, 7);
    cr_expect(request.is_opt_out && !request.wants[SEARCH_POST]);
}

Test(request, over_http_takes_the_user_from_the_authorizer_and_from_nobody_else)
{
    accept("{\"requestContext\":{\"http\":{\"method\":\"GET\"},\"authorizer\":{\"jwt\":{\"claims\":{\"sub\":"
           "\"17\"}}}},"
           "\"queryStringParameters\":{\"q\":\"a\",\"user_id\":\"18\"}}");
    cr_expect(is(request.user_id, "17"));

    accept(HTTP("GET", ",\"queryStringParameters\":{\"q\":\"a\",\"user_id\":\"18\"}"));
    cr_expect_null(request.user_id.ptr);
}

Test(request, over_http_without_a_query_string_lacks_the_query)
{
    expect_refusal(HTTP("GET", ""), "q: missing; must be a string");
    expect_refusal(HTTP("GET", ",\"queryStringParameters\":[]"), "q: missing; must be a string");
}

Test(request, over_http_is_a_get)
{
    expect_refusal(HTTP("POST", ",\"queryStringParameters\":{\"q\":\"a\"}"), "method: must be GET");
    cr_expect_str_eq(err.type, "Function.InvalidMethod");
}

Test(request, is_not_http_without_its_context)
{
    parse("{\"q\":\"a\",\"requestContext\":{}}");

    cr_expect_not(request_is_http(event));
    cr_expect_str_eq(err.message, "requestContext: unknown member");
}
