#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <narae/tls.h>

#include "layer/io/tls_context.h"
#include "tests/support/test_pki.h"

Test(tls, believes_what_the_environment_says)
{
    struct nr_tls_trust trust = {0};
    struct nr_err err = {0};

    setenv("SSL_CERT_FILE", "/some/file.pem", 1);
    setenv("SSL_CERT_DIR", "/some/dir", 1);

    cr_assert_eq(nr_tls_trust(&trust, &err), 0);

    cr_assert_str_eq(trust.file, "/some/file.pem");
    cr_assert_str_eq(trust.dir, "/some/dir");
}

Test(tls, takes_an_empty_variable_for_none)
{
    struct nr_tls_trust trust = {0};
    struct nr_err err = {0};

    setenv("SSL_CERT_FILE", "", 1);
    setenv("SSL_CERT_DIR", "/some/dir", 1);

    cr_assert_eq(nr_tls_trust(&trust, &err), 0);

    cr_assert_null(trust.file);
    cr_assert_str_eq(trust.dir, "/some/dir");
}

Test(tls, makes_its_context_once)
{
    struct test_pki pki;
    struct nr_err err = {0};
    SSL_CTX *first;

    test_pki_init(&pki);

    cr_assert_eq(nr_tls_warm(&err), 0, "%s", err.message);
    first = tls_context(&err);

    cr_assert_not_null(first);
    cr_assert_eq(tls_context(&err), first);
    cr_assert_eq(SSL_CTX_get_min_proto_version(first), TLS1_2_VERSION);
    cr_assert_eq(SSL_CTX_get_verify_mode(first), SSL_VERIFY_PEER);
    test_pki_done(&pki);
}

Test(tls, names_a_file_without_certificates_and_recovers_when_it_is_there)
{
    struct test_pki pki;
    struct nr_err err = {0};

    setenv("SSL_CERT_FILE", "/nonexistent/ca.pem", 1);
    unsetenv("SSL_CERT_DIR");

    cr_assert_eq(nr_tls_warm(&err), -1);

    cr_assert_eq(err.kind, NR_ERR_INVALID);
    cr_assert_str_eq(err.type, "Function.MissingTrustStore");
    cr_assert_str_eq(err.message, "no certificates to trust can be read from \"/nonexistent/ca.pem\"");
    cr_assert_str_eq(err.hint, "check SSL_CERT_FILE and SSL_CERT_DIR");
    test_pki_init(&pki);
    nr_err_reset(&err);
    cr_assert_eq(nr_tls_warm(&err), 0);
    test_pki_done(&pki);
}

Test(tls, names_a_directory_that_is_not_there)
{
    struct nr_err err = {0};

    unsetenv("SSL_CERT_FILE");
    setenv("SSL_CERT_DIR", "/nonexistent/certs", 1);

    cr_assert_eq(nr_tls_warm(&err), -1);

    cr_assert_str_eq(err.message, "no certificates to trust can be read from \"/nonexistent/certs\"");
}

Test(tls, takes_several_directories_of_which_one_is_there)
{
    struct nr_err err = {0};

    unsetenv("SSL_CERT_FILE");
    setenv("SSL_CERT_DIR", "/nonexistent/certs::/nonexistent/more", 1);
    cr_assert_eq(nr_tls_warm(&err), -1);
    cr_assert_str_eq(err.message, "no certificates to trust can be read from "
                                  "\"/nonexistent/certs::/nonexistent/more\"");
    nr_err_reset(&err);
    setenv("SSL_CERT_DIR", "/nonexistent/certs:/", 1);

    cr_assert_eq(nr_tls_warm(&err), 0, "%s", err.message);
}

static volatile sig_atomic_t n_signals;

static void count_signal(int number)
{
    (void)number;
    n_signals++;
}

static int break_a_pipe(void)
{
    int ends[2];

    cr_assert_eq(pipe(ends), 0);
    close(ends[0]);
    cr_assert_eq(write(ends[1], "x", 1), -1);
    return close(ends[1]);
}

Test(tls, lets_no_broken_pipe_end_the_process)
{
    signal(SIGPIPE, SIG_DFL);

    nr_tls_setup();

    cr_assert_eq(break_a_pipe(), 0);
}

Test(tls, leaves_a_handler_of_broken_pipes_alone)
{
    signal(SIGPIPE, count_signal);

    nr_tls_setup();

    cr_assert_eq(break_a_pipe(), 0);
    cr_assert_eq(n_signals, 1);
}
