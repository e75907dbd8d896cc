/* Several invocations at a time: threads where the handler says that it is safe for them, processes where
 * not. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "runtime/mode.h"
#include "sandbox.h"

enum { MANY = 3 };

/* --- all at once */

static char folder[64];
static char folder_variable[96];

static void make_folder(void)
{
    snprintf(folder, sizeof(folder), "/tmp/narae-meets-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    snprintf(folder_variable, sizeof(folder_variable), "MEETS_DIR=%s", folder);
}

static void remove_folder(void)
{
    DIR *entries = opendir(folder);
    char path[512];

    for (const struct dirent *entry; (entry = readdir(entries));) {
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        unlink(path);
    }
    closedir(entries);
    rmdir(folder);
}

static struct sandbox meet(const char *handler)
{
    return sandbox_run(handler,
                       "{\"concurrency\": 3, \"steps\": [{\"event_text\": \"3\", \"times\": 3, \"headers\": "
                       "{\"Lambda-Runtime-Trace-Id\": \"Root=7\"}}]}",
                       CHILD_ARGS("AWS_LAMBDA_MAX_CONCURRENCY=3", "AWS_LAMBDA_LOG_FORMAT=Text",
                                  "_X_AMZN_TRACE_ID=old", folder_variable));
}

/* The answers of the run: what each invocation saw. At most MANY. */
static size_t answers(const struct sandbox *sandbox, json_t **out)
{
    size_t n = 0;

    for (size_t i = 0; i < sandbox_n_asked(sandbox); i++)
        if (strstr(sandbox_path(sandbox, i), "/response") && n < MANY)
            out[n++] = json_loads(sandbox_body(sandbox, i), 0, NULL);
    return n;
}

static size_t n_different(json_t *const *seen, size_t n, const char *key)
{
    size_t n_new = 0;

    for (size_t i = 0; i < n; i++) {
        size_t k = 0;

        while (k < i && !json_equal(json_object_get(seen[i], key), json_object_get(seen[k], key)))
            k++;
        n_new += k == i;
    }
    return n_new;
}

static void expect_met(const struct sandbox *sandbox, size_t n_pids)
{
    json_t *seen[MANY] = {0};
    size_t n = answers(sandbox, seen);

    cr_assert_eq(n, (size_t)MANY, "%zu answers; log: %s", n, sandbox->done.log);
    cr_expect_eq(n_different(seen, n, "pid"), n_pids);
    cr_expect_eq(n_different(seen, n, "tid"), (size_t)MANY);
    for (size_t i = 0; i < n; i++) {
        cr_expect_eq(json_integer_value(json_object_get(seen[i], "inits")), 1);
        cr_expect_str_eq(json_string_value(json_object_get(seen[i], "trace")), "Root=7");
        cr_expect(json_is_false(json_object_get(seen[i], "variable")));
        json_decref(seen[i]);
    }
}

/* Every record of the handlers is one line of JSON, under the id of its own invocation. */
static void expect_own_ids(const char *log)
{
    for (int i = 1; i <= MANY; i++) {
        char wanted[128];

        snprintf(wanted, sizeof(wanted),
                 "\"message\":\"met\",\"requestId\":\"8476a536-e9f4-11e8-9739-%012d\",\"tid\"", i);
        cr_expect(strstr(log, wanted), "%s not in %s", wanted, log);
    }
}

Test(managed, runs_a_thread_for_each_where_the_handler_is_safe_for_them, .init = make_folder,
     .fini = remove_folder, .timeout = 120)
{
    SANDBOX sandbox = meet("meets_in_threads.handler");

    expect_met(&sandbox, 1);
    expect_own_ids(sandbox.done.log);
    cr_expect_eq(sandbox.done.code, MODE_FAILED); /* the script's end: nobody gets events any more */
}

Test(managed, runs_a_process_for_each_where_it_is_not, .init = make_folder, .fini = remove_folder,
     .timeout = 120)
{
    SANDBOX sandbox = meet("meets_in_processes.handler");

    expect_met(&sandbox, MANY);
    expect_own_ids(sandbox.done.log);
    cr_expect_eq(sandbox.done.code, MODE_FAILED);
}

Test(managed, is_on_with_one_as_well, .init = make_folder, .fini = remove_folder, .timeout = 120)
{
    SANDBOX sandbox = sandbox_run("meets_in_threads.handler",
                                  "{\"concurrency\": 1, \"steps\": [{\"event_text\": \"1\", \"times\": 2}]}",
                                  CHILD_ARGS("AWS_LAMBDA_MAX_CONCURRENCY=1", folder_variable));

    cr_expect(strstr(sandbox_body(&sandbox, 1), "\"variable\":false"), "%s", sandbox_body(&sandbox, 1));
}

/* --- one of them dies */

static size_t n_asked_with(const struct sandbox *sandbox, const char *path_end, const char *body_part)
{
    size_t n = 0;

    for (size_t i = 0; i < sandbox_n_asked(sandbox); i++)
        n += strstr(sandbox_path(sandbox, i), path_end) && strstr(sandbox_body(sandbox, i), body_part);
    return n;
}

static const char one_crash[] = "{\"concurrency\": 2, \"steps\": [{\"event_text\": \"segv\"}, "
                                "{\"event_text\": \"x\", \"times\": 20}]}";

Test(managed, replaces_a_process_that_crashed_and_serves_the_others, .timeout = 120)
{
    SANDBOX sandbox = sandbox_run("crash.handler", one_crash, CHILD_ARGS("AWS_LAMBDA_MAX_CONCURRENCY=2"));

    cr_expect_eq(n_asked_with(&sandbox, "-000000000001/error", "in crash.so+0x"), 1u, "%s", sandbox.done.log);
    cr_expect_eq(n_asked_with(&sandbox, "/response", "alive"), 20u);
    cr_expect(strstr(sandbox.done.log, "\"message\":\"a worker died and is replaced\""), "%s",
              sandbox.done.log);
    cr_expect(strstr(sandbox.done.log, "\"signal\":11}"), "%s", sandbox.done.log);
    cr_expect_eq(sandbox.done.code, MODE_FAILED);
}

Test(managed, reports_the_thread_that_crashed_and_dies, .timeout = 120)
{
    SANDBOX sandbox = sandbox_run("crash_in_threads.handler",
                                  "{\"concurrency\": 2, \"steps\": [{\"event_text\": \"stack\"}]}",
                                  CHILD_ARGS("AWS_LAMBDA_MAX_CONCURRENCY=2"));

    cr_expect_eq(n_asked_with(&sandbox, "-000000000001/error", "(stack overflow)"), 1u, "%s",
                 sandbox.done.log);
    cr_expect_eq(sandbox.done.code, 128 + SIGSEGV);
}

Test(managed, gives_up_on_workers_that_die_as_soon_as_they_start, .timeout = 120)
{
    SANDBOX sandbox =
        sandbox_run("exits.handler", "{\"concurrency\": 100, \"steps\": [{\"event\": 1, \"times\": 100}]}",
                    CHILD_ARGS("AWS_LAMBDA_MAX_CONCURRENCY=1"));

    cr_expect(strstr(sandbox.done.log, "workers die as soon as they are started"), "%s", sandbox.done.log);
    cr_expect(strstr(sandbox.done.log, "\"exitCode\":3}"), "%s", sandbox.done.log);
    cr_expect_eq(sandbox.done.code, MODE_FAILED);
}

/* --- start and end */

Test(managed, reports_an_init_that_fails_and_exits_1, .timeout = 120)
{
    SANDBOX sandbox =
        sandbox_run("init_fail.handler", "{\"steps\": []}", CHILD_ARGS("AWS_LAMBDA_MAX_CONCURRENCY=2"));

    cr_expect_eq(n_asked_with(&sandbox, "/init/error", "NARAE_TEST"), sandbox_n_asked(&sandbox));
    cr_expect_geq(sandbox_n_asked(&sandbox), 1u);
    cr_expect_eq(sandbox.done.code, MODE_FAILED);
}

Test(managed, names_a_concurrency_that_is_no_number, .timeout = 120)
{
    SANDBOX sandbox =
        sandbox_run("echo.handler", "{\"steps\": []}", CHILD_ARGS("AWS_LAMBDA_MAX_CONCURRENCY=many"));

    cr_expect(strstr(sandbox_body(&sandbox, 0), "AWS_LAMBDA_MAX_CONCURRENCY: \\\"many\\\""), "%s",
              sandbox_body(&sandbox, 0));
    cr_expect_eq(sandbox.done.code, MODE_FAILED);
}

static size_t n_lines_with(const char *text, const char *part)
{
    size_t n = 0;

    for (const char *at = text; (at = strstr(at, part)); at += strlen(part))
        n++;
    return n;
}

Test(managed, registers_once_and_runs_the_hook_in_each_process, .timeout = 120)
{
    SANDBOX sandbox =
        sandbox_begin("shuts_down.handler",
                      "{\"concurrency\": 2, \"idle\": true, \"steps\": [{\"event\": 1, \"times\": 4}]}",
                      CHILD_ARGS("AWS_LAMBDA_MAX_CONCURRENCY=2"));

    lambda_api_wait_for(sandbox.server, 12); /* register, event/next, 4 events and answers, 2 that wait */
    kill(sandbox.child.pid, SIGTERM);
    sandbox_end(&sandbox);

    cr_expect_eq(n_asked_with(&sandbox, "/extension/register", ""), 1u);
    cr_expect_eq(sandbox.done.code, MODE_OK);
    cr_expect_eq(n_lines_with(sandbox.done.log, "\"message\":\"shut down\""), 2u, "%s", sandbox.done.log);
}

/* --- the log's own socket */

Test(managed, writes_the_log_where_the_provider_wants_it, .timeout = 120)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char variable[192];
    char text[4096] = {0};
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    int from;

    snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/narae-log-%d", (int)getpid());
    snprintf(variable, sizeof(variable), "_LAMBDA_TELEMETRY_LOG_FD_PROVIDER_SOCKET=%s", address.sun_path);
    cr_assert_eq(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
    cr_assert_eq(listen(listener, 4), 0);
    SANDBOX sandbox = sandbox_run("fail.handler", "{\"concurrency\": 1, \"steps\": [{\"event\": 1}]}",
                                  CHILD_ARGS("AWS_LAMBDA_MAX_CONCURRENCY=1", variable));
    from = accept(listener, NULL, NULL);
    cr_expect_gt(read(from, text, sizeof(text) - 1), 0);
    close(from);
    close(listener);
    unlink(address.sun_path);

    cr_expect(strstr(text, "{\"timestamp\""), "%s", text);
    cr_expect(strstr(text, "\"message\":\"invocation failed\""), "%s", text);
    cr_expect_null(strstr(sandbox.done.log, "invocation failed"), "%s", sandbox.done.log);
}
