#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include <narae/clock.h>
#include <narae/http.h>

#include "layer/io/http_url.h"
#include "tests/support/http_stage.h"

TestSuite(http_errors, .timeout = 30);

Test(http_errors, names_the_host_that_refuses)
{
    static const struct http_server_step steps[] = {{HTTP_STAGE_OK, HTTP_SERVER_KEEP}};
    struct http_server *server = http_stage_serve(steps, 1);
    struct nr_http_reply reply = {0};
    struct nr_err err = {0};
    struct http_server_journal journal;
    char url[128], host[64];

    snprintf(url, sizeof(url), "%s/?key=s3cret", http_server_url(server));
    snprintf(host, sizeof(host), "%s: ", http_stage_host(server));
    http_server_stop(server, &journal); /* a port that was free a moment ago */
    cr_expect_eq(http_stage_get(url, &reply, &err), -1);

    http_stage_expect_err(&err, NR_ERR_UNAVAILABLE, "Function.Unreachable", host,
                          "Failed to connect to 127.0.0.1 port");
    cr_expect_null(strstr(err.message, "s3cret"));
    http_server_journal_done(&journal);
    nr_http_reply_done(&reply);
}

Test(http_errors, names_the_host_that_does_not_exist)
{
    struct nr_http_reply reply = {0};
    struct nr_err err = {0};

    cr_expect_eq(http_stage_get("http://nowhere.invalid/", &reply, &err), -1);

    http_stage_expect_err(&err, NR_ERR_UNAVAILABLE, "Function.Unreachable",
                          "nowhere.invalid: ", "Could not resolve host: nowhere.invalid");
    nr_http_reply_done(&reply);
}

Test(http_errors, tells_a_cut_reply_from_a_whole_one)
{
    static const struct http_server_step steps[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", HTTP_SERVER_CLOSE}, {NULL, HTTP_SERVER_CLOSE}};
    static const char *const words[] = {"end of response with 6 bytes missing", "Empty reply from server"};
    struct http_server *server = http_stage_serve(steps, 2);
    struct nr_http_reply reply = {0};
    struct http_server_journal journal;

    for (int i = 0; i < 2; i++) {
        struct nr_err err = {0};

        cr_expect_eq(http_stage_get(http_server_url(server), &reply, &err), -1);
        http_stage_expect_err(&err, NR_ERR_UNAVAILABLE, "Function.Unreachable", http_stage_host(server),
                              words[i]);
    }
    http_server_stop(server, &journal);
    http_server_journal_done(&journal);
    nr_http_reply_done(&reply);
}

Test(http_errors, refuses_what_is_no_http)
{
    static const struct http_server_step steps[] = {{"SSH-2.0-OpenSSH_9.2\r\n", HTTP_SERVER_CLOSE}};
    struct http_server *server = http_stage_serve(steps, 1);
    struct nr_http_reply reply = {0};
    struct nr_err err = {0};
    struct http_server_journal journal;

    cr_expect_eq(http_stage_get(http_server_url(server), &reply, &err), -1);

    http_stage_expect_err(&err, NR_ERR_UNAVAILABLE, "Function.Unreachable", http_stage_host(server),
                          "HTTP/0.9");
    http_server_stop(server, &journal);
    http_server_journal_done(&journal);
    nr_http_reply_done(&reply);
}

Test(http_errors, gives_up_on_a_server_that_stalls)
{
    static const struct http_server_step steps[] = {
        {NULL, HTTP_SERVER_STALL}, {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", HTTP_SERVER_STALL}};
    struct http_server *server = http_stage_serve(steps, 2);
    struct nr_http_reply reply = {0};
    struct http_server_journal journal;

    for (int i = 0; i < 2; i++) {
        struct nr_err err = {0};

        cr_expect_eq(nr_http_send(&(struct nr_http_request){.url = http_server_url(server), .timeout_ms = 50},
                                  &reply, &err),
                     -1);
        http_stage_expect_err(&err, NR_ERR_DEADLINE, "Function.Timeout", http_stage_host(server),
                              "timed out after ");
    }
    http_server_stop(server, &journal);
    http_server_journal_done(&journal);
    nr_http_reply_done(&reply);
}

Test(http_errors, is_bound_by_the_callers_deadline)
{
    static const struct http_server_step steps[] = {{NULL, HTTP_SERVER_STALL}};
    struct http_server *server = http_stage_serve(steps, 1);
    struct nr_http_reply reply = {0};
    struct nr_err err = {0};
    struct nr_err late = {0};
    struct http_server_journal journal;
    char want[128];

    cr_expect_eq(nr_http_send(&(struct nr_http_request){.url = http_server_url(server),
                                                        .deadline_mono_ms = nr_clock_mono_ms() + 50},
                              &reply, &err),
                 -1);
    http_stage_expect_err(&err, NR_ERR_DEADLINE, "Function.Timeout", http_stage_host(server),
                          "timed out after");
    cr_expect_eq(nr_http_send(&(struct nr_http_request){.url = http_server_url(server),
                                                        .deadline_mono_ms = nr_clock_mono_ms() - 1},
                              &reply, &late),
                 -1);

    snprintf(want, sizeof(want), "%s: no time left for a request", http_stage_host(server));
    cr_expect_str_eq(late.message, want);
    cr_expect_eq(late.kind, NR_ERR_DEADLINE);
    http_server_stop(server, &journal);
    cr_expect_eq(journal.n_requests, 1);
    http_server_journal_done(&journal);
    nr_http_reply_done(&reply);
}

Test(http_errors, refuses_a_reply_over_the_cap)
{
    static const struct http_server_step steps[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world", HTTP_SERVER_CLOSE},
        {"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world", HTTP_SERVER_CLOSE}};
    struct http_server *server = http_stage_serve(steps, 2);
    struct nr_http_request request = {.url = http_server_url(server), .reply_max_bytes = 10};
    struct nr_http_reply reply = {0};
    struct nr_err err = {0};
    struct http_server_journal journal;
    char want[128];

    cr_expect_eq(nr_http_send(&request, &reply, &err), -1);

    snprintf(want, sizeof(want), "%s: the reply is longer than 10 bytes", http_stage_host(server));
    cr_expect_str_eq(err.message, want);
    cr_expect_eq(err.kind, NR_ERR_UNAVAILABLE);
    cr_expect_str_eq(err.type, "Function.TooLarge");
    request.reply_max_bytes = 11;
    nr_err_reset(&err);
    cr_expect_eq(nr_http_send(&request, &reply, &err), 0, "%s", err.message);
    http_server_stop(server, &journal);
    http_server_journal_done(&journal);
    nr_http_reply_done(&reply);
}

Test(http_errors, refuses_an_address_that_is_none)
{
    static const char *const urls[] = {NULL,          "",        "localhost",     "file:///etc/passwd",
                                       "ftp://host/", "http://", "https:///path", "http://user:s3cret@/"};

    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        struct nr_http_reply reply = {0};
        struct nr_err err = {0};

        cr_expect_eq(http_stage_get(urls[i], &reply, &err), -1);
        cr_expect_eq(err.kind, NR_ERR_INVALID, "%s", urls[i]);
        cr_expect_str_eq(err.type, "Function.InvalidUrl");
        cr_expect_null(strstr(err.message, "s3cret"));
    }
}

Test(http_errors, shows_the_host_without_user_and_password)
{
    static const struct {
        const char *url;
        const char *host;
    } cases[] = {
        {"http://host", "host"},
        {"https://host:8443/path?at=user@x", "host:8443"},
        {"http://user:p@ss@host/", "host"},
        {"http://[::1]:80/", "[::1]:80"},
        {"https://host?q", "host"},
        {"https://host#f", "host"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char host[HTTP_HOST_BYTES];
        struct nr_err err = {0};

        cr_expect_eq(http_url_host(cases[i].url, host, &err), 0, "%s", cases[i].url);
        cr_expect_str_eq(host, cases[i].host);
    }
}
