/* test_db.h - the real PostgreSQL that component tests run against.
 *
 * Is:      the database of NARAE_TEST_DATABASE (tools/with_postgres.sh), taken apart so that a test can
 *          change one part of it.
 * Beware:  tests run at the same time: work in temporary tables, or in a schema of your own.
 */
#ifndef NARAE_TESTS_TEST_DB_H
#define NARAE_TESTS_TEST_DB_H

enum { TEST_DB_TEXT_BYTES = 1024 };

struct test_db {
    char host[256], port[16], user[64], password[128], dbname[64];
    char pki[512]; /* NARAE_TEST_PKI: ca.pem has signed the server's certificate, other-ca.pem has not */
};

/* Ends the process, saying what is missing, when the variables are not set. */
void test_db_get(struct test_db *out);

/* A conninfo that reaches it over TCP, with more settings behind it that win. A static buffer. */
const char *test_db_conninfo(const struct test_db *db, const char *more);

#endif
