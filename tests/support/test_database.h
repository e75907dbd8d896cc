/* test_database.h - a database of its own for one test.
 *
 * Is:      made on the server that NARAE_TEST_DATABASE names, filled with a schema file, dropped afterwards;
 *          with plain SQL for arranging and asserting.
 * Is not:  narae/pg.h; the code under test uses that one with `uri`.
 * Beware:  without NARAE_TEST_DATABASE (tools/with_postgres.sh sets it) the test ends with a failure, it does
 *          not skip.
 */
#ifndef NARAE_TESTS_TEST_DATABASE_H
#define NARAE_TESTS_TEST_DATABASE_H

struct pg_conn;

struct test_database {
    char name[64];
    char uri[512];
    struct pg_conn *conn; /* libpq's PGconn */
};

/* schema_file  in  path from the top of the tree; NULL = an empty database
 * Ends the process when it cannot. */
void test_database_init(struct test_database *database, const char *schema_file);

/* The same with options of CREATE DATABASE, a space before each. */
void test_database_init_as(struct test_database *database, const char *schema_file, const char *options);

/* Run statements; ends the process when one fails. */
void test_database_run(struct test_database *database, const char *sql);

/* The first column of the first row as text, "" when there is none; alive until the next call. */
const char *test_database_text(struct test_database *database, const char *sql);

/* Drop it. */
void test_database_done(struct test_database *database);

#endif
