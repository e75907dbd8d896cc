#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "layer/io/pg_conninfo.h"

/* What libpq takes: the last one that is not empty, of those before the end. */
static const char *value_of(const struct pg_conninfo *info, const char *name)
{
    const char *value = "";

    for (int i = 0; info->names[i]; i++)
        if (strcmp(info->names[i], name) == 0 && info->values[i][0])
            value = info->values[i];
    return value;
}

/* How a connection would be verified; "" = as libpq likes, without TLS where the server has none. */
static void cr_expect_mode(const char *text, const char *mode)
{
    struct pg_conninfo info;
    struct nr_err err = {0};

    cr_assert_eq(pg_conninfo_parse("NARAE_DATABASE", text, "narae", &info, &err), 0, "%s", err.message);
    cr_expect_str_eq(value_of(&info, "sslmode"), mode, "%s", text);
    pg_conninfo_done(&info);
}

Test(pg_conninfo, verifies_every_host_that_may_be_another_machine)
{
    setenv("SSL_CERT_FILE", "/roots.pem", 1);
    unsetenv("PGHOST");

    cr_expect_mode("host=/tmp", "");
    cr_expect_mode("host=127.0.0.1", "");
    cr_expect_mode("host=db.example", "verify-full");
    cr_expect_mode("host=/tmp,db.example", "verify-full");
    cr_expect_mode("hostaddr=10.0.0.1", "verify-full");
    cr_expect_mode("service=db", "verify-full");

    setenv("PGSERVICE", "db", 1);
    cr_expect_mode("dbname=app", "verify-full");
}

/* --- NARAE_DATABASE_HOST */

static void cr_expect_values(const char *text, const char *host, const char *port, const char *mode)
{
    struct pg_conninfo info;
    struct nr_err err = {0};

    cr_assert_eq(pg_conninfo_parse("NARAE_DATABASE", text, "narae", &info, &err), 0, "%s", err.message);
    cr_expect_str_eq(value_of(&info, "host"), host, "%s", text);
    cr_expect_str_eq(value_of(&info, "hostaddr"), "", "%s", text);
    cr_expect_str_eq(value_of(&info, "port"), port, "%s", text);
    cr_expect_str_eq(value_of(&info, "sslmode"), mode, "%s", text);
    pg_conninfo_done(&info);
}

Test(pg_conninfo, another_host_takes_the_place_of_the_secrets_own)
{
    static const char *const texts[] = {
        "{\"host\":\"db.example\",\"port\":5433,\"username\":\"a\",\"password\":\"b\"}",
        "postgresql://a:b@db.example:5433/app",
        "host=db.example port=5433 user=a password=b",
        "hostaddr=10.0.0.1 port=5433 user=a password=b",
        "host=/tmp port=5433 user=a",
    };

    setenv("SSL_CERT_FILE", "/roots.pem", 1);
    setenv("NARAE_DATABASE_HOST", "proxy.example", 1);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        cr_expect_values(texts[i], "proxy.example", "5433", "verify-full");
}

Test(pg_conninfo, an_empty_other_host_is_none)
{
    setenv("SSL_CERT_FILE", "/roots.pem", 1);
    setenv("NARAE_DATABASE_HOST", "", 1);
    cr_expect_values("host=db.example port=5433", "db.example", "5433", "verify-full");
}

Test(pg_conninfo, a_secret_of_user_and_password_takes_its_host_from_beside_it)
{
    setenv("SSL_CERT_FILE", "/roots.pem", 1);
    setenv("NARAE_DATABASE_HOST", "db.example", 1);
    cr_expect_values("{\"username\":\"a\",\"password\":\"b\"}", "db.example", "", "verify-full");
}

Test(pg_conninfo, a_host_that_is_nowhere_is_an_error_that_says_where_it_could_be)
{
    struct pg_conninfo info;
    struct nr_err err = {0};

    unsetenv("PGHOST");
    unsetenv("NARAE_DATABASE_HOST");
    cr_assert_eq(
        pg_conninfo_parse("NARAE_DATABASE", "{\"username\":\"a\",\"password\":\"b\"}", "narae", &info, &err),
        -1);
    cr_expect_eq(err.kind, NR_ERR_INVALID);
    cr_expect_str_eq(err.message,
                     "NARAE_DATABASE: not a PostgreSQL connection: its JSON lacks \"host\", and neither "
                     "NARAE_DATABASE_HOST nor PGHOST is set");
}

Test(pg_conninfo, which_roots_verify_follows_the_host_that_is_connected_to)
{
    struct pg_conninfo info;
    struct nr_err err = {0};
    const char *cluster = "host=narae.cluster-x.us-east-1.rds.amazonaws.com";
    const char *proxy = "narae.proxy-x.us-east-1.rds.amazonaws.com";

    unsetenv("SSL_CERT_FILE");
    setenv("NARAE_DATABASE_HOST", proxy, 1);
    cr_assert_eq(pg_conninfo_parse("NARAE_DATABASE", cluster, "narae", &info, &err), 0, "%s", err.message);
    cr_expect_null(strstr(value_of(&info, "sslrootcert"), "rds-ca.pem"));
    cr_expect_str_neq(value_of(&info, "sslrootcert"), "");
    cr_expect_not_null(strstr(info.where, proxy), "%s", info.where);
    pg_conninfo_done(&info);
}
