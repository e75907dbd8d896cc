#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <narae/clock.h>
#include <narae/json.h>

#include "functions/push/google_token.h"
#include "tests/support/canned_http.h"

#define SETTING "NARAE_FCM_SERVICE_ACCOUNT"

static EVP_PKEY *pkey;
static char *pem; /* its PEM */
static struct google_account account;
static struct google_token token;
static struct nr_err err;
static struct canned_http *server;

/* --- a clock that stands still -------------------------------------------------------------------------- */

static int64_t wall_ms;

static int64_t wall(void *self)
{
    (void)self;
    return wall_ms;
}

static int64_t mono(void *self)
{
    (void)self;
    return 1000;
}

static const struct nr_clock still = {wall, mono, NULL};

/* --- an account ----------------------------------------------------------------------------------------- */

static void make_key(void)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *bytes;
    long len;

    pkey = EVP_RSA_gen(2048);
    cr_assert(pkey && PEM_write_bio_PKCS8PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL));
    len = BIO_get_mem_data(bio, &bytes);
    pem = strndup(bytes, (size_t)len);
    BIO_free(bio);
}

static json_t *account_doc(const char *token_uri)
{
    return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s}", "type", "service_account", "project_id", "narae-test",
                     "private_key_id", "key\"1", "private_key", pem, "client_email",
                     "push@narae-test.example", "token_uri", token_uri, "universe_domain", "googleapis.com");
}

static int parse_doc(const json_t *doc, struct google_account *out)
{
    char *text = json_dumps(doc, JSON_COMPACT);
    int result = google_account_parse(SETTING, nr_view(text), out, &err);

    free(text);
    return result;
}

static void use_account(const char *token_uri)
{
    NR_JSON_AUTO *doc = account_doc(token_uri);

    google_account_done(&account);
    cr_assert_eq(parse_doc(doc, &account), 0, "%s", err.message);
}

static void use_server(const char *const *answers, size_t n)
{
    char uri[64];

    server = canned_http_start(answers, n);
    snprintf(uri, sizeof(uri), "http://127.0.0.1:%d/token", canned_http_port(server));
    use_account(uri);
}

static void set_up(void)
{
    wall_ms = 1796115600000;
    nr_clock_replace(&still);
    make_key();
}

static void tear_down(void)
{
    nr_clock_replace(NULL);
    google_account_done(&account);
    EVP_PKEY_free(pkey);
    free(pem);
}

TestSuite(google_token, .init = set_up, .fini = tear_down);

/* --- the account ---------------------------------------------------------------------------------------- */

Test(google_token, reads_a_service_account_file)
{
    use_account("https://oauth2.googleapis.com/token");

    cr_expect_str_eq(account.project_id, "narae-test");
    cr_expect_str_eq(account.client_email, "push@narae-test.example");
    cr_expect_str_eq(account.private_key_id, "key\"1");
    cr_expect_str_eq(account.token_uri, "https://oauth2.googleapis.com/token");
    cr_expect(nr_view_is(nr_buf_view(&account.private_key), nr_view(pem)));
}

Test(google_token, names_setting_and_member_of_a_wrong_file)
{
    static const struct {
        const char *member;
        const char *value; /* JSON; NULL = left out */
        const char *message;
    } cases[] = {
        {"project_id", NULL, SETTING ": project_id: missing; must be a string"},
        {"project_id", "7", SETTING ": project_id: must be a string, is a whole number"},
        {"project_id", "\"a/b\"", SETTING ": project_id: may only contain a-z, 0-9, '-', '.' and ':'"},
        {"client_email", "\"\"", SETTING ": client_email: must be 1 to 255 bytes long, is 0"},
        {"private_key_id", NULL, SETTING ": private_key_id: missing; must be a string"},
        {"token_uri", NULL, SETTING ": token_uri: missing; must be a string"},
        {"token_uri", "\"http://oauth2.googleapis.com/token\"",
         SETTING ": token_uri: must be an https:// address"},
        {"token_uri", "\"http://127.0.0.1:80@elsewhere.example/\"",
         SETTING ": token_uri: must be an https:// address"},
        {"private_key", NULL, SETTING ": private_key: missing; must be a string"},
        {"private_key", "\"secret stuff\"",
         SETTING ": private_key: must be an unencrypted private key in PEM"},
        {"private_key", "\"-----BEGIN PRIVATE KEY-----\\nsecret stuff\"",
         SETTING ": private_key: must be an unencrypted private key in PEM"},
        {"private_key", "\"-----BEGIN ENCRYPTED PRIVATE KEY-----\\nx\\n-----END ENCRYPTED PRIVATE KEY-----\"",
         SETTING ": private_key: must be an unencrypted private key in PEM"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        NR_JSON_AUTO *doc = account_doc("https://oauth2.googleapis.com/token");
        struct google_account got = {0};

        if (cases[i].value)
            json_object_set_new(doc, cases[i].member, json_loads(cases[i].value, JSON_DECODE_ANY, NULL));
        else
            json_object_del(doc, cases[i].member);
        nr_err_reset(&err);

        cr_expect_eq(parse_doc(doc, &got), -1, "took %s", cases[i].message);

        cr_expect_str_eq(err.message, cases[i].message);
        cr_expect_str_eq(err.type, "Function.InvalidSetting");
        cr_expect_str_eq(err.hint, "the JSON key file of a Google service account is expected");
        cr_expect_null(strstr(err.message, "secret stuff"));
    }
}

Test(google_token, never_quotes_a_file_that_is_no_json)
{
    struct google_account got = {0};

    cr_expect_eq(google_account_parse(SETTING, NR_VIEW("{\"private_key\":\"secret stuff\" x"), &got, &err),
                 -1);
    cr_expect_str_eq(err.message, SETTING ": not JSON");
    nr_err_reset(&err);
    cr_expect_eq(google_account_parse(SETTING, NR_VIEW("[]"), &got, &err), -1);
    cr_expect_str_eq(err.message, SETTING ": must be an object, is an array");
}

/* --- the assertion -------------------------------------------------------------------------------------- */

/* base64url -> bytes; returns their number. */
static size_t decode(struct nr_view text, unsigned char *out)
{
    char padded[4096];
    size_t n = (text.len + 3) / 4 * 4;

    cr_assert(n < sizeof(padded));
    memset(padded, '=', n);
    memcpy(padded, text.ptr, text.len);
    for (size_t i = 0; i < text.len; i++)
        padded[i] = (char)(padded[i] == '-' ? '+' : padded[i] == '_' ? '/' : padded[i]);
    cr_assert_geq(EVP_DecodeBlock(out, (const unsigned char *)padded, (int)n), 0);
    return text.len * 3 / 4;
}

static struct nr_view until(struct nr_view *text, char end)
{
    const char *at = memchr(text->ptr, end, text->len);
    size_t len = at ? (size_t)(at - text->ptr) : text->len;
    struct nr_view part = nr_view_n(text->ptr, len);

    *text = nr_view_n(text->ptr + len + (at != NULL), text->len - len - (at != NULL));
    return part;
}

static void expect_decoded(struct nr_view part, const char *wanted)
{
    unsigned char bytes[4096];
    size_t n = decode(part, bytes);

    cr_expect(nr_view_is(nr_view_n((char *)bytes, n), nr_view(wanted)), "got %.*s\nwanted %s", (int)n, bytes,
              wanted);
}

Test(google_token, signs_what_google_asks_for)
{
    NR_BUF_AUTO jwt = {.max_bytes = 8192};
    struct nr_view rest;
    struct nr_view header;
    struct nr_view claims;
    unsigned char signature[4096];
    size_t n_signed;

    use_account("https://oauth2.googleapis.com/token");

    cr_assert_eq(google_assertion(&account, 1796115600, &jwt, &err), 0, "%s", err.message);

    rest = nr_buf_view(&jwt);
    header = until(&rest, '.');
    claims = until(&rest, '.');
    expect_decoded(header, "{\"kid\":\"key\\\"1\",\"alg\":\"RS256\",\"typ\":\"JWT\"}");
    expect_decoded(claims,
                   "{\"iss\":\"push@narae-test.example\",\"scope\":\"https://www.googleapis.com/auth/"
                   "firebase.messaging\",\"aud\":\"https://oauth2.googleapis.com/token\",\"iat\":1796115570,"
                   "\"exp\":1796119170}");
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    n_signed = decode(rest, signature);
    cr_assert_eq(EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, pkey), 1);
    cr_expect_eq(EVP_DigestVerify(ctx, signature, n_signed, (const unsigned char *)header.ptr,
                                  header.len + 1 + claims.len),
                 1);
    EVP_MD_CTX_free(ctx);
}

Test(google_token, says_at_the_first_use_that_the_key_is_broken)
{
    NR_JSON_AUTO *doc = account_doc("https://oauth2.googleapis.com/token");

    json_object_set_new(doc, "private_key",
                        json_string("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"));
    cr_assert_eq(parse_doc(doc, &account), 0, "%s", err.message);

    cr_expect_eq(google_token_ensure(&account, &token, 0, NR_CLOCK_NEVER_MS, &err), -1);

    cr_expect_eq(err.kind, NR_ERR_INVALID);
    cr_expect_str_eq(err.type, "Function.InvalidKey");
    cr_expect_str_eq(err.message, SETTING ": private_key: the private key is no unencrypted PEM key");
}

/* --- the exchange --------------------------------------------------------------------------------------- */

#define OK_HEAD "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"
static const char *const two_tokens[] = {
    OK_HEAD "{\"access_token\":\"ya29.one\",\"token_type\":\"Bearer\",\"expires_in\":3599}",
    OK_HEAD "{\"access_token\":\"ya29.two\",\"token_type\":\"Bearer\",\"expires_in\":3599}",
};

static void expect_token(int64_t min_left_ms, const char *wanted)
{
    cr_assert_eq(google_token_ensure(&account, &token, min_left_ms, NR_CLOCK_NEVER_MS, &err), 0, "%s",
                 err.message);
    cr_expect_str_eq(token.value, wanted);
}

Test(google_token, exchanges_a_signed_form_for_a_token)
{
    struct canned_http_journal journal;
    NR_BUF_AUTO assertion = {.max_bytes = 8192};
    const char *body;

    use_server(two_tokens, 2);

    expect_token(0, "ya29.one");

    canned_http_stop(server, &journal);
    cr_expect_eq(strncmp(journal.last, "POST /token HTTP/1.1\r\n", 22), 0);
    cr_expect_not_null(strcasestr(journal.last, "\r\ncontent-type: application/x-www-form-urlencoded\r\n"));
    body = strstr(journal.last, "\r\n\r\n") + 4;
    cr_assert_eq(google_assertion(&account, wall_ms / 1000, &assertion, &err), 0);
    cr_expect_eq(
        strncmp(body, "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=", 75), 0);
    cr_expect_str_eq(body + 75, nr_buf_text(&assertion));
}

Test(google_token, keeps_a_token_until_five_minutes_before_its_end)
{
    struct canned_http_journal journal;

    use_server(two_tokens, 2);
    expect_token(0, "ya29.one");

    wall_ms += (3599 - 300) * 1000 - 1;
    expect_token(0, "ya29.one");
    wall_ms += 1;
    expect_token(0, "ya29.two");

    canned_http_stop(server, &journal);
    cr_expect_eq(journal.n_requests, 2);
}

Test(google_token, renews_a_token_that_would_end_within_the_invocation)
{
    use_server(two_tokens, 2);
    expect_token(0, "ya29.one");
    wall_ms += (3599 - 600) * 1000;

    expect_token(599 * 1000, "ya29.one");
    expect_token(NR_CLOCK_NEVER_MS, "ya29.one");
    expect_token(600 * 1000, "ya29.two");

    canned_http_stop(server, NULL);
}

Test(google_token, asks_again_after_forget)
{
    use_server(two_tokens, 2);
    expect_token(0, "ya29.one");

    google_token_forget(&token);
    expect_token(0, "ya29.two");

    canned_http_stop(server, NULL);
}

#define REFUSAL(error, text)                                                                                 \
    "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"                                                  \
    "{\"error\":\"" error "\",\"error_description\":\"" text "\"}"

static const struct {
    const char *answer;
    enum nr_err_kind kind;
    const char *message;
    const char *hint;
} failures[] = {
    {REFUSAL("invalid_grant", "Invalid JWT Signature."), NR_ERR_DENIED,
     "the token endpoint answered 400: invalid_grant: Invalid JWT Signature.",
     "the key was revoked or rotated: put the new key file into the secret"},
    {REFUSAL("invalid_grant", "Invalid grant: account not found"), NR_ERR_DENIED,
     "the token endpoint answered 400: invalid_grant: Invalid grant: account not found",
     "the service account was deleted: create one and put its key into the secret"},
    {REFUSAL("invalid_grant", "Invalid JWT: Token must be a short-lived token (60 minutes) and in a "
                              "reasonable timeframe."),
     NR_ERR_DENIED,
     "the token endpoint answered 400: invalid_grant: Invalid JWT: Token must be a short-lived token (60 "
     "minutes) and in a reasonable timeframe.",
     "the clock of this machine is wrong, and Google's answer had no usable Date to repair it by"},
    {REFUSAL("invalid_grant", "Invalid JWT: Failed audience check."), NR_ERR_DENIED,
     "the token endpoint answered 400: invalid_grant: Invalid JWT: Failed audience check.",
     "token_uri does not belong to this endpoint"},
    {REFUSAL("invalid_request", "iat/exp is not set"), NR_ERR_DENIED,
     "the token endpoint answered 400: invalid_request: iat/exp is not set",
     "something on the way changes the request"},
    {REFUSAL("invalid_scope", "x"), NR_ERR_DENIED, "the token endpoint answered 400: invalid_scope: x",
     "the FCM API is not enabled for this project"},
    {REFUSAL("unauthorized_client", "x"), NR_ERR_DENIED,
     "the token endpoint answered 400: unauthorized_client: x", "the service account may not use this scope"},
    {REFUSAL("invalid_client", "x"), NR_ERR_DENIED, "the token endpoint answered 400: invalid_client: x",
     "client_email or private_key_id does not belong to this key: take the whole key file"},
    {REFUSAL("disabled_client", "The OAuth client was disabled."), NR_ERR_DENIED,
     "the token endpoint answered 400: disabled_client: The OAuth client was disabled.",
     "the service account is disabled"},
    {REFUSAL("something_new", "words"), NR_ERR_DENIED,
     "the token endpoint answered 400: something_new: words", ""},
    {"HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n<html>", NR_ERR_DENIED,
     "the token endpoint answered 403: no error code: ", ""},
    {"HTTP/1.1 503 Unavailable\r\nConnection: close\r\n\r\n", NR_ERR_UNAVAILABLE,
     "the token endpoint answered 503", ""},
    {"HTTP/1.1 429 Too Many\r\nConnection: close\r\n\r\n", NR_ERR_UNAVAILABLE,
     "the token endpoint answered 429", ""},
    {OK_HEAD "ya29.garbage", NR_ERR_UNAVAILABLE, "the token endpoint answered 200 without a usable token",
     ""},
    {OK_HEAD "{\"access_token\":\"ya29.secret\"}", NR_ERR_UNAVAILABLE,
     "the token endpoint answered 200 without a usable token", ""},
    {OK_HEAD "{\"access_token\":7,\"expires_in\":3599}", NR_ERR_UNAVAILABLE,
     "the token endpoint answered 200 without a usable token", ""},
};

Test(google_token, says_what_a_failure_asks_an_operator_to_do)
{
    for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
        char wanted[512];

        use_server(&failures[i].answer, 1);
        nr_err_reset(&err);

        cr_expect_eq(google_token_ensure(&account, &token, 0, NR_CLOCK_NEVER_MS, &err), -1);

        snprintf(wanted, sizeof(wanted), "%s: %s", SETTING, failures[i].message);
        cr_expect_str_eq(err.message, wanted);
        cr_expect_eq(err.kind, failures[i].kind, "%s: %s", wanted, nr_err_kind_name(err.kind));
        cr_expect_str_eq(err.hint, failures[i].hint);
        canned_http_stop(server, NULL);
    }
}

/* Two hours late, by Google's own clock. */
#define LATE(date)                                                                                           \
    "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n" date "\r\n"                                          \
    "{\"error\":\"invalid_grant\",\"error_description\":\"Invalid JWT: Token must be a short-lived token "   \
    "(60 "                                                                                                   \
    "minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.\"}"

Test(google_token, repairs_a_wrong_clock_by_googles_date_and_keeps_the_repair)
{
    static const char *const answers[] = {LATE("Date: Thu, 26 Nov 2026 22:00:00 GMT\r\n"),
                                          OK_HEAD "{\"access_token\":\"ya29.one\",\"expires_in\":3599}",
                                          OK_HEAD "{\"access_token\":\"ya29.two\",\"expires_in\":3599}"};
    const int64_t google_s = 1795730400;
    struct canned_http_journal journal;
    NR_BUF_AUTO assertion = {.max_bytes = 8192};

    use_server(answers, 3);
    wall_ms = (google_s - 7200) * 1000;

    expect_token(0, "ya29.one");
    google_token_forget(&token);
    expect_token(0, "ya29.two");

    canned_http_stop(server, &journal);
    cr_expect_eq(journal.n_requests, 3);
    cr_expect_eq(token.skew_s, 7200);
    cr_assert_eq(google_assertion(&account, google_s, &assertion, &err), 0);
    cr_expect_not_null(strstr(journal.last, nr_buf_text(&assertion)),
                       "the last one was not signed by Google's clock");
}

Test(google_token, asks_once_more_at_most_when_the_clock_is_refused)
{
    static const char *const answers[] = {LATE("Date: Thu, 26 Nov 2026 22:00:00 GMT\r\n")};
    struct canned_http_journal journal;

    use_server(answers, 1);

    cr_expect_eq(google_token_ensure(&account, &token, 0, NR_CLOCK_NEVER_MS, &err), -1);

    canned_http_stop(server, &journal);
    cr_expect_eq(journal.n_requests, 2);
    cr_expect_eq(err.kind, NR_ERR_DENIED);
}

Test(google_token, does_not_repair_a_clock_that_is_right)
{
    static const char *const answers[] = {LATE("Date: Thu, 26 Nov 2026 22:00:00 GMT\r\n")};
    struct canned_http_journal journal;

    use_server(answers, 1);
    wall_ms = INT64_C(1795730400000) - 29000;

    cr_expect_eq(google_token_ensure(&account, &token, 0, NR_CLOCK_NEVER_MS, &err), -1);

    canned_http_stop(server, &journal);
    cr_expect_eq(journal.n_requests, 1);
}

Test(google_token, names_the_host_that_cannot_be_reached)
{
    static const char *const none[] = {""};

    use_server(none, 1);
    canned_http_stop(server, NULL); /* its port is closed now */

    cr_expect_eq(google_token_ensure(&account, &token, 0, NR_CLOCK_NEVER_MS, &err), -1);

    cr_expect_eq(err.kind, NR_ERR_UNAVAILABLE);
    cr_expect_eq(strncmp(err.message, SETTING ": 127.0.0.1", strlen(SETTING ": 127.0.0.1")), 0, "%s",
                 err.message);
}
