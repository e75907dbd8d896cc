#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libpq-fe.h>

#include <narae/tls.h>

#include "tests/support/test_database.h"

static void must(int is_good, const char *what, const char *why)
{
    if (is_good)
        return;
    fprintf(stderr, "test_database: cannot %s: %s\n", what, why);
    abort();
}

static PGconn *connect_to(const char *uri)
{
    PGconn *conn = PQconnectdb(uri);

    must(PQstatus(conn) == CONNECTION_OK, "connect", PQerrorMessage(conn));
    return conn;
}

static PGresult *run(PGconn *conn, const char *sql)
{
    PGresult *result = PQexec(conn, sql);
    ExecStatusType status = PQresultStatus(result);

    must(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK, sql, PQerrorMessage(conn));
    return result;
}

static void run_on_server(const char *verb, const char *name, const char *options)
{
    PGconn *conn = connect_to(getenv("NARAE_TEST_DATABASE"));
    char sql[128];

    snprintf(sql, sizeof(sql), "%s database %s%s", verb, name, options);
    PQclear(run(conn, sql));
    PQfinish(conn);
}

static void load(struct test_database *database, const char *file)
{
    char path[512];
    char sql[65536];
    FILE *in;
    size_t n;

    snprintf(path, sizeof(path), "%s/%s", NARAE_SOURCE_ROOT, file);
    in = fopen(path, "re");
    must(in != NULL, "open", path);
    n = fread(sql, 1, sizeof(sql) - 1, in);
    fclose(in);
    sql[n] = '\0';
    test_database_run(database, sql);
}

/* The server's URI with another database behind the last slash. */
static void set_uri(struct test_database *database, const char *server_uri)
{
    const char *slash = strrchr(server_uri, '/');

    must(slash != NULL, "find the database in", server_uri);
    snprintf(database->uri, sizeof(database->uri), "%.*s/%s", (int)(slash - server_uri), server_uri,
             database->name);
}

void test_database_init(struct test_database *database, const char *schema_file)
{
    test_database_init_as(database, schema_file, "");
}

void test_database_init_as(struct test_database *database, const char *schema_file, const char *options)
{
    static int n_made;
    const char *server_uri = getenv("NARAE_TEST_DATABASE");

    nr_tls_setup();
    PQinitOpenSSL(0, 0);
    must(server_uri != NULL, "find the server",
         "NARAE_TEST_DATABASE is not set (see tools/with_postgres.sh)");
    snprintf(database->name, sizeof(database->name), "test_%d_%d", (int)getpid(), n_made++);
    set_uri(database, server_uri);
    run_on_server("create", database->name, options);
    database->conn = connect_to(database->uri);
    /* A schema that exists already is no news. */
    test_database_run(database, "set client_min_messages = warning");
    if (schema_file)
        load(database, schema_file);
}

void test_database_run(struct test_database *database, const char *sql)
{
    PQclear(run(database->conn, sql));
}

const char *test_database_text(struct test_database *database, const char *sql)
{
    static char text[4096];
    PGresult *result = run(database->conn, sql);

    snprintf(text, sizeof(text), "%s", PQntuples(result) ? PQgetvalue(result, 0, 0) : "");
    PQclear(result);
    return text;
}

void test_database_done(struct test_database *database)
{
    PQfinish(database->conn);
    run_on_server("drop", database->name, " with (force)");
}
