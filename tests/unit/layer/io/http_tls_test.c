#include <stdio.h>
#include <stdlib.h>

#include <criterion/criterion.h>

#include <narae/http.h>

#include "tests/support/http_stage.h"
#include "tests/support/test_pki.h"

TestSuite(http_tls, .timeout = 30);

static int get_over_tls(const char *cert, struct nr_err *err)
{
    static const struct http_server_step steps[] = {{HTTP_STAGE_OK, HTTP_SERVER_KEEP}};
    struct test_pki pki;
    struct http_server *server;
    struct http_server_journal journal;
    struct nr_http_reply reply = {0};
    int result;

    test_pki_init(&pki);
    server = http_server_start(
        &(struct http_server_options){.steps = steps, .n_steps = 1, .pki_dir = pki.dir, .cert = cert});
    result = http_stage_get(http_server_url(server), &reply, err);
    http_server_stop(server, &journal);
    http_server_journal_done(&journal);
    nr_http_reply_done(&reply);
    test_pki_done(&pki);
    return result;
}

Test(http_tls, speaks_tls_with_a_server_it_can_verify)
{
    struct nr_err err = {0};

    cr_expect_eq(get_over_tls("server", &err), 0, "%s", err.message);
}

/* As OpenSSL's own SSL_CERT_DIR: "one:other", and those that are not there are passed over. */
Test(http_tls, believes_the_roots_of_any_of_several_folders)
{
    static const struct http_server_step steps[] = {{HTTP_STAGE_OK, HTTP_SERVER_KEEP}};
    struct test_pki pki;
    struct http_server *server;
    struct http_server_journal journal;
    struct nr_http_reply reply = {0};
    struct nr_err err = {0};
    char dirs[256];

    test_pki_init(&pki);
    snprintf(dirs, sizeof(dirs), "/nonexistent:/:%s", pki.dir);
    unsetenv("SSL_CERT_FILE");
    setenv("SSL_CERT_DIR", dirs, 1);
    server = http_server_start(
        &(struct http_server_options){.steps = steps, .n_steps = 1, .pki_dir = pki.dir, .cert = "server"});

    cr_expect_eq(http_stage_get(http_server_url(server), &reply, &err), 0, "%s", err.message);

    http_server_stop(server, &journal);
    http_server_journal_done(&journal);
    nr_http_reply_done(&reply);
    test_pki_done(&pki);
}

Test(http_tls, refuses_an_untrusted_authority)
{
    struct nr_err err = {0};

    cr_expect_eq(get_over_tls("other", &err), -1);
    http_stage_expect_err(&err, NR_ERR_DENIED, "Function.CertificateRefused",
                          "localhost:", "SSL certificate problem: ");
}

Test(http_tls, refuses_an_expired_certificate)
{
    struct nr_err err = {0};

    cr_expect_eq(get_over_tls("expired", &err), -1);
    http_stage_expect_err(&err, NR_ERR_DENIED, "Function.CertificateRefused",
                          "localhost:", "certificate has expired");
}

Test(http_tls, refuses_a_certificate_of_another_host)
{
    struct nr_err err = {0};

    cr_expect_eq(get_over_tls("wronghost", &err), -1);
    http_stage_expect_err(&err, NR_ERR_DENIED, "Function.CertificateRefused", "localhost:", "localhost");
}

Test(http_tls, says_in_words_that_the_other_side_speaks_no_tls)
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
    snprintf(url, sizeof(url), "https://%s/", http_stage_host(server));
    cr_expect_eq(http_stage_get(url, &reply, &err), -1);

    http_stage_expect_err(&err, NR_ERR_UNAVAILABLE, "Function.Unreachable", http_stage_host(server),
                          "wrong version number");
    http_server_stop(server, &journal);
    http_server_journal_done(&journal);
    nr_http_reply_done(&reply);
    test_pki_done(&pki);
}
