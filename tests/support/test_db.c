#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>

#include "tests/support/test_db.h"

static const char *need(const char *name)
{
    const char *value = getenv(name);

    if (value && value[0])
        return value;
    fprintf(stderr, "%s is not set: run the tests with tools/with_postgres.sh\n", name);
    exit(1);
}

static void keep(const PQconninfoOption *options, const char *name, char *out, size_t cap)
{
    for (; options->keyword; options++)
        if (strcmp(options->keyword, name) == 0 && options->val)
            snprintf(out, cap, "%s", options->val);
}

void test_db_get(struct test_db *out)
{
    PQconninfoOption *options = PQconninfoParse(need("NARAE_TEST_DATABASE"), NULL);

    *out = (struct test_db){0};
    snprintf(out->pki, sizeof(out->pki), "%s", need("NARAE_TEST_PKI"));
    if (!options) {
        fprintf(stderr, "NARAE_TEST_DATABASE is no libpq URI\n");
        exit(1);
    }
    keep(options, "host", out->host, sizeof(out->host));
    keep(options, "port", out->port, sizeof(out->port));
    keep(options, "user", out->user, sizeof(out->user));
    keep(options, "password", out->password, sizeof(out->password));
    keep(options, "dbname", out->dbname, sizeof(out->dbname));
    PQconninfoFree(options);
}

const char *test_db_conninfo(const struct test_db *db, const char *more)
{
    static char text[TEST_DB_TEXT_BYTES];

    snprintf(text, sizeof(text), "host=%s port=%s user=%s password=%s dbname=%s %s", db->host, db->port,
             db->user, db->password, db->dbname, more);
    return text;
}
