#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include <narae/http.h>

#include "tests/support/http_stage.h"

TestSuite(http, .timeout = 30);

Test(http, gets_a_reply_with_its_headers)
{
    static const struct http_server_step steps[] = {
        {"HTTP/1.1 503 Busy\r\ncontent-TYPE:  application/json \r\nRetry-After: 7\r\n"
         "Date: Tue, 24 Nov 2026 15:00:00 GMT\r\nContent-Length: 5\r\n\r\nhello",
         HTTP_SERVER_KEEP}};
    struct http_server *server = http_stage_serve(steps, 1);
    struct nr_http_reply reply = {0};
    struct nr_err err = {0};
    struct http_server_journal journal;
    char want[256];
    char url[128];

    snprintf(url, sizeof(url), "%s/path?q=1", http_server_url(server));
    snprintf(want, sizeof(want), "GET /path?q=1 HTTP/1.1\r\nHost: %s\r\nUser-Agent: narae/",
             http_stage_host(server));
    cr_assert_eq(http_stage_get(url, &reply, &err), 0, "%s", err.message);

    cr_expect_eq(reply.status, 503);
    cr_expect(nr_view_is(nr_buf_view(&reply.body), NR_VIEW("hello")));
    cr_expect_str_eq(reply.content_type, "application/json");
    cr_expect_str_eq(reply.retry_after, "7");
    cr_expect_str_eq(reply.date, "Tue, 24 Nov 2026 15:00:00 GMT");
    http_server_stop(server, &journal);
    cr_expect_eq(strncmp(journal.requests[0], want, strlen(want)), 0, "%s", journal.requests[0]);
    http_server_journal_done(&journal);
    nr_http_reply_done(&reply);
}

Test(http, posts_a_body_at_once_with_the_callers_headers)
{
    static const struct http_server_step steps[] = {{HTTP_STAGE_OK, HTTP_SERVER_KEEP}};
    static const char *const headers[] = {"Content-Type: application/json", "X-Own: 1", NULL};
    static char body[4096]; /* above a kilobyte curl would ask for permission first */
    struct http_server *server = http_stage_serve(steps, 1);
    struct nr_http_reply reply = {0};
    struct nr_err err = {0};
    struct http_server_journal journal;
    const char *end;

    memset(body, 'x', sizeof(body));
    cr_assert_eq(nr_http_send(&(struct nr_http_request){.url = http_server_url(server),
                                                        .headers = headers,
                                                        .body = nr_view_n(body, sizeof(body))},
                              &reply, &err),
                 0, "%s", err.message);
    http_server_stop(server, &journal);

    cr_expect_eq(strncmp(journal.requests[0], "POST / HTTP/1.1\r\n", 17), 0);
    cr_expect_not_null(strstr(journal.requests[0], "\r\nContent-Type: application/json\r\n"));
    cr_expect_not_null(strstr(journal.requests[0], "\r\nX-Own: 1\r\n"));
    cr_expect_null(strcasestr(journal.requests[0], "\r\nExpect:"));
    end = strstr(journal.requests[0], "\r\n\r\n");
    cr_expect_eq(strlen(end + 4), sizeof(body));
    http_server_journal_done(&journal);
    nr_http_reply_done(&reply);
}

Test(http, uses_the_method_that_is_asked_for)
{
    static const struct http_server_step steps[] = {
        {HTTP_STAGE_OK, HTTP_SERVER_KEEP},
        {HTTP_STAGE_OK, HTTP_SERVER_KEEP},
        {"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", HTTP_SERVER_KEEP},
        {HTTP_STAGE_OK, HTTP_SERVER_KEEP},
    };
    static const struct {
        const char *method;
        struct nr_view body;
        const char *line;
    } cases[] = {
        {"POST", {NULL, 0}, "POST / HTTP/1.1\r\n"},
        {"PUT", {"x", 1}, "PUT / HTTP/1.1\r\n"},
        {"HEAD", {NULL, 0}, "HEAD / HTTP/1.1\r\n"},
        {"DELETE", {NULL, 0}, "DELETE / HTTP/1.1\r\n"},
    };
    struct http_server *server = http_stage_serve(steps, 4);
    struct nr_http_reply reply = {0};
    struct http_server_journal journal;

    for (int i = 0; i < 4; i++) {
        struct nr_err err = {0};

        cr_assert_eq(nr_http_send(&(struct nr_http_request){.url = http_server_url(server),
                                                            .method = cases[i].method,
                                                            .body = cases[i].body},
                                  &reply, &err),
                     0, "%s: %s", cases[i].method, err.message);
    }
    http_server_stop(server, &journal);

    for (int i = 0; i < 4; i++)
        cr_expect_eq(strncmp(journal.requests[i], cases[i].line, strlen(cases[i].line)), 0, "%s",
                     journal.requests[i]);
    cr_expect_not_null(strstr(journal.requests[0], "\r\nContent-Length: 0\r\n"));
    http_server_journal_done(&journal);
    nr_http_reply_done(&reply);
}

Test(http, follows_no_redirect)
{
    static const struct http_server_step steps[] = {
        {"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
         HTTP_SERVER_KEEP}};
    struct http_server *server = http_stage_serve(steps, 1);
    struct nr_http_reply reply = {0};
    struct nr_err err = {0};
    struct http_server_journal journal;

    cr_assert_eq(http_stage_get(http_server_url(server), &reply, &err), 0, "%s", err.message);

    cr_expect_eq(reply.status, 302);
    http_server_stop(server, &journal);
    http_server_journal_done(&journal);
    nr_http_reply_done(&reply);
}

Test(http, cuts_headers_that_are_too_long)
{
    char reply_text[512];
    struct http_server_step step = {reply_text, HTTP_SERVER_CLOSE};
    struct http_server *server;
    struct nr_http_reply reply = {0};
    struct nr_err err = {0};
    struct http_server_journal journal;

    snprintf(reply_text, sizeof(reply_text),
             "HTTP/1.1 200 OK\r\nContent-Type: %0300d\r\nContent-Length: 0\r\n\r\n", 0);
    server = http_stage_serve(&step, 1);
    cr_assert_eq(http_stage_get(http_server_url(server), &reply, &err), 0, "%s", err.message);

    cr_expect_eq(strlen(reply.content_type), sizeof(reply.content_type) - 1);
    http_server_stop(server, &journal);
    http_server_journal_done(&journal);
    nr_http_reply_done(&reply);
}
