#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "layer/io/pg_conninfo.h"

static const char *value_of(const struct pg_conninfo *info, const char *name)
{
    for (int i = 0; i < info->n; i++)
        if (strcmp(info->names[i], name) == 0)
            return info->values[i];
    return "";
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
