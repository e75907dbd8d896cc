/* search_query as the runtime calls it: a real database, and a canned server in SQS's place. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include <narae/clock.h>
#include <narae/handler.h>
#include <narae/log.h>

#include "tests/support/canned_http.h"
#include "tests/support/http_server.h"
#include "tests/support/test_database.h"

/* functions/search/search_query.c, whose table is renamed for tests. */
extern const struct nr_handler search_query_handler;

static const char *const taken[] = {
    "HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\nConnection: "
    "close\r\n\r\n{\"MessageId\":\"m\"}"};

static struct test_database database;
static struct canned_http *sqs;
static struct nr_buf reply_body;
static struct nr_err err;
static int log_fd;

/* --- surroundings --------------------------------------------------------------------------------------- */

static void set_up(void)
{
    char endpoint[64];

    test_database_init(&database, "functions/search/schema.sql");
    test_database_run(
        &database,
        "insert into narae_search.person (user_id, nickname, ranked_at) select 'u' || i, name,"
        " timestamptz '2026-11-01' - i * interval '1 hour'"
        " from unnest(array['김철수', '김철', '이김철', '박영희', '김하늘']) with ordinality as x(name, i);"
        " insert into narae_search.post (post_id, title, ranked_at) values"
        " ('p1', '김철 인터뷰', '2026-11-02'), ('p2', '오늘의 김철', '2026-11-03')");
    sqs = canned_http_start(taken, 1);
    snprintf(endpoint, sizeof(endpoint), "http://127.0.0.1:%d", canned_http_port(sqs));
    setenv("AWS_ENDPOINT_URL_SQS", endpoint, 1);
    setenv("AWS_REGION", "us-east-1", 1);
    setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "hush-hush", 1);
    setenv("NARAE_SEARCH_EVENTS_QUEUE", "https://sqs.us-east-1.amazonaws.com/1/events", 1);
    setenv("NARAE_SEARCH_CURSOR_KEY", "env:THE_KEY", 1);
    setenv("THE_KEY", "hush-hush-hush-hush-hush-hush-hush", 1);
    setenv("NARAE_DATABASE", "env:THE_DATABASE", 1);
    setenv("THE_DATABASE", database.uri, 1);
    setenv("AWS_LAMBDA_LOG_FORMAT", "JSON", 1);
    setenv("AWS_LAMBDA_LOG_LEVEL", "INFO", 1);
    nr_buf_init(&reply_body, 1 << 20);
    log_fd = memfd_create("log", MFD_CLOEXEC);
    nr_log_to(log_fd);
}

static void tear_down(void)
{
    if (sqs)
        canned_http_stop(sqs, NULL);
    test_database_done(&database);
    nr_buf_done(&reply_body);
}

TestSuite(search_query, .init = set_up, .fini = tear_down, .timeout = 60);

static void init(void)
{
    cr_assert_eq(search_query_handler.init(&err), 0, "%s", err.message);
}

static int invoke_within(const char *event, int64_t ms)
{
    json_t *slot = NULL;
    struct nr_request request = {.struct_bytes = sizeof(request),
                                 .event = nr_view(event),
                                 .content_type = "application/json",
                                 .request_id = "r-1",
                                 .deadline_mono_ms = nr_clock_mono_ms() + ms,
                                 .json_slot = &slot};
    struct nr_reply reply = {.struct_bytes = sizeof(reply), .body = &reply_body};
    int result;

    nr_buf_reset(&reply_body);
    nr_err_reset(&err);
    result = search_query_handler.invoke(&request, &reply, &err);
    json_decref(slot);
    return result;
}

static json_t *answer_to(const char *event)
{
    json_t *answer;

    cr_assert_eq(invoke_within(event, 30000), 0, "%s", err.message);
    answer = json_loads(nr_buf_text(&reply_body), 0, NULL);
    cr_assert_not_null(answer, "%s", nr_buf_text(&reply_body));
    return answer;
}

/* "match:id " of each result. */
static const char *results(const json_t *answer)
{
    static char out[1024];
    size_t at = 0;
    size_t i;
    json_t *hit;

    out[0] = '\0';
    json_array_foreach(json_object_get(answer, "results"), i, hit)
    {
        at += (size_t)snprintf(out + at, sizeof(out) - at, "%s:%s ",
                               json_string_value(json_object_get(hit, "match")),
                               json_string_value(json_object_get(hit, "id")));
    }
    return out;
}

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

/* What SQS was sent last, as the event in it. */
static json_t *event_sent(int n_wanted)
{
    struct canned_http_journal journal;
    json_t *message;
    json_t *event;

    canned_http_stop(sqs, &journal);
    sqs = NULL;
    cr_assert_eq(journal.n_requests, n_wanted);
    message = json_loads(strstr(journal.last, "\r\n\r\n") + 4, 0, NULL);
    event = json_loads(text_of(message, "MessageBody"), 0, NULL);
    cr_assert_not_null(event);
    json_decref(message);
    return event;
}

static const char *logged(void)
{
    static char text[65536];
    ssize_t n = pread(log_fd, text, sizeof(text) - 1, 0);

    text[n > 0 ? n : 0] = '\0';
    cr_expect_null(strstr(text, "hush"), "a secret is in the log: %s", text);
    cr_expect_null(strstr(text, "김"), "a query is in the log: %s", text);
    return text;
}

static void expect_logged(const char *part)
{
    cr_expect(strstr(logged(), part), "no %s in: %s", part, logged());
}

/* --- what is answered ----------------------------------------------------------------------------------- */

Test(search_query, answers_with_people_and_posts_in_one_order)
{
    json_t *answer;

    init();
    answer = answer_to("{\"q\":\"김철\"}");

    cr_expect_str_eq(results(answer), "exact:u2 prefix:p1 prefix:u1 contains:p2 contains:u3 ");
    cr_expect_str_eq(text_of(answer, "query_id"), "r-1");
    cr_expect_eq(json_integer_value(json_object_get(answer, "result_count")), 5);
    cr_expect(json_is_null(json_object_get(answer, "next_cursor")));
    json_decref(answer);
}

Test(search_query, gives_every_result_once_page_by_page)
{
    char all[1024] = "";
    char event[512] = "{\"q\":\"김철\",\"limit\":2}";
    int n_pages = 0;

    init();
    while (event[0]) {
        json_t *answer = answer_to(event);
        const char *cursor = text_of(answer, "next_cursor");

        n_pages++;
        cr_expect_eq(json_integer_value(json_object_get(answer, "page")), n_pages);
        strcat(all, results(answer));
        event[0] = '\0';
        if (cursor)
            snprintf(event, sizeof(event), "{\"q\":\"김철\",\"limit\":2,\"cursor\":\"%s\"}", cursor);
        json_decref(answer);
    }

    cr_expect_eq(n_pages, 3);
    cr_expect_str_eq(all, "exact:u2 prefix:p1 prefix:u1 contains:p2 contains:u3 ");
}

/* The page ends between a person and a post of one moment, both ways. */
Test(search_query, loses_nothing_between_two_sources_at_one_moment)
{
    char all[1024] = "";
    char event[512] = "{\"q\":\"나래\",\"limit\":1}";

    test_database_run(&database, "insert into narae_search.person (user_id, nickname, ranked_at) values"
                                 " ('a', '나래1', '2026-11-05'), ('b', '나래2', '2026-11-05');"
                                 " insert into narae_search.post (post_id, title, ranked_at) values"
                                 " ('c', '나래3', '2026-11-05'), ('d', '나래4', '2026-11-05')");
    init();
    while (event[0]) {
        json_t *answer = answer_to(event);
        const char *cursor = text_of(answer, "next_cursor");

        strcat(all, results(answer));
        event[0] = '\0';
        if (cursor)
            snprintf(event, sizeof(event), "{\"q\":\"나래\",\"limit\":1,\"cursor\":\"%s\"}", cursor);
        json_decref(answer);
    }

    cr_expect_str_eq(all, "prefix:b prefix:a prefix:d prefix:c ");
}

Test(search_query, refuses_the_cursor_of_another_search)
{
    char event[512];
    json_t *answer;

    init();
    answer = answer_to("{\"q\":\"김철\",\"limit\":2}");
    snprintf(event, sizeof(event), "{\"q\":\"김\",\"limit\":2,\"cursor\":\"%s\"}",
             text_of(answer, "next_cursor"));

    cr_expect_eq(invoke_within(event, 30000), -1);
    cr_expect_eq(err.kind, NR_ERR_INVALID);
    cr_expect_str_eq(err.message, "cursor: is not of this search");
    json_decref(answer);
}

Test(search_query, completes_mentions)
{
    json_t *answer;

    init();
    answer = answer_to("{\"mode\":\"mention\",\"q\":\"@김처\"}");

    cr_expect_str_eq(results(answer), "prefix:u1 prefix:u2 ");
    json_decref(answer);
}

#define HTTP(query)                                                                                          \
    "{\"version\":\"2.0\",\"requestContext\":{\"http\":{\"method\":\"GET\"}},\"queryStringParameters\":"     \
    "{" query "}}"

Test(search_query, answers_http_in_its_own_form)
{
    json_t *response;
    json_t *body;

    init();
    response = answer_to(HTTP("\"q\":\"영희\",\"query_id\":\"mine\""));
    body = json_loads(text_of(response, "body"), 0, NULL);

    cr_expect_eq(json_integer_value(json_object_get(response, "statusCode")), 200);
    cr_expect_str_eq(results(body), "contains:u4 ");
    cr_expect_str_eq(text_of(body, "query_id"), "mine");
    json_decref(body);
    json_decref(response);
}

static void expect_status(const char *event, int status, const char *part)
{
    json_t *response = answer_to(event);

    cr_expect_eq(json_integer_value(json_object_get(response, "statusCode")), status);
    cr_expect(strstr(text_of(response, "body"), part), "%s", text_of(response, "body"));
    json_decref(response);
}

Test(search_query, tells_a_stranger_what_is_wrong_with_his_request)
{
    init();

    expect_status(HTTP("\"q\":\"\""), 400, "q: must not be empty");
    expect_status(HTTP("\"q\":\"a\",\"cursor\":\"x\""), 400, "cursor: is none of ours");
    expect_logged("\"WARN\"");
    expect_logged("request refused");
}

/* --- the search's own event ----------------------------------------------------------------------------- */

Test(search_query, reports_what_it_answered)
{
    json_t *answer;
    json_t *event;

    init();
    answer = answer_to("{\"q\":\" 김철 \",\"limit\":2,\"session_id\":\"s\",\"user_id\":\"17\"}");
    event = event_sent(1);

    cr_expect_str_eq(text_of(event, "user_query"), " 김철 ");
    cr_expect_str_eq(text_of(event, "event_id"), "r-1");
    cr_expect_str_eq(text_of(event, "query_id"), "r-1");
    cr_expect_str_eq(text_of(event, "session_id"), "s");
    cr_expect_str_eq(text_of(event, "user_id"), "17");
    cr_expect_eq(json_integer_value(json_object_get(event, "result_count")), 2);
    cr_expect(json_equal(json_object_get(event, "took_ms"), json_object_get(answer, "took_ms")));
    cr_expect_gt(json_real_value(json_object_get(event, "took_ms")), 0.0);
    json_decref(answer);
    json_decref(event);
}

Test(search_query, reports_a_search_that_found_nothing)
{
    json_t *event;

    init();
    json_decref(answer_to("{\"q\":\"없는말\"}"));
    event = event_sent(1);

    cr_expect_eq(json_integer_value(json_object_get(event, "result_count")), 0);
    cr_expect(json_is_integer(json_object_get(event, "result_count")));
    json_decref(event);
}

Test(search_query, reports_nothing_of_who_has_opted_out)
{
    struct canned_http_journal journal;

    init();
    json_decref(answer_to("{\"q\":\"김철\",\"opt_out\":true}"));

    canned_http_stop(sqs, &journal);
    sqs = NULL;
    cr_expect_eq(journal.n_requests, 0);
}

Test(search_query, answers_although_its_queue_is_down_and_says_so_once)
{
    const char *line;

    setenv("AWS_ENDPOINT_URL_SQS", "http://127.0.0.1:1", 1);
    init();
    json_decref(answer_to("{\"q\":\"김철\"}"));
    json_decref(answer_to("{\"q\":\"김철\"}"));

    line = strstr(logged(), "search events are lost");
    cr_expect_not_null(line, "%s", logged());
    cr_expect_null(strstr(line + 1, "search events are lost"));
    expect_logged("\"SearchEventsLost\":1");
}

Test(search_query, answers_before_its_time_is_up_although_its_queue_never_does)
{
    static const struct http_server_step steps[] = {{NULL, HTTP_SERVER_STALL}};
    struct http_server *silent =
        http_server_start(&(struct http_server_options){.steps = steps, .n_steps = 1});
    struct http_server_journal journal = {0};
    int64_t deadline_mono_ms;

    setenv("AWS_ENDPOINT_URL_SQS", http_server_url(silent), 1);
    setenv("NARAE_SEARCH_EVENTS_TIMEOUT_MS", "5000", 1);
    init();
    deadline_mono_ms = nr_clock_mono_ms() + 800;

    cr_expect_eq(invoke_within("{\"q\":\"김철\"}", 800), 0, "%s", err.message);

    cr_expect_lt(nr_clock_mono_ms(), deadline_mono_ms);
    expect_logged("search events are lost");
    http_server_stop(silent, &journal);
    http_server_journal_done(&journal);
}

Test(search_query, works_without_a_queue)
{
    json_t *answer;

    setenv("NARAE_SEARCH_EVENTS_QUEUE", "", 1);
    init();
    answer = answer_to("{\"q\":\"김철\"}");

    cr_expect_str_eq(results(answer), "exact:u2 prefix:p1 prefix:u1 contains:p2 contains:u3 ");
    cr_expect_null(strstr(logged(), "lost"));
    json_decref(answer);
}

/* No cursor could stand behind it, and every search that finds it would fail. */
Test(search_query, has_nothing_that_ranks_before_all_others_for_ever)
{
    test_database_run(&database,
                      "do $$ begin insert into narae_search.post (post_id, title, ranked_at) values ('p', "
                      "'a', 'infinity'); raise 'taken'; exception when check_violation then null; end $$");
    test_database_run(&database,
                      "do $$ begin insert into narae_search.person (user_id, nickname, ranked_at) values "
                      "('u', 'a', '-infinity'); raise 'taken'; exception when check_violation then null; end "
                      "$$");
}

/* --- what goes wrong ------------------------------------------------------------------------------------ */

/* Another session holds the table. */
static void lock_people(void)
{
    test_database_run(&database, "begin; lock table narae_search.person in access exclusive mode");
}

Test(search_query, ends_a_search_that_takes_too_long_and_reports_it)
{
    json_t *event;

    setenv("NARAE_SEARCH_TIMEOUT_MS", "300", 1);
    init();
    lock_people();

    cr_expect_eq(invoke_within("{\"q\":\"김철\"}", 30000), -1);
    cr_expect_eq(err.kind, NR_ERR_DEADLINE, "%s", err.message);

    test_database_run(&database, "rollback");
    event = event_sent(1);
    cr_expect_str_eq(text_of(event, "error"), "deadline");
    cr_expect_null(json_object_get(event, "result_count"));
    json_decref(event);
    cr_expect_eq(invoke_within("{\"q\":\"김철\"}", 30000), 0, "%s", err.message);
}

Test(search_query, answers_504_over_http_when_it_takes_too_long)
{
    setenv("NARAE_SEARCH_TIMEOUT_MS", "300", 1);
    init();
    lock_people();

    expect_status(HTTP("\"q\":\"김철\""), 504, "the search took too long");

    expect_logged("search failed");
}

Test(search_query, answers_503_over_http_and_names_the_setting_in_the_log)
{
    setenv("THE_DATABASE", "postgresql://narae:hush@127.0.0.1:1/none", 1);
    init();

    expect_status(HTTP("\"q\":\"김철\""), 503, "search is not available now");

    expect_logged("\"errorMessage\":\"NARAE_DATABASE: ");
}

Test(search_query, recovers_when_the_password_was_rotated)
{
    char wrong[512];

    snprintf(wrong, sizeof(wrong), "postgresql://narae:hush%s", strchr(database.uri, '@'));
    setenv("THE_DATABASE", wrong, 1);
    init();
    cr_expect_eq(invoke_within("{\"q\":\"김철\"}", 30000), -1);
    cr_expect_eq(err.kind, NR_ERR_DENIED, "%s", err.message);
    setenv("THE_DATABASE", database.uri, 1);

    cr_expect_eq(invoke_within("{\"q\":\"김철\"}", 30000), 0, "%s", err.message);
}

Test(search_query, says_that_the_schema_is_missing)
{
    test_database_run(&database, "set client_min_messages = error; drop schema narae_search cascade");
    init();

    cr_expect_eq(invoke_within("{\"q\":\"김철\"}", 30000), -1);
    cr_expect_str_eq(err.type, "Function.MissingSchema");
}

Test(search_query, refuses_an_event_that_is_none)
{
    init();

    cr_expect_eq(invoke_within("{", 30000), -1);
    cr_expect_str_eq(err.type, "Function.InvalidJson");
    cr_expect_eq(invoke_within("[]", 30000), -1);
    cr_expect_str_eq(err.message, "must be an object, is an array");
}

Test(search_query, does_not_start_without_its_key)
{
    unsetenv("THE_KEY");

    cr_expect_eq(search_query_handler.init(&err), -1);

    cr_expect_str_eq(err.message, "NARAE_SEARCH_CURSOR_KEY: \"env:THE_KEY\": no such environment variable");
}
