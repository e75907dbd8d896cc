#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <narae/clock.h>
#include <narae/log.h>

#include "lambda_api.h"
#include "runtime/loop.h"

/* --- one event, on a clock that stands still */

enum {
    NOW_UNIX_MS = 1764000000,
    NOW_MONO_MS = 5000
}; /* small enough for an int; the arithmetic is the same */

static int64_t fixed_wall_ms(void *self)
{
    (void)self;
    return NOW_UNIX_MS;
}

static int64_t fixed_mono_ms(void *self)
{
    (void)self;
    return NOW_MONO_MS;
}

static void stop_clock(void)
{
    static const struct nr_clock fixed = {fixed_wall_ms, fixed_mono_ms, NULL};

    nr_clock_replace(&fixed);
}

static struct nr_request seen;

static int look(const struct nr_request *request, struct nr_reply *reply, struct nr_err *err)
{
    seen = *request;
    return nr_reply_bytes(reply, NR_VIEW("1"), "text/plain", err);
}

static int say_nothing(const struct nr_request *request, struct nr_reply *reply, struct nr_err *err)
{
    (void)request;
    (void)reply;
    (void)err;
    return 0;
}

static int fail_silently(const struct nr_request *request, struct nr_reply *reply, struct nr_err *err)
{
    (void)request;
    (void)reply;
    (void)err;
    return -1;
}

/* The event says how many bytes to reply with. */
static int reply_with_bytes(const struct nr_request *request, struct nr_reply *reply, struct nr_err *err)
{
    char *end;
    size_t n = strtoul(request->event.ptr, &end, 10);
    char *bytes = calloc(1, n);
    int result = nr_reply_bytes(reply, nr_view_n(bytes, n), NULL, err);

    free(bytes);
    return result;
}

static struct nr_handler handler_of(nr_invoke_fn invoke)
{
    return (struct nr_handler){NR_ABI, sizeof(struct nr_handler), "tested", NULL, invoke, NULL};
}

struct
try {
    struct nr_buf body;
    struct nr_reply reply;
    struct nr_err failure;
};

static void try_done(struct try *t)
{
    nr_buf_done(&t->body);
}

#define TRY NR_AUTO(try_done) struct try

static int invoke_once(struct try *t, nr_invoke_fn invoke, const char *event, int64_t deadline_unix_ms)
{
    const struct nr_handler handler = handler_of(invoke);
    const struct api_event arrived = {.body = nr_view(event),
                                      .request_id = "id-1",
                                      .content_type = "text/plain",
                                      .function_arn = "arn",
                                      .trace_id = "Root=1",
                                      .tenant_id = "blue",
                                      .deadline_unix_ms = deadline_unix_ms};

    stop_clock();
    *t = (struct try){0};
    loop_reply_init(&t->reply, &t->body);
    return loop_invoke(&handler, &arrived, &t->reply, &t->failure);
}

Test(loop, shows_the_event_to_the_handler)
{
    TRY t;

    cr_assert_eq(invoke_once(&t, look, "event", NOW_UNIX_MS + 3000), 0, "%s", t.failure.message);

    cr_expect(nr_view_is(seen.event, NR_VIEW("event")));
    cr_expect_str_eq(seen.request_id, "id-1");
    cr_expect_str_eq(seen.content_type, "text/plain");
    cr_expect_str_eq(seen.function_arn, "arn");
    cr_expect_str_eq(seen.trace_id, "Root=1");
    cr_expect_str_eq(seen.tenant_id, "blue");
    cr_expect_eq(seen.deadline_unix_ms, NOW_UNIX_MS + 3000);
    cr_expect_eq(seen.deadline_mono_ms, NOW_MONO_MS + 3000);
    cr_expect_eq(seen.struct_bytes, sizeof(struct nr_request));
    cr_expect_str_eq(t.reply.content_type, "text/plain");
    cr_expect(nr_view_is(nr_buf_view(&t.body), NR_VIEW("1")));
}

Test(loop, keeps_a_deadline_that_has_just_passed)
{
    TRY t;

    cr_assert_eq(invoke_once(&t, look, "", NOW_UNIX_MS - 1000), 0);

    cr_expect_eq(seen.deadline_mono_ms, NOW_MONO_MS - 1000);
    cr_expect_eq(nr_request_left_ms(&seen), 0);
}

Test(loop, takes_a_missing_or_absurd_deadline_for_unknown)
{
    static const int64_t absurd[] = {0, 1, NOW_UNIX_MS - 86400001LL, NOW_UNIX_MS + 86400001LL, 9999999999999};

    for (size_t i = 0; i < sizeof(absurd) / sizeof(absurd[0]); i++) {
        TRY t;

        cr_assert_eq(invoke_once(&t, look, "", absurd[i]), 0);
        cr_expect_eq(seen.deadline_unix_ms, 0, "%lld", (long long)absurd[i]);
        cr_expect_eq(seen.deadline_mono_ms, NR_CLOCK_NEVER_MS, "%lld", (long long)absurd[i]);
    }
}

Test(loop, replies_null_when_the_handler_says_nothing)
{
    TRY t;

    cr_assert_eq(invoke_once(&t, say_nothing, "", 0), 0);

    cr_expect(nr_view_is(nr_buf_view(&t.body), NR_VIEW("null")));
    cr_expect_str_eq(t.reply.content_type, "application/json");
}

Test(loop, names_the_handler_that_fails_without_an_error)
{
    TRY t;

    cr_expect_eq(invoke_once(&t, fail_silently, "", 0), -1);

    cr_expect_eq(t.failure.kind, NR_ERR_BUG);
    cr_expect_str_eq(t.failure.type, "Function.Unknown");
    cr_expect_str_eq(t.failure.message, "\"tested\" failed without an error");
}

Test(loop, takes_a_reply_of_the_limit)
{
    TRY t;

    cr_expect_eq(invoke_once(&t, reply_with_bytes, "6291556", 0), 0, "%s", t.failure.message);
    cr_expect_eq(t.body.len, 6291556u);
}

Test(loop, names_both_sizes_of_a_reply_over_the_limit)
{
    TRY t;

    cr_expect_eq(invoke_once(&t, reply_with_bytes, "6291557", 0), -1);

    cr_expect_eq(t.failure.kind, NR_ERR_INVALID);
    cr_expect_str_eq(t.failure.type, "Function.ResponseSizeTooLarge");
    cr_expect_str_eq(t.failure.message, "the reply has 6291557 bytes, Lambda takes 6291556");
}

/* --- many events, over the Runtime API */

static const char *trace_seen[4];
static int n_trace_seen;

static int note_trace(const struct nr_request *request, struct nr_reply *reply, struct nr_err *err)
{
    const char *value = getenv("_X_AMZN_TRACE_ID");

    trace_seen[n_trace_seen++] = value ? strdup(value) : NULL;
    return nr_reply_bytes(reply, request->event, NULL, err);
}

static int refuse_two(const struct nr_request *request, struct nr_reply *reply, struct nr_err *err)
{
    if (nr_view_is(request->event, NR_VIEW("2")))
        return nr_err_set(err, NR_ERR_INVALID, "Function.NoTwo", "not \"2\"");
    return nr_reply_bytes(reply, request->event, NULL, err);
}

struct run {
    struct lambda_api *server;
    struct nr_err err; /* why the loop ended */
    char log[8192];
};

static void run_done(struct run *run)
{
    lambda_api_free(run->server);
}

#define RUN NR_AUTO(run_done) struct run

/* Run a whole script; a log is a file that has been forgotten. */
static struct run run_script(const char *script, nr_invoke_fn invoke)
{
    const struct nr_handler handler = handler_of(invoke);
    struct run run = {0};
    struct api api;
    FILE *log = tmpfile();
    size_t n;

    nr_log_to(fileno(log));
    cr_assert_eq(lambda_api_start(script, NULL, &run.server, &run.err), 0, "%s", run.err.message);
    cr_assert_eq(api_init(&api, lambda_api_authority(run.server), &run.err), 0, "%s", run.err.message);
    cr_expect_eq(loop_run(&api, &handler, &run.err), -1);
    api_done(&api);
    rewind(log);
    n = fread(run.log, 1, sizeof(run.log) - 1, log);
    run.log[n] = '\0';
    fclose(log);
    return run;
}

static size_t n_lines_with(const char *text, const char *part)
{
    size_t n = 0;

    for (const char *at = text; (at = strstr(at, part)); at += strlen(part))
        n++;
    return n;
}

static const char *what(const struct run *run, size_t n)
{
    const char *path =
        json_string_value(json_object_get(json_array_get(lambda_api_stop(run->server), n), "path"));

    return path ? strrchr(path, '/') + 1 : "nothing";
}

static const char *body(const struct run *run, size_t n)
{
    return json_string_value(json_object_get(json_array_get(lambda_api_stop(run->server), n), "body"));
}

Test(loop, sets_the_trace_id_for_each_event_and_unsets_it_when_absent)
{
    RUN run = run_script("{\"steps\": [{\"headers\": {\"Lambda-Runtime-Trace-Id\": \"Root=1\"}},"
                         "{\"headers\": {\"Lambda-Runtime-Trace-Id\": \"Root=2\"}},"
                         "{\"headers\": {\"Lambda-Runtime-Trace-Id\": null}}]}",
                         note_trace);

    cr_assert_eq(n_trace_seen, 3, "%s", run.log);
    cr_expect_str_eq(trace_seen[0], "Root=1");
    cr_expect_str_eq(trace_seen[1], "Root=2");
    cr_expect_null(trace_seen[2]);
}

Test(loop, reports_and_logs_a_failure_once_and_goes_on)
{
    RUN run = run_script("{\"steps\": [{\"event\": 1}, {\"event\": 2}, {\"event\": 3}]}", refuse_two);

    cr_expect_str_eq(what(&run, 1), "response");
    cr_expect_str_eq(what(&run, 3), "error");
    cr_expect_str_eq(
        body(&run, 3),
        "{\"errorMessage\":\"not \\\"2\\\"\",\"errorType\":\"Function.NoTwo\",\"stackTrace\":[]}");
    cr_expect_str_eq(what(&run, 5), "response");
    cr_expect_str_eq(body(&run, 5), "3");
    cr_expect_eq(n_lines_with(run.log, "Function.NoTwo"), 1u, "%s", run.log);
    cr_expect(strstr(run.log, "8476a536-e9f4-11e8-9739-000000000002"), "%s", run.log);
}

Test(loop, does_not_report_an_error_after_a_refused_reply)
{
    RUN run = run_script("{\"steps\": [{\"event\": 1, \"response\": {\"status\": 413}}, {\"event\": 3}]}",
                         refuse_two);

    cr_expect_str_eq(what(&run, 1), "response");
    cr_expect_str_eq(what(&run, 2), "next");
    cr_expect_eq(n_lines_with(run.log, "answered 413"), 1u, "%s", run.log);
}

Test(loop, answers_an_unreadable_event_with_an_error_and_goes_on)
{
    RUN run =
        run_script("{\"steps\": [{\"headers\": {\"Lambda-Runtime-Aws-Request-Id\": \"id-9\"}, \"next\": "
                   "{\"raw\": \"HTTP/1.1 200 OK\\r\\nLambda-Runtime-Aws-Request-Id: id-9\\r\\n"
                   "Content-Length: 99999999\\r\\n\\r\\n\"}}, {\"event\": 3}]}",
                   refuse_two);

    cr_expect_str_eq(what(&run, 1), "error");
    cr_expect(strstr(body(&run, 1), "body too long"), "%s", body(&run, 1));
    cr_expect_str_eq(what(&run, 3), "response");
    cr_expect_eq(n_lines_with(run.log, "body too long"), 1u, "%s", run.log);
}

Test(loop, warns_once_of_an_invocation_id_that_cannot_be_echoed)
{
    RUN run = run_script("{\"steps\": [{\"event\": 1, \"times\": 3, \"headers\": "
                         "{\"Lambda-Runtime-Invocation-Id\": \"a\\tb\"}}]}",
                         refuse_two);

    cr_expect_str_eq(what(&run, 5), "response");
    cr_expect_eq(n_lines_with(run.log, "cannot be echoed"), 1u, "%s", run.log);
}

Test(loop, ends_when_an_answer_says_that_the_sandbox_is_broken)
{
    RUN run = run_script("{\"steps\": [{\"event\": 1, \"response\": {\"status\": 500}}, {\"event\": 3}]}",
                         refuse_two);

    cr_expect_str_eq(what(&run, 1), "response");
    cr_expect_str_eq(what(&run, 2), "nothing");
    cr_expect_eq(n_lines_with(run.log, "answered 500"), 1u, "%s", run.log);
    cr_expect(strstr(run.err.message, "the sandbox is broken"), "%s", run.err.message);
}

Test(loop, ends_with_the_reason_when_there_are_no_more_events)
{
    RUN run = run_script("{\"steps\": []}", refuse_two);

    cr_expect_str_eq(what(&run, 0), "next");
    cr_expect_str_eq(run.err.type, "Runtime.NextRefused");
    cr_expect_eq(n_lines_with(run.log, "no more events"), 1u, "%s", run.log);
}
