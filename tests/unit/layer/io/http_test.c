#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <narae/clock.h>
#include <narae/crypto.h>
#include <narae/http.h>

#include "layer/io/http_url.h"
#include "tests/support/http_server.h"
#include "tests/support/test_pki.h"

#define OK_REPLY "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

TestSuite(http, .timeout = 30);

static struct http_server *serve(const struct http_server_step *steps, int n)
{
    return http_server_start(&(struct http_server_options){.steps = steps, .n_steps = n});
}

/* host:port, as messages have it. */
static const char *host_of(const struct http_server *server)
{
    return strstr(http_server_url(server), "://") + 3;
}

static int get(const char *url, struct nr_http_reply *reply, struct nr_err *err)
{
    return nr_http_send(&(struct nr_http_request){.url = url}, reply, err);
}

static void expect_err(const struct nr_err *err, enum nr_err_kind kind, const char *type, const char *host,
                       const char *words)
{
    cr_expect_eq(err->kind, kind, "kind is %s: %s", nr_err_kind_name(err->kind), err->message);
    cr_expect_str_eq(err->type, type);
    cr_expect_eq(strncmp(err->message, host, strlen(host)), 0, "%s", err->message);
    cr_expect_not_null(strstr(err->message, words), "%s", err->message);
}

/* --- requests and replies */

Test(http, gets_a_reply_with_its_headers)
{
    static const struct http_server_step steps[] = {
        {"HTTP/1.1 503 Busy\r\ncontent-TYPE:  application/json \r\nRetry-After: 7\r\n"
         "Date: Tue, 24 Nov 2026 15:00:00 GMT\r\nContent-Length: 5\r\n\r\nhello",
         HTTP_SERVER_KEEP}};
    struct http_server *server = serve(steps, 1);
    struct nr_http_reply reply = {0};
    struct nr_err err = {0};
    struct http_server_journal journal;
    char want[256];
    char url[128];

    snprintf(url, sizeof(url), "%s/path?q=1", http_server_url(server));
    snprintf(want, sizeof(want), "GET /path?q=1 HTTP/1.1\r\nHost: %s\r\nUser-Agent: narae/", host_of(server));
    cr_assert_eq(get(url, &reply, &err), 0, "%s", err.message);

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
    static const struct http_server_step steps[] = {{OK_REPLY, HTTP_SERVER_KEEP}};
    static const char *const headers[] = {"Content-Type: application/json", "X-Own: 1", NULL};
    static char body[4096]; /* above a kilobyte curl would ask for permission first */
    struct http_server *server = serve(steps, 1);
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
        {OK_REPLY, HTTP_SERVER_KEEP},
        {OK_REPLY, HTTP_SERVER_KEEP},
        {"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", HTTP_SERVER_KEEP},
        {OK_REPLY, HTTP_SERVER_KEEP},
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
    struct http_server *server = serve(steps, 4);
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
    struct http_server *server = serve(steps, 1);
    struct nr_http_reply reply = {0};
    struct nr_err err = {0};
    struct http_server_journal journal;

    cr_assert_eq(get(http_server_url(server), &reply, &err), 0, "%s", err.message);

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
    server = serve(&step, 1);
    cr_assert_eq(get(http_server_url(server), &reply, &err), 0, "%s", err.message);

    cr_expect_eq(strlen(reply.content_type), sizeof(reply.content_type) - 1);
    http_server_stop(server, &journal);
    http_server_journal_done(&journal);
    nr_http_reply_done(&reply);
}

/* --- connections */

Test(http, keeps_its_connection)
{
    static const struct http_server_step steps[] = {{OK_REPLY, HTTP_SERVER_KEEP},
                                                    {OK_REPLY, HTTP_SERVER_KEEP}};
    struct http_server *server = serve(steps, 2);
    struct nr_http_reply reply = {0};
    struct nr_err err = {0};
    struct http_server_journal journal;

    cr_assert_eq(get(http_server_url(server), &reply, &err), 0, "%s", err.message);
    cr_assert_eq(get(http_server_url(server), &reply, &err), 0, "%s", err.message);
    http_server_stop(server, &journal);

    cr_expect_eq(journal.n_connections, 1);
    http_server_journal_done(&journal);
    nr_http_reply_done(&reply);
}

Test(http, replaces_a_kept_connection_that_the_server_closed)
{
    static const struct http_server_step steps[] = {{OK_REPLY, HTTP_SERVER_CLOSE},
                                                    {OK_REPLY, HTTP_SERVER_KEEP}};
    struct http_server *server = serve(steps, 2);
    struct nr_http_reply reply = {0};
    struct nr_err err = {0};
    struct http_server_journal journal;

    cr_assert_eq(get(http_server_url(server), &reply, &err), 0, "%s", err.message);
    cr_assert_eq(get(http_server_url(server), &reply, &err), 0, "%s", err.message);
    http_server_stop(server, &journal);

    cr_expect_eq(journal.n_connections, 2);
    http_server_journal_done(&journal);
    nr_http_reply_done(&reply);
}

Test(http, sends_again_when_a_kept_connection_dies_under_the_request)
{
    static const struct http_server_step steps[] = {
        {OK_REPLY, HTTP_SERVER_KEEP}, {NULL, HTTP_SERVER_RESET}, {OK_REPLY, HTTP_SERVER_KEEP}};
    struct http_server *server = serve(steps, 3);
    struct nr_http_reply reply = {0};
    struct nr_err err = {0};
    struct http_server_journal journal;

    cr_assert_eq(get(http_server_url(server), &reply, &err), 0, "%s", err.message);
    cr_assert_eq(get(http_server_url(server), &reply, &err), 0, "%s", err.message);
    http_server_stop(server, &journal);

    cr_expect_eq(reply.status, 200);
    cr_expect_eq(journal.n_requests, 3);
    http_server_journal_done(&journal);
    nr_http_reply_done(&reply);
}

/* --- what goes wrong */

Test(http, names_the_host_that_refuses)
{
    static const struct http_server_step steps[] = {{OK_REPLY, HTTP_SERVER_KEEP}};
    struct http_server *server = serve(steps, 1);
    struct nr_http_reply reply = {0};
    struct nr_err err = {0};
    struct http_server_journal journal;
    char url[128], host[64];

    snprintf(url, sizeof(url), "%s/?key=s3cret", http_server_url(server));
    snprintf(host, sizeof(host), "%s: ", host_of(server));
    http_server_stop(server, &journal); /* a port that was free a moment ago */
    cr_expect_eq(get(url, &reply, &err), -1);

    expect_err(&err, NR_ERR_UNAVAILABLE, "Function.Unreachable", host, "Failed to connect to 127.0.0.1 port");
    cr_expect_null(strstr(err.message, "s3cret"));
    http_server_journal_done(&journal);
    nr_http_reply_done(&reply);
}

Test(http, names_the_host_that_does_not_exist)
{
    struct nr_http_reply reply = {0};
    struct nr_err err = {0};

    cr_expect_eq(get("http://nowhere.invalid/", &reply, &err), -1);

    expect_err(&err, NR_ERR_UNAVAILABLE, "Function.Unreachable",
               "nowhere.invalid: ", "Could not resolve host: nowhere.invalid");
    nr_http_reply_done(&reply);
}

Test(http, tells_a_cut_reply_from_a_whole_one)
{
    static const struct http_server_step steps[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", HTTP_SERVER_CLOSE}, {NULL, HTTP_SERVER_CLOSE}};
    static const char *const words[] = {"end of response with 6 bytes missing", "Empty reply from server"};
    struct http_server *server = serve(steps, 2);
    struct nr_http_reply reply = {0};
    struct http_server_journal journal;

    for (int i = 0; i < 2; i++) {
        struct nr_err err = {0};

        cr_expect_eq(get(http_server_url(server), &reply, &err), -1);
        expect_err(&err, NR_ERR_UNAVAILABLE, "Function.Unreachable", host_of(server), words[i]);
    }
    http_server_stop(server, &journal);
    http_server_journal_done(&journal);
    nr_http_reply_done(&reply);
}

Test(http, refuses_what_is_no_http)
{
    static const struct http_server_step steps[] = {{"SSH-2.0-OpenSSH_9.2\r\n", HTTP_SERVER_CLOSE}};
    struct http_server *server = serve(steps, 1);
    struct nr_http_reply reply = {0};
    struct nr_err err = {0};
    struct http_server_journal journal;

    cr_expect_eq(get(http_server_url(server), &reply, &err), -1);

    expect_err(&err, NR_ERR_UNAVAILABLE, "Function.Unreachable", host_of(server), "HTTP/0.9");
    http_server_stop(server, &journal);
    http_server_journal_done(&journal);
    nr_http_reply_done(&reply);
}

Test(http, gives_up_on_a_server_that_stalls)
{
    static const struct http_server_step steps[] = {
        {NULL, HTTP_SERVER_STALL}, {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", HTTP_SERVER_STALL}};
    struct http_server *server = serve(steps, 2);
    struct nr_http_reply reply = {0};
    struct http_server_journal journal;

    for (int i = 0; i < 2; i++) {
        struct nr_err err = {0};

        cr_expect_eq(nr_http_send(&(struct nr_http_request){.url = http_server_url(server), .timeout_ms = 50},
                                  &reply, &err),
                     -1);
        expect_err(&err, NR_ERR_DEADLINE, "Function.Timeout", host_of(server), "timed out after 5");
    }
    http_server_stop(server, &journal);
    http_server_journal_done(&journal);
    nr_http_reply_done(&reply);
}

Test(http, is_bound_by_the_callers_deadline)
{
    static const struct http_server_step steps[] = {{NULL, HTTP_SERVER_STALL}};
    struct http_server *server = serve(steps, 1);
    struct nr_http_reply reply = {0};
    struct nr_err err = {0};
    struct nr_err late = {0};
    struct http_server_journal journal;
    char want[128];

    cr_expect_eq(nr_http_send(&(struct nr_http_request){.url = http_server_url(server),
                                                        .deadline_mono_ms = nr_clock_mono_ms() + 50},
                              &reply, &err),
                 -1);
    expect_err(&err, NR_ERR_DEADLINE, "Function.Timeout", host_of(server), "timed out after");
    cr_expect_eq(nr_http_send(&(struct nr_http_request){.url = http_server_url(server),
                                                        .deadline_mono_ms = nr_clock_mono_ms() - 1},
                              &reply, &late),
                 -1);

    snprintf(want, sizeof(want), "%s: no time left for a request", host_of(server));
    cr_expect_str_eq(late.message, want);
    cr_expect_eq(late.kind, NR_ERR_DEADLINE);
    http_server_stop(server, &journal);
    cr_expect_eq(journal.n_requests, 1);
    http_server_journal_done(&journal);
    nr_http_reply_done(&reply);
}

Test(http, refuses_a_reply_over_the_cap)
{
    static const struct http_server_step steps[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world", HTTP_SERVER_CLOSE},
        {"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world", HTTP_SERVER_CLOSE}};
    struct http_server *server = serve(steps, 2);
    struct nr_http_request request = {.url = http_server_url(server), .reply_max_bytes = 10};
    struct nr_http_reply reply = {0};
    struct nr_err err = {0};
    struct http_server_journal journal;
    char want[128];

    cr_expect_eq(nr_http_send(&request, &reply, &err), -1);

    snprintf(want, sizeof(want), "%s: the reply is longer than 10 bytes", host_of(server));
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

Test(http, refuses_an_address_that_is_none)
{
    static const char *const urls[] = {NULL,          "",        "localhost",     "file:///etc/passwd",
                                       "ftp://host/", "http://", "https:///path", "http://user:s3cret@/"};

    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        struct nr_http_reply reply = {0};
        struct nr_err err = {0};

        cr_expect_eq(get(urls[i], &reply, &err), -1);
        cr_expect_eq(err.kind, NR_ERR_INVALID, "%s", urls[i]);
        cr_expect_str_eq(err.type, "Function.InvalidUrl");
        cr_expect_null(strstr(err.message, "s3cret"));
    }
}

Test(http, shows_the_host_without_user_and_password)
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

/* --- TLS */

static int get_over_tls(const char *cert, struct nr_err *err)
{
    static const struct http_server_step steps[] = {{OK_REPLY, HTTP_SERVER_KEEP}};
    struct test_pki pki;
    struct http_server *server;
    struct http_server_journal journal;
    struct nr_http_reply reply = {0};
    int result;

    test_pki_init(&pki);
    server = http_server_start(
        &(struct http_server_options){.steps = steps, .n_steps = 1, .pki_dir = pki.dir, .cert = cert});
    result = get(http_server_url(server), &reply, err);
    http_server_stop(server, &journal);
    http_server_journal_done(&journal);
    nr_http_reply_done(&reply);
    test_pki_done(&pki);
    return result;
}

Test(http, speaks_tls_with_a_server_it_can_verify)
{
    struct nr_err err = {0};

    cr_expect_eq(get_over_tls("server", &err), 0, "%s", err.message);
}

Test(http, refuses_an_untrusted_authority)
{
    struct nr_err err = {0};

    cr_expect_eq(get_over_tls("other", &err), -1);
    expect_err(&err, NR_ERR_DENIED, "Function.CertificateRefused", "localhost:", "SSL certificate problem: ");
}

Test(http, refuses_an_expired_certificate)
{
    struct nr_err err = {0};

    cr_expect_eq(get_over_tls("expired", &err), -1);
    expect_err(&err, NR_ERR_DENIED, "Function.CertificateRefused", "localhost:", "certificate has expired");
}

Test(http, refuses_a_certificate_of_another_host)
{
    struct nr_err err = {0};

    cr_expect_eq(get_over_tls("wronghost", &err), -1);
    expect_err(&err, NR_ERR_DENIED, "Function.CertificateRefused", "localhost:", "localhost");
}

Test(http, says_in_words_that_the_other_side_speaks_no_tls)
{
    static const struct http_server_step steps[] = {{"220 mail.example ESMTP\r\n", HTTP_SERVER_STALL}};
    struct http_server *server =
        http_server_start(&(struct http_server_options){.steps = steps, .n_steps = 1, .is_blunt = true});
    struct test_pki pki;
    struct nr_http_reply reply = {0};
    struct nr_err err = {0};
    struct http_server_journal journal;
    char url[128];

    test_pki_init(&pki);
    snprintf(url, sizeof(url), "https://%s/", host_of(server));
    cr_expect_eq(get(url, &reply, &err), -1);

    expect_err(&err, NR_ERR_UNAVAILABLE, "Function.Unreachable", host_of(server), "wrong version number");
    http_server_stop(server, &journal);
    http_server_journal_done(&journal);
    nr_http_reply_done(&reply);
    test_pki_done(&pki);
}

/* --- Signature Version 4, computed a second time from what arrived ("Signing AWS API requests", steps 1 to
 * 4) */

static void hmac(const void *key, size_t key_bytes, const char *text, unsigned char out[32])
{
    unsigned n = 32;

    cr_assert_not_null(
        HMAC(EVP_sha256(), key, (int)key_bytes, (const unsigned char *)text, strlen(text), out, &n));
}

static void hex_of(const unsigned char *bytes, char out[65])
{
    for (int i = 0; i < 32; i++)
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

static void hex_sha256(const char *text, char out[65])
{
    unsigned char digest[32];
    struct nr_err err = {0};

    cr_assert_eq(nr_crypto_sha256(nr_view(text), digest, &err), 0);
    hex_of(digest, out);
}

/* The value of a header of a request, cut at the line's end. */
static void header_of(const char *request, const char *name, char *out, size_t cap)
{
    char before[64];
    const char *at;

    snprintf(before, sizeof(before), "\r\n%s:", name);
    at = strcasestr(request, before);
    cr_assert_not_null(at, "no %s in %s", name, request);
    at += strlen(before);
    at += strspn(at, " ");
    snprintf(out, cap, "%.*s", (int)strcspn(at, "\r"), at);
}

/* SignedHeaders are sorted already: one "name:value" line for each. */
static void canonical_headers(const char *request, const char *names, char *out, size_t cap)
{
    size_t len = 0;

    while (*names) {
        char name[64], value[512];
        size_t n = strcspn(names, ";");

        snprintf(name, sizeof(name), "%.*s", (int)n, names);
        header_of(request, name, value, sizeof(value));
        len += (size_t)snprintf(out + len, cap - len, "%s:%s\n", name, value);
        names += n + (names[n] == ';');
    }
}

static void signature_of(const char *request, const char *names, const char *secret, char out[65])
{
    char headers[2048], canonical[4096], digest[65], date[32], day[9], key0[128], to_sign[256];
    unsigned char key[32];

    canonical_headers(request, names, headers, sizeof(headers));
    hex_sha256(strstr(request, "\r\n\r\n") + 4, digest);
    snprintf(canonical, sizeof(canonical), "POST\n/\n\n%s\n%s\n%s", headers, names, digest);
    header_of(request, "X-Amz-Date", date, sizeof(date));
    snprintf(day, sizeof(day), "%.8s", date);
    hex_sha256(canonical, digest);
    snprintf(to_sign, sizeof(to_sign), "AWS4-HMAC-SHA256\n%s\n%s/eu-west-1/sqs/aws4_request\n%s", date, day,
             digest);
    snprintf(key0, sizeof(key0), "AWS4%s", secret);
    hmac(key0, strlen(key0), day, key);
    hmac(key, 32, "eu-west-1", key);
    hmac(key, 32, "sqs", key);
    hmac(key, 32, "aws4_request", key);
    hmac(key, 32, to_sign, key);
    hex_of(key, out);
}

Test(http, signs_for_aws_every_header_that_was_given)
{
    static const struct http_server_step steps[] = {{OK_REPLY, HTTP_SERVER_KEEP}};
    static const char *const headers[] = {"Content-Type: application/x-amz-json-1.0",
                                          "X-Amz-Target: AmazonSQS.SendMessage",
                                          "X-Amz-Security-Token: to/ken==", NULL};
    struct http_server *server = serve(steps, 1);
    struct nr_http_reply reply = {0};
    struct nr_err err = {0};
    struct http_server_journal journal;
    char authorization[1024], want[65], names[256];
    const char *at;

    cr_assert_eq(nr_http_send(&(struct nr_http_request){.url = http_server_url(server),
                                                        .headers = headers,
                                                        .body = NR_VIEW("{\"a\":1}"),
                                                        .sigv4 = "aws:amz:eu-west-1:sqs",
                                                        .access_key_id = "AKID",
                                                        .secret_access_key = "s3cret"},
                              &reply, &err),
                 0, "%s", err.message);
    http_server_stop(server, &journal);

    header_of(journal.requests[0], "Authorization", authorization, sizeof(authorization));
    cr_expect_eq(strncmp(authorization, "AWS4-HMAC-SHA256 Credential=AKID/", 33), 0, "%s", authorization);
    at = strstr(authorization, "SignedHeaders=");
    cr_assert_not_null(at);
    at += strlen("SignedHeaders=");
    snprintf(names, sizeof(names), "%.*s", (int)strcspn(at, ","), at);
    cr_expect_str_eq(names, "content-type;host;x-amz-date;x-amz-security-token;x-amz-target");
    signature_of(journal.requests[0], names, "s3cret", want);
    at = strstr(authorization, "Signature=");
    cr_assert_not_null(at);
    cr_expect_str_eq(at + strlen("Signature="), want);
    http_server_journal_done(&journal);
    nr_http_reply_done(&reply);
}

Test(http, forgets_signature_and_headers_of_the_request_before)
{
    static const struct http_server_step steps[] = {{OK_REPLY, HTTP_SERVER_KEEP},
                                                    {OK_REPLY, HTTP_SERVER_KEEP}};
    static const char *const headers[] = {"X-Own: 1", NULL};
    struct http_server *server = serve(steps, 2);
    struct nr_http_reply reply = {0};
    struct nr_err err = {0};
    struct http_server_journal journal;

    cr_assert_eq(nr_http_send(&(struct nr_http_request){.url = http_server_url(server),
                                                        .headers = headers,
                                                        .body = NR_VIEW("x"),
                                                        .sigv4 = "aws:amz:eu-west-1:sqs",
                                                        .access_key_id = "AKID",
                                                        .secret_access_key = "s3cret"},
                              &reply, &err),
                 0, "%s", err.message);
    cr_assert_eq(get(http_server_url(server), &reply, &err), 0, "%s", err.message);
    http_server_stop(server, &journal);

    cr_expect_eq(strncmp(journal.requests[1], "GET / HTTP/1.1\r\n", 16), 0);
    cr_expect_null(strcasestr(journal.requests[1], "authorization"));
    cr_expect_null(strcasestr(journal.requests[1], "x-own"));
    http_server_journal_done(&journal);
    nr_http_reply_done(&reply);
}
