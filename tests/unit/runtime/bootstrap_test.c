/* The program as a whole: what it writes, and its exit code. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "runtime/mode.h"
#include "sandbox.h"

/* --- on its own */

Test(bootstrap, runs_one_event_from_standard_input)
{
    struct child_done done =
        child_run(CHILD_ARGS("--invoke", "echo.handler", "-"), CHILD_NO_ENV, "{\"a\":1}");

    cr_expect_eq(done.code, MODE_OK);
    cr_expect_str_eq(done.out, "{\"a\":1}\n");
    cr_expect_str_eq(done.log, "");
}

Test(bootstrap, shows_the_error_and_exits_1_when_the_function_fails)
{
    struct child_done done = child_run(CHILD_ARGS("--invoke", "fail.handler", "-"), CHILD_NO_ENV, "1");

    cr_expect_eq(done.code, MODE_FAILED);
    cr_expect_str_eq(done.out, "{\"errorMessage\":\"caf\xC3\xA9 \\\"closed\\\", broken \xEF\xBF\xBD byte\","
                               "\"errorType\":\"Function.Refused\",\"stackTrace\":[]}\n");
    cr_expect(strstr(done.log, "ERROR local invocation failed"), "%s", done.log);
}

Test(bootstrap, shows_why_init_failed)
{
    struct child_done done = child_run(CHILD_ARGS("--invoke", "init_fail.handler", "-"), CHILD_NO_ENV, "1");

    cr_expect_eq(done.code, MODE_FAILED);
    cr_expect(strstr(done.out, "init_fail init: NARAE_TEST: \\\"x\\\" is not a whole number"), "%s",
              done.out);
}

Test(bootstrap, says_which_event_cannot_be_read)
{
    struct child_done done =
        child_run(CHILD_ARGS("--invoke", "echo.handler", "/nonexistent/event.json"), CHILD_NO_ENV, "");

    cr_expect_eq(done.code, MODE_FAILED);
    cr_expect(strstr(done.log, "cannot open /nonexistent/event.json: No such file or directory"), "%s",
              done.log);
}

Test(bootstrap, gives_a_local_event_the_timeout_of_the_function)
{
    struct child_done given = child_run(CHILD_ARGS("--invoke", "report.handler", "-"),
                                        CHILD_ARGS("AWS_LAMBDA_FUNCTION_TIMEOUT=42"), "1");
    struct child_done usual = child_run(CHILD_ARGS("--invoke", "report.handler", "-"), CHILD_NO_ENV, "1");

    cr_expect(strstr(given.out, "\"left_s\":42"), "%s", given.out);
    cr_expect(strstr(usual.out, "\"left_s\":300"), "%s", usual.out);
}

Test(bootstrap, refuses_a_command_line_that_it_does_not_know)
{
    static const char *const lines[][4] = {{"--invoke", "echo.handler"}, {"--check"}, {"--nonsense"}, {NULL}};

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        struct child_done done = child_run(lines[i], CHILD_NO_ENV, "");

        cr_expect_eq(done.code, MODE_USAGE);
        cr_expect(strstr(done.log, "usage: bootstrap"), "%s", done.log);
        cr_expect_str_eq(done.out, "");
    }
}

Test(bootstrap, repeats_an_event_and_says_what_that_took)
{
    struct child_done done =
        child_run(CHILD_ARGS("--invoke", "echo.handler", "-", "--repeat", "100"), CHILD_NO_ENV, "{\"a\":1}");

    cr_expect_eq(done.code, MODE_OK);
    cr_expect_str_eq(done.out, "{\"a\":1}\n");
    cr_expect_eq(strncmp(done.log, "100 invocations: first ", 23), 0, "%s", done.log);
    cr_expect(strstr(done.log, " ms, min ") && strstr(done.log, ", median ") && strstr(done.log, ", p99 ") &&
                  strstr(done.log, ", max "),
              "%s", done.log);
}

Test(bootstrap, repeats_until_one_fails)
{
    struct child_done done =
        child_run(CHILD_ARGS("--invoke", "fail.handler", "-", "--repeat", "100"), CHILD_NO_ENV, "1");

    cr_expect_eq(done.code, MODE_FAILED);
    cr_expect(strstr(done.out, "Function.Refused"), "%s", done.out);
    cr_expect_null(strstr(done.log, "invocations"), "%s", done.log);
}

Test(bootstrap, ends_a_function_that_takes_too_long, .timeout = 60)
{
    struct child_done done =
        child_run(CHILD_ARGS("--invoke", "hangs.handler", "-", "--timeout", "120"), CHILD_NO_ENV, "\"hang\"");

    cr_expect_eq(done.code, MODE_TIMEOUT);
    cr_expect_str_eq(done.out, "{\"errorMessage\":\"Task timed out after 0.12 seconds\","
                               "\"errorType\":\"Sandbox.Timeout\"}\n");
    cr_expect_str_eq(done.log, "bootstrap: the function took longer than --timeout 120 ms\n");
}

Test(bootstrap, tells_the_function_its_timeout_and_lets_a_quick_one_be)
{
    struct child_done done = child_run(CHILD_ARGS("--invoke", "report.handler", "-", "--timeout", "7000"),
                                       CHILD_ARGS("AWS_LAMBDA_FUNCTION_TIMEOUT=42"), "1");

    cr_expect_eq(done.code, MODE_OK);
    cr_expect(strstr(done.out, "\"left_s\":7"), "%s", done.out);
    cr_expect_str_eq(done.log, "");
}

Test(bootstrap, prints_version_and_help)
{
    struct child_done version = child_run(CHILD_ARGS("--version"), CHILD_NO_ENV, "");
    struct child_done help = child_run(CHILD_ARGS("--help"), CHILD_NO_ENV, "");

    cr_expect_eq(version.code, MODE_OK);
    cr_expect_str_eq(version.out, "narae " NARAE_VERSION "\n");
    cr_expect_eq(help.code, MODE_OK);
    cr_expect(strstr(help.out, "usage: bootstrap"));
}

Test(bootstrap, describes_a_function)
{
    struct child_done done = child_run(CHILD_ARGS("--check", "echo.handler"), CHILD_NO_ENV, "");

    cr_expect_eq(done.code, MODE_OK);
    cr_expect(strstr(done.out, "libnarae.so"), "%s", done.out);
    cr_expect(strstr(done.out, "handler    echo: ABI 1 of 1, table of 48 bytes\nfunctions  invoke\n"), "%s",
              done.out);
    cr_expect_str_eq(done.log, "");
}

Test(bootstrap, finds_what_will_not_run_on_lambda)
{
    static const char *const bad[][2] = {
        {"too_new.handler", "needs GLIBC_2.36, provided.al2023 has 2.34"},
        {"needs_more.handler",
         "needs libz.so.1, which is not on Lambda, in the layer or beside the function"},
        {"missing.handler", "Runtime.UnreadableHandler: cannot read "},
        {"echo.nothing", "Runtime.HandlerNotFound: no symbol \"nothing\""},
        {"newer_abi.handler", "Runtime.HandlerAbiMismatch: "},
        {"echo", "Runtime.MalformedHandlerName: "},
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct child_done done = child_run(CHILD_ARGS("--check", bad[i][0]), CHILD_NO_ENV, "");

        cr_expect_eq(done.code, MODE_FAILED, "%s", bad[i][0]);
        cr_expect(strstr(done.log, bad[i][1]), "%s: %s", bad[i][0], done.log);
    }
}

/* --- in a sandbox */

Test(bootstrap, serves_events_on_one_connection_until_told_to_end)
{
    SANDBOX sandbox =
        sandbox_run("echo.handler", "{\"steps\": [{\"event\": [1], \"times\": 100}]}", CHILD_NO_ENV);

    cr_expect_eq(sandbox.done.code, MODE_FAILED); /* 500 on next: there is no good end */
    cr_expect_eq(sandbox_n_asked(&sandbox), 201u);
    cr_expect_eq(json_integer_value(json_object_get(sandbox_asked(&sandbox, 200), "connection")), 1);
    cr_expect_str_eq(sandbox_body(&sandbox, 199), "[1]");
}

Test(bootstrap, shows_functions_their_invocation)
{
    SANDBOX sandbox =
        sandbox_run("report.handler",
                    "{\"steps\": [{\"headers\": {\"Lambda-Runtime-Aws-Request-Id\": \"id-1\","
                    "\"Lambda-Runtime-Trace-Id\": \"Root=1\", \"Lambda-Runtime-Client-Context\": \"{x\"}},"
                    "{\"headers\": {\"Lambda-Runtime-Trace-Id\": null}, \"deadline_in_ms\": -5000}]}",
                    CHILD_NO_ENV);

    cr_expect_str_eq(
        sandbox_body(&sandbox, 1),
        "{\"request_id\":\"id-1\",\"content_type\":\"application/json\","
        "\"function_arn\":\"arn:aws:lambda:us-east-1:123456789012:function:test\",\"trace_id\":\"Root=1\","
        "\"tenant_id\":\"\",\"client_context\":\"{x\",\"cognito_identity\":null,\"left_s\":60,"
        "\"_X_AMZN_TRACE_ID\":\"Root=1\",\"AWS_EXECUTION_ENV\":\"AWS_Lambda_narae\"}");
    cr_expect(strstr(sandbox_body(&sandbox, 3), "\"left_s\":0,\"_X_AMZN_TRACE_ID\":null"), "%s",
              sandbox_body(&sandbox, 3));
}

static const struct {
    const char *handler;
    const char *type;
    const char *words;
} cannot_start[] = {
    {"missing.handler", "Runtime.ImportModuleError", "missing.so: cannot open shared object file"},
    {"echo.nothing", "Runtime.HandlerNotFound", "undefined symbol: nothing"},
    {"echo", "Runtime.MalformedHandlerName", "_HANDLER: \\\"echo\\\" is not FILE.SYMBOL"},
    {"", "Runtime.MalformedHandlerName", "_HANDLER is not set"},
    {"newer_abi.handler", "Runtime.HandlerAbiMismatch", "was built for ABI 2"},
    {"future_glibc.handler", "Runtime.ImportModuleError", "version `GLIBC_2.99' not found"},
    {"init_fail.handler", "Function.InvalidSetting",
     "init_fail init: NARAE_TEST: \\\"x\\\" is not a whole number"},
};

Test(bootstrap, reports_why_it_cannot_start_and_exits_1)
{
    for (size_t i = 0; i < sizeof(cannot_start) / sizeof(cannot_start[0]); i++) {
        const char *handler = cannot_start[i].handler;
        SANDBOX sandbox = sandbox_run(handler, "{\"steps\": [{\"event\": 1}]}", CHILD_NO_ENV);

        cr_expect_eq(sandbox.done.code, MODE_FAILED, "%s", handler);
        cr_expect_eq(sandbox_n_asked(&sandbox), 1u, "%s", handler);
        cr_expect_str_eq(sandbox_path(&sandbox, 0), "/2018-06-01/runtime/init/error", "%s", handler);
        cr_expect(strstr(sandbox_body(&sandbox, 0), cannot_start[i].words), "%s: %s", handler,
                  sandbox_body(&sandbox, 0));
        cr_expect_str_eq(sandbox_header(&sandbox, 0, "lambda-runtime-function-error-type"),
                         cannot_start[i].type, "%s", handler);
        cr_expect(strstr(sandbox.done.log, "\"message\":\"init failed\""), "%s", sandbox.done.log);
    }
}

Test(bootstrap, exits_1_when_even_the_report_is_refused)
{
    SANDBOX sandbox =
        sandbox_run("missing.handler", "{\"steps\": [], \"init_error\": {\"status\": 403}}", CHILD_NO_ENV);

    cr_expect_eq(sandbox.done.code, MODE_FAILED);
    cr_expect(strstr(sandbox.done.log, "init error not accepted"), "%s", sandbox.done.log);
}

Test(bootstrap, dies_as_the_function_does)
{
    SANDBOX sandbox = sandbox_run("exits.handler", "{\"steps\": [{\"event\": 1}]}", CHILD_NO_ENV);

    cr_expect_eq(sandbox.done.code, 3);
    cr_expect_eq(sandbox_n_asked(&sandbox), 1u);
}

Test(bootstrap, says_that_the_api_address_is_wrong)
{
    struct child_done done =
        child_run(CHILD_ARGS("echo.handler"),
                  CHILD_ARGS("AWS_LAMBDA_RUNTIME_API=nowhere", "_HANDLER=echo.handler"), "");

    cr_expect_eq(done.code, MODE_FAILED);
    cr_expect(strstr(done.log, "AWS_LAMBDA_RUNTIME_API: \\\"nowhere\\\" is not host:port"), "%s", done.log);
}
