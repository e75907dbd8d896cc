#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include <narae/clock.h>
#include <narae/pg.h>

#include "tests/support/pg_stage.h"
#include "tests/support/tcp_relay.h"

TestSuite(pg_connecting, .init = pg_stage_init, .timeout = 60);

static void cr_expect_no_connection(const char *more, enum nr_err_kind kind, const char *type,
                                    const char *words)
{
    struct nr_pg *pg = pg_stage_open(more);
    struct nr_err err = {0};

    cr_expect_eq(pg_stage_run(pg, &pg_stage_backend_pid, &err), -1, "%s", more);
    cr_expect_eq(err.kind, kind, "%s: %s", more, err.message);
    cr_expect_str_eq(err.type, type);
    cr_expect_not_null(strstr(err.message, "NARAE_DATABASE: cannot connect to "), "%s", err.message);
    cr_expect_not_null(strstr(err.message, words), "%s", err.message);
    cr_expect_null(strchr(err.message, '\n'));
    cr_expect_null(strstr(err.message, pg_stage_db.password));
    nr_pg_free(pg);
}

Test(pg_connecting, says_that_the_password_is_wrong)
{
    cr_expect_no_connection("password=wr0ng", NR_ERR_DENIED, "Function.DatabaseDenied",
                            "FATAL: password authentication failed for user \"narae\"");
}

Test(pg_connecting, says_that_the_database_does_not_exist)
{
    cr_expect_no_connection("dbname=nowhere", NR_ERR_DENIED, "Function.DatabaseDenied",
                            "FATAL: database \"nowhere\" does not exist");
}

Test(pg_connecting, says_that_nobody_listens)
{
    struct tcp_relay *relay = tcp_relay_start(pg_stage_db.host, pg_stage_db.port);
    char more[64];

    snprintf(more, sizeof(more), "port=%d", tcp_relay_port(relay));
    tcp_relay_stop(relay); /* a port that was free a moment ago */
    cr_expect_no_connection(more, NR_ERR_UNAVAILABLE, "Function.DatabaseUnreachable", "Connection refused");
}

Test(pg_connecting, says_that_there_is_no_such_host)
{
    cr_expect_no_connection("host=nowhere.invalid sslmode=disable", NR_ERR_UNAVAILABLE,
                            "Function.DatabaseUnreachable",
                            "could not translate host name \"nowhere.invalid\"");
}

Test(pg_connecting, says_that_the_server_does_not_answer)
{
    struct tcp_relay *relay = tcp_relay_start(pg_stage_db.host, pg_stage_db.port);
    char more[64];
    char want[512];
    struct nr_pg_options options = {.setting = "NARAE_DATABASE", .connect_timeout_ms = 50};
    struct nr_pg *pg = NULL;
    struct nr_err err = {0};

    tcp_relay_mute_new(relay);
    snprintf(more, sizeof(more), "port=%d", tcp_relay_port(relay));
    options.conninfo = test_db_conninfo(&pg_stage_db, more);
    cr_assert_eq(nr_pg_new(&options, &pg, &err), 0);
    cr_expect_eq(pg_stage_run(pg, &pg_stage_backend_pid, &err), -1);

    snprintf(want, sizeof(want), "NARAE_DATABASE: cannot connect to %s:%d/%s: timed out", pg_stage_db.host,
             tcp_relay_port(relay), pg_stage_db.dbname);
    pg_stage_expect_err(&err, NR_ERR_UNAVAILABLE, "Function.DatabaseUnreachable", want);
    nr_pg_free(pg);
    tcp_relay_stop(relay);
}

/* --- TLS */

Test(pg_connecting, verifies_the_server_by_name_and_authority)
{
    static const struct nr_pg_statement is_tls = {
        "is tls", "select version from pg_stat_ssl where pid = pg_backend_pid() and ssl", 0, true};
    char more[1000];
    struct nr_pg *pg;
    struct nr_err err = {0};
    NR_PG_ROWS_AUTO *rows = NULL;

    snprintf(more, sizeof(more), "sslmode=verify-full channel_binding=require sslrootcert=%s/ca.pem",
             pg_stage_db.pki);
    pg = pg_stage_open(more);
    cr_assert_eq(nr_pg_run(pg, &is_tls, NULL, NR_CLOCK_NEVER_MS, &rows, &err), 0, "%s", err.message);

    cr_expect(nr_view_is(nr_pg_text(rows, 0, 0), NR_VIEW("TLSv1.3")));
    nr_pg_free(pg);
}

Test(pg_connecting, trusts_what_the_rule_of_trust_says)
{
    char path[700];
    struct nr_pg *pg;
    struct nr_err err = {0};

    snprintf(path, sizeof(path), "%s/ca.pem", pg_stage_db.pki);
    setenv("SSL_CERT_FILE", path, 1);
    pg = pg_stage_open("sslmode=verify-full");

    cr_expect_eq(pg_stage_run(pg, &pg_stage_backend_pid, &err), 0, "%s", err.message);
    nr_pg_free(pg);
}

Test(pg_connecting, refuses_a_server_of_another_authority)
{
    char more[1000];

    snprintf(more, sizeof(more), "sslmode=verify-full sslrootcert=%s/other-ca.pem", pg_stage_db.pki);
    cr_expect_no_connection(more, NR_ERR_DENIED, "Function.DatabaseDenied",
                            "SSL error: certificate verify failed");
}

Test(pg_connecting, refuses_a_server_with_another_name)
{
    char more[1000];

    /* The name is looked up nowhere: hostaddr says where, host says who it should be. */
    snprintf(more, sizeof(more),
             "sslmode=verify-full sslrootcert=%s/ca.pem hostaddr=%s host=elsewhere.invalid", pg_stage_db.pki,
             pg_stage_db.host);
    cr_expect_no_connection(more, NR_ERR_DENIED, "Function.DatabaseDenied",
                            "does not match host name \"elsewhere.invalid\"");
}
