#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <narae/clock.h>
#include <narae/log.h>

#include "tests/support/push_stage.h"
#include "tests/support/test_pki.h"

const char *const push_stage_tokens[] = {"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
                                         "{\"access_token\":\"ya29.secret\",\"expires_in\":3599}"};

static struct test_pki pki;
struct test_database push_stage_database;
struct canned_http *push_stage_google;
static struct h2_server *fcm;
struct nr_buf push_stage_reply;
struct nr_err push_stage_err;
int64_t push_stage_time_ms = 60000;
static int log_fd;

static void set_account(int port)
{
    EVP_PKEY *pkey = EVP_RSA_gen(2048);
    BIO *bio = BIO_new(BIO_s_mem());
    char uri[64];
    char *pem;
    char *text;
    json_t *doc;

    cr_assert(pkey && PEM_write_bio_PKCS8PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL));
    BIO_write(bio, "", 1);
    BIO_get_mem_data(bio, &pem);
    snprintf(uri, sizeof(uri), "http://127.0.0.1:%d/token", port);
    doc = json_pack("{s:s,s:s,s:s,s:s,s:s}", "project_id", "narae-test", "private_key_id", "1",
                    "client_email", "push@narae-test.example", "private_key", pem, "token_uri", uri);
    text = json_dumps(doc, 0);
    setenv("THE_ACCOUNT", text, 1);
    free(text);
    json_decref(doc);
    BIO_free(bio);
    EVP_PKEY_free(pkey);
}

void push_stage_fcm(struct h2_server_rule rule)
{
    push_stage_fcm_as("server", rule);
}

void push_stage_fcm_as(const char *cert, struct h2_server_rule rule)
{
    struct h2_server_options options = {.pki_dir = pki.dir, .cert = cert, .rules = {rule}};
    char origin[64];

    if (fcm)
        h2_server_stop(fcm, &(struct h2_server_journal){0});
    fcm = h2_server_start(&options);
    snprintf(origin, sizeof(origin), "https://127.0.0.1:%d", h2_server_port(fcm));
    setenv("NARAE_FCM_ENDPOINT", origin, 1);
}

/* How many calls FCM got. */
int push_stage_calls(void)
{
    struct h2_server_journal journal;

    h2_server_stop(fcm, &journal);
    fcm = NULL;
    return journal.n_requests;
}

void push_stage_init(void)
{
    test_pki_init(&pki);
    test_database_init(&push_stage_database, "functions/push/schema.sql");
    push_stage_google = canned_http_start(push_stage_tokens, 1);
    set_account(canned_http_port(push_stage_google));
    setenv("NARAE_FCM_SERVICE_ACCOUNT", "env:THE_ACCOUNT", 1);
    setenv("NARAE_DATABASE", "env:THE_DATABASE", 1);
    setenv("THE_DATABASE", push_stage_database.uri, 1);
    setenv("NARAE_PUSH_CONNECTIONS", "1", 1);
    setenv("AWS_LAMBDA_LOG_FORMAT", "JSON", 1);
    setenv("AWS_LAMBDA_LOG_LEVEL", "INFO", 1);
    push_stage_fcm((struct h2_server_rule){0});
    nr_buf_init(&push_stage_reply, 65536);
    log_fd = memfd_create("log", MFD_CLOEXEC);
    nr_log_to(log_fd);
}

void push_stage_done(void)
{
    canned_http_stop(push_stage_google, NULL);
    if (fcm)
        h2_server_stop(fcm, &(struct h2_server_journal){0});
    test_database_done(&push_stage_database);
    test_pki_done(&pki);
    nr_buf_done(&push_stage_reply);
}

int push_stage_invoke(const struct nr_handler *handler, const char *event)
{
    json_t *slot = NULL;
    struct nr_request request = {.struct_bytes = sizeof(request),
                                 .event = nr_view(event),
                                 .content_type = "application/json",
                                 .request_id = "1",
                                 .deadline_mono_ms = nr_clock_mono_ms() + push_stage_time_ms,
                                 .json_slot = &slot};
    struct nr_reply reply = {.struct_bytes = sizeof(reply), .body = &push_stage_reply};
    int result;

    nr_buf_reset(&push_stage_reply);
    nr_err_reset(&push_stage_err);
    result = handler->invoke(&request, &reply, &push_stage_err);
    json_decref(slot);
    return result;
}

/* The whole log. Nothing secret may be in it. */
const char *push_stage_log(void)
{
    static char text[65536];
    ssize_t n = pread(log_fd, text, sizeof(text) - 1, 0);

    text[n > 0 ? n : 0] = '\0';
    cr_expect_null(strstr(text, "hush"), "a registration or password is in the log: %s", text);
    cr_expect_null(strstr(text, "ya29"), "a token is in the log: %s", text);
    return text;
}

void push_stage_expect_log(const char *part)
{
    cr_expect(strstr(push_stage_log(), part) != NULL, "no %s in %s", part, push_stage_log());
}

/* How many records are of WARN or above. */
int push_stage_complaints(void)
{
    int n = 0;

    for (const char *at = push_stage_log(); (at = strstr(at, "\"level\":\"")); at++)
        n += strncmp(at + 9, "ERROR", 5) == 0 || strncmp(at + 9, "WARN", 4) == 0;
    return n;
}

const char *push_stage_text(const char *sql)
{
    return test_database_text(&push_stage_database, sql);
}

void push_stage_start(const struct nr_handler *handler)
{
    cr_assert_eq(handler->init(&push_stage_err), 0, "%s", push_stage_err.message);
}
