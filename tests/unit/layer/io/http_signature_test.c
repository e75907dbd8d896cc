/* Signature Version 4, computed a second time from what arrived ("Signing AWS API requests", steps 1 to
 * 4). */
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <narae/crypto.h>
#include <narae/http.h>

#include "tests/support/http_stage.h"

TestSuite(http_signature, .timeout = 30);

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

Test(http_signature, signs_for_aws_every_header_that_was_given)
{
    static const struct http_server_step steps[] = {{HTTP_STAGE_OK, HTTP_SERVER_KEEP}};
    static const char *const headers[] = {"Content-Type: application/x-amz-json-1.0",
                                          "X-Amz-Target: AmazonSQS.SendMessage",
                                          "X-Amz-Security-Token: to/ken==", NULL};
    struct http_server *server = http_stage_serve(steps, 1);
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

Test(http_signature, forgets_signature_and_headers_of_the_request_before)
{
    static const struct http_server_step steps[] = {{HTTP_STAGE_OK, HTTP_SERVER_KEEP},
                                                    {HTTP_STAGE_OK, HTTP_SERVER_KEEP}};
    static const char *const headers[] = {"X-Own: 1", NULL};
    struct http_server *server = http_stage_serve(steps, 2);
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
    cr_assert_eq(http_stage_get(http_server_url(server), &reply, &err), 0, "%s", err.message);
    http_server_stop(server, &journal);

    cr_expect_eq(strncmp(journal.requests[1], "GET / HTTP/1.1\r\n", 16), 0);
    cr_expect_null(strcasestr(journal.requests[1], "authorization"));
    cr_expect_null(strcasestr(journal.requests[1], "x-own"));
    http_server_journal_done(&journal);
    nr_http_reply_done(&reply);
}
