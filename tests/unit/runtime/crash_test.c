/* The bootstrap with functions that die: the signal it ends with, what Lambda is told, what the log says. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "built.h"
#include "sandbox.h"

static struct sandbox die_of(const char *event)
{
    char script[512];

    snprintf(
        script, sizeof(script),
        "{\"steps\": [{\"event_text\": \"%s\", \"headers\": {\"Lambda-Runtime-Aws-Request-Id\": \"id-1\","
        "\"Lambda-Runtime-Invocation-Id\": \"try-1\"}}]}",
        event);
    return sandbox_run("crash.handler", script, CHILD_NO_ENV);
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? text : "nothing";
}

static json_t *report(const struct sandbox *sandbox, size_t n)
{
    return json_loads(sandbox_body(sandbox, n), 0, NULL);
}

/* Every death: the signal, the words in front, and the function's own code among the first frames. */
static const struct {
    const char *event;
    int signal;
    const char *message;
} deaths[] = {
    {"segv", SIGSEGV, "SIGSEGV (nothing is mapped there) at 0x10, in crash.so+0x"},
    {"libc", SIGSEGV, "SIGSEGV (nothing is mapped there) at 0x20, in "},
    {"call", SIGSEGV, "SIGSEGV (nothing is mapped there) at 0x0, in ?+0x0"},
    {"bus", SIGBUS, "SIGBUS (behind the end of a mapped file) at 0x"},
#ifdef __x86_64__
    {"fpe", SIGFPE, "SIGFPE (integer division by zero), in crash.so+0x"},
    {"wild", SIGSEGV, "SIGSEGV (an address that cannot exist), in crash.so+0x"},
#endif
    {"ill", SIGILL, "SIGILL (illegal instruction), in crash.so+0x"},
    {"abrt", SIGABRT, "SIGABRT (abort), in "},
    {"stack", SIGSEGV, "SIGSEGV (stack overflow) at 0x"},
    {"thread", SIGSEGV, "SIGSEGV (nothing is mapped there) at 0x10, in crash.so+0x"},
    {"broken stack", SIGSEGV, "SIGSEGV (nothing is mapped there) at 0x18, in crash.so+0x"},
    {"raise", SIGSEGV, "SIGSEGV (sent by process "},
};

static bool names_the_function(const json_t *frames)
{
    for (size_t i = 0; i < json_array_size(frames) && i < 6; i++)
        if (strncmp(json_string_value(json_array_get(frames, i)), "crash.so+0x", 11) == 0)
            return true;
    return false;
}

Test(crash, is_reported_and_then_the_process_dies_of_it, .timeout = 120)
{
    for (size_t i = 0; i < sizeof(deaths) / sizeof(deaths[0]); i++) {
        SANDBOX sandbox = die_of(deaths[i].event);
        json_t *body = report(&sandbox, 1);

        cr_expect_eq(sandbox.done.code, 128 + deaths[i].signal, "%s: %d", deaths[i].event, sandbox.done.code);
        cr_expect_str_eq(sandbox_path(&sandbox, 1), "/2018-06-01/runtime/invocation/id-1/error", "%s",
                         deaths[i].event);
        cr_expect(strncmp(text_of(body, "errorMessage"), deaths[i].message, strlen(deaths[i].message)) == 0,
                  "%s: %s", deaths[i].event, text_of(body, "errorMessage"));
        cr_expect_str_eq(text_of(body, "errorType"), "Runtime.NativeCrash");
        cr_expect_str_eq(text_of(body, "requestId"), "id-1");
        cr_expect(names_the_function(json_object_get(body, "stackTrace")), "%s: %s", deaths[i].event,
                  sandbox_body(&sandbox, 1));
        cr_expect_str_eq(sandbox_header(&sandbox, 1, "lambda-runtime-function-error-type"),
                         "Runtime.NativeCrash");
        cr_expect_str_eq(sandbox_header(&sandbox, 1, "lambda-runtime-invocation-id"), "try-1");
        cr_expect(
            strstr(sandbox.done.log, "\"level\":\"FATAL\",\"message\":\"crashed\",\"requestId\":\"id-1\""),
            "%s: %s", deaths[i].event, sandbox.done.log);
        json_decref(body);
    }
}

Test(crash, in_init_goes_to_init_error)
{
    SANDBOX sandbox = sandbox_run("crash_init.handler", "{\"steps\": [{\"event\": 1}]}", CHILD_NO_ENV);
    json_t *body = report(&sandbox, 0);

    cr_expect_eq(sandbox.done.code, 128 + SIGSEGV);
    cr_expect_str_eq(sandbox_path(&sandbox, 0), "/2018-06-01/runtime/init/error");
    cr_expect(strstr(text_of(body, "errorMessage"), "at 0x30, in crash_init.so+0x"), "%s",
              sandbox_body(&sandbox, 0));
    cr_expect_null(json_object_get(body, "requestId"));
    json_decref(body);
}

/* The whole way: frames that addr2line finds in the source. */
Test(crash, frames_lead_to_the_lines)
{
    SANDBOX sandbox = die_of("libc");
    json_t *body = report(&sandbox, 1);
    const json_t *frames = json_object_get(body, "stackTrace");
    char command[4096] = "";
    char found[1024] = {0};
    FILE *lines;

    for (size_t i = 0; i < json_array_size(frames) && !command[0]; i++) {
        const char *frame = json_string_value(json_array_get(frames, i));

        if (strncmp(frame, "crash.so+", 9) == 0)
            snprintf(command, sizeof(command), "addr2line -f -e %s %s",
                     built_path("tests/functions/crash.so"), frame + 9);
    }
    lines = popen(command, "r");
    cr_assert_not_null(lines);
    cr_expect_gt(fread(found, 1, sizeof(found) - 1, lines), 0u);
    pclose(lines);

    cr_expect(strstr(found, "in_libc\n"), "%s: %s", command, found);
    cr_expect(strstr(found, "crash.c:"), "%s", found);
    json_decref(body);
}

/* Nobody answers the report: the process dies all the same, and soon. */
Test(crash, does_not_wait_for_a_server_that_is_silent, .timeout = 30)
{
    SANDBOX sandbox = sandbox_run("crash.handler",
                                  "{\"steps\": [{\"event_text\": \"segv\", \"error\": {\"cut\": 0, "
                                  "\"then\": \"hang\"}}]}",
                                  CHILD_NO_ENV);

    cr_expect_eq(sandbox.done.code, 128 + SIGSEGV);
}

Test(crash, on_its_own_is_in_the_log)
{
    struct child_done done = child_run(CHILD_ARGS("--invoke", "crash.handler", "-"),
                                       CHILD_ARGS("AWS_LAMBDA_LOG_FORMAT=JSON"), "segv");

    cr_expect_eq(done.code, 128 + SIGSEGV);
    cr_expect(strstr(done.log, "\"level\":\"FATAL\",\"message\":\"crashed\",\"requestId\":\"local\""), "%s",
              done.log);
}
