/* The bootstrap against every kind of server: one row of scenarios/NAME.json is one run of the program, with
 * what it asks for next and the exit code that it ends with. scenarios/README.md has the form of a row. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>
#include <narae/buf.h>

#include "child.h"
#include "lambda_api.h"

struct row {
    const char *name, *handler, *requests, *log, *answer;
    json_t *script;
    int exit;
};

static struct row row_of(json_t *entry)
{
    struct row row = {.handler = "echo.handler", .log = "", .answer = ""};
    json_error_t why;

    cr_assert_eq(json_unpack_ex(entry, &why, 0, "{s:s, s:o, s:s, s:i, s?s, s?s, s?s !}", "name", &row.name,
                                "script", &row.script, "requests", &row.requests, "exit", &row.exit,
                                "handler", &row.handler, "log", &row.log, "answer", &row.answer),
                 0, "%s: %s", row.name ? row.name : "a row", why.text);
    return row;
}

/* --- what was asked, as a row writes it: "next response | next"; a bar is a new connection, a number the
   status of an answer that was not accepted */

static void add_request(struct nr_buf *out, const json_t *entry, json_int_t *connection)
{
    const char *path = json_string_value(json_object_get(entry, "path"));
    json_int_t now = json_integer_value(json_object_get(entry, "connection"));
    int status = (int)json_integer_value(json_object_get(entry, "status"));

    if (out->len)
        nr_buf_add_text(out, *connection == now ? " " : " | ");
    *connection = now;
    nr_buf_add_text(out, strstr(path, "/init/error") ? "init_error" : strrchr(path, '/') + 1);
    if (!strstr(path, "/next") && status != 202)
        nr_buf_printf(out, ":%d", status);
}

static void add_requests(struct nr_buf *out, const json_t *journal)
{
    json_int_t connection = 0;

    for (size_t i = 0; i < json_array_size(journal); i++)
        add_request(out, json_array_get(journal, i), &connection);
}

static const char *last_answer(const json_t *journal)
{
    const char *body = NULL;

    for (size_t i = json_array_size(journal); i > 0 && !body; i--)
        body = json_string_value(json_object_get(json_array_get(journal, i - 1), "body"));
    return body ? body : "";
}

/* --- one run */

static void run_row(const struct row *row)
{
    struct lambda_api *server = NULL;
    struct child_done done;
    struct nr_err err = {0};
    const json_t *journal;
    char *script = json_dumps(row->script, 0);
    char api[64];
    char name[64];
    NR_BUF_AUTO requests;

    nr_buf_init(&requests, 65536);
    cr_assert_eq(lambda_api_start(script, NULL, &server, &err), 0, "%s: %s", row->name, err.message);
    snprintf(api, sizeof(api), "AWS_LAMBDA_RUNTIME_API=%s", lambda_api_authority(server));
    snprintf(name, sizeof(name), "_HANDLER=%s", row->handler);
    done = child_run(CHILD_ARGS(row->handler), CHILD_ARGS(api, name, "AWS_LAMBDA_LOG_FORMAT=JSON"), "");
    journal = lambda_api_stop(server);
    add_requests(&requests, journal);

    cr_expect_str_eq(nr_buf_text(&requests), row->requests, "%s: asked \"%s\", not \"%s\"; log: %s",
                     row->name, nr_buf_text(&requests), row->requests, done.log);
    cr_expect_eq(done.code, row->exit, "%s: exit code %d, not %d; log: %s", row->name, done.code, row->exit,
                 done.log);
    cr_expect(strstr(done.log, row->log), "%s: log: %s", row->name, done.log);
    cr_expect(strstr(last_answer(journal), row->answer), "%s: answered %s", row->name, last_answer(journal));
    lambda_api_free(server);
    free(script);
}

static void run_table(const char *file)
{
    char path[4096];
    json_error_t why;
    json_t *rows;

    snprintf(path, sizeof(path), "%s/tests/unit/runtime/scenarios/%s", NARAE_SOURCE_ROOT, file);
    rows = json_load_file(path, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &why);
    cr_assert(rows, "%s:%d: %s", file, why.line, why.text);
    cr_assert_gt(json_array_size(rows), 0u, "%s", file);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        struct row row = row_of(json_array_get(rows, i));

        run_row(&row);
    }
    json_decref(rows);
}

#define TABLE(name)                                                                                          \
    Test(scenario, name,                                                                                     \
         .timeout = 300) /* a hang is a failure; the machine may be slow, and so are the sanitizers */       \
    {                                                                                                        \
        run_table(#name ".json");                                                                            \
    }

TABLE(next_status)
TABLE(next_head)
TABLE(next_body)
TABLE(next_lost)
TABLE(metadata)
TABLE(answer_status)
TABLE(answer_lost)
TABLE(function)
TABLE(init_error)
