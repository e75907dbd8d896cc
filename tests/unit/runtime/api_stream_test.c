/* Replies in pieces: what goes over the wire, what becomes of failures, of a caller that is gone, of a
 * crash. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "runtime/mode.h"
#include "sandbox.h"

/* One event of that text, and one more that is answered as a whole: the sandbox goes on. */
static struct sandbox stream(const char *event, const char *behaviour)
{
    char script[512];

    snprintf(
        script, sizeof(script),
        "{\"steps\": [{\"event_text\": \"%s\", \"headers\": {\"Lambda-Runtime-Aws-Request-Id\": \"id-1\", "
        "\"Lambda-Runtime-Invocation-Id\": \"try-1\"}%s}, {\"event\": 1}]}",
        event, behaviour);
    return sandbox_run("streams.handler", script, CHILD_NO_ENV);
}

static const char *trailer(const struct sandbox *sandbox, size_t n, const char *name)
{
    const char *text =
        json_string_value(json_object_get(json_object_get(sandbox_asked(sandbox, n), "trailers"), name));

    return text ? text : "";
}

static int number(const struct sandbox *sandbox, size_t n, const char *key)
{
    return (int)json_integer_value(json_object_get(sandbox_asked(sandbox, n), key));
}

static void expect_whole_reply_next(const struct sandbox *sandbox)
{
    cr_expect(strstr(sandbox_path(sandbox, 2), "/invocation/next"), "%s", sandbox_path(sandbox, 2));
    cr_expect_str_eq(sandbox_body(sandbox, 3), "whole");
    cr_expect_str_eq(sandbox_header(sandbox, 3, "lambda-runtime-function-response-mode"), "");
    cr_expect_eq(sandbox->done.code, MODE_FAILED); /* the script's end */
}

Test(api_stream, sends_each_piece_as_a_chunk, .timeout = 60)
{
    SANDBOX sandbox = stream("pieces", "");

    cr_expect_str_eq(sandbox_path(&sandbox, 1), "/2018-06-01/runtime/invocation/id-1/response");
    cr_expect_str_eq(sandbox_body(&sandbox, 1), "one two three");
    cr_expect_eq(number(&sandbox, 1, "chunks"), 3);
    cr_expect_eq(number(&sandbox, 1, "status"), 202);
    cr_expect_str_eq(sandbox_header(&sandbox, 1, "content-type"), "text/plain");
    cr_expect_str_eq(sandbox_header(&sandbox, 1, "lambda-runtime-function-response-mode"), "streaming");
    cr_expect_str_eq(sandbox_header(&sandbox, 1, "lambda-runtime-invocation-id"), "try-1");
    cr_expect_str_eq(sandbox_header(&sandbox, 1, "trailer"),
                     "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body");
    cr_expect_str_eq(trailer(&sandbox, 1, "lambda-runtime-function-error-type"), "");
    /* The next event comes over a new connection. */
    cr_expect_eq(number(&sandbox, 1, "connection"), 1);
    cr_expect_eq(number(&sandbox, 2, "connection"), 2);
    expect_whole_reply_next(&sandbox);
    cr_expect_null(strstr(sandbox.done.log, "ERROR"), "%s", sandbox.done.log);
}

Test(api_stream, may_be_empty, .timeout = 60)
{
    SANDBOX sandbox = stream("nothing", "");

    cr_expect_str_eq(sandbox_header(&sandbox, 1, "lambda-runtime-function-response-mode"), "streaming");
    cr_expect_str_eq(sandbox_header(&sandbox, 1, "content-type"), "application/octet-stream");
    cr_expect_eq(number(&sandbox, 1, "body_bytes"), 0);
    expect_whole_reply_next(&sandbox);
}

Test(api_stream, failure_before_the_first_piece_is_an_ordinary_one, .timeout = 60)
{
    SANDBOX sandbox = stream("fail before", "");

    cr_expect_str_eq(sandbox_path(&sandbox, 1), "/2018-06-01/runtime/invocation/id-1/error");
    cr_expect_str_eq(sandbox_header(&sandbox, 1, "lambda-runtime-function-error-type"), "Function.Before");
    expect_whole_reply_next(&sandbox);
}

Test(api_stream, failure_after_it_is_in_the_trailers, .timeout = 60)
{
    SANDBOX sandbox = stream("fail after", "");

    cr_expect_str_eq(sandbox_body(&sandbox, 1), "one two three");
    cr_expect_str_eq(trailer(&sandbox, 1, "lambda-runtime-function-error-type"), "Function.After");
    /* {"errorMessage":"after the third piece","errorType":"Function.After","stackTrace":[]} */
    cr_expect_str_eq(
        trailer(&sandbox, 1, "lambda-runtime-function-error-body"),
        "eyJlcnJvck1lc3NhZ2UiOiJhZnRlciB0aGUgdGhpcmQgcGllY2UiLCJlcnJvclR5cGUiOiJGdW5jdGlvbi5BZnRlciIs"
        "InN0YWNrVHJhY2UiOltdfQ==");
    cr_expect(strstr(sandbox.done.log, "after the third piece"), "%s", sandbox.done.log);
    expect_whole_reply_next(&sandbox);
}

Test(api_stream, http_prelude_leaves_with_the_first_piece, .timeout = 60)
{
    static const char expected[] = "{\"statusCode\":201,\"headers\":{\"x-a\":\"b\"}}\0\0\0\0\0\0\0\0<p>";
    SANDBOX sandbox = stream("http", "");
    const json_t *body = json_object_get(sandbox_asked(&sandbox, 1), "body");

    cr_expect_str_eq(sandbox_header(&sandbox, 1, "content-type"),
                     "application/vnd.awslambda.http-integration-response");
    cr_assert_eq(json_string_length(body), sizeof(expected) - 1);
    cr_expect_eq(memcmp(json_string_value(body), expected, sizeof(expected) - 1), 0);
    cr_expect_eq(number(&sandbox, 1, "chunks"), 1);
}

Test(api_stream, a_piece_of_no_bytes_sends_the_head_and_does_not_end_the_reply, .timeout = 60)
{
    SANDBOX sandbox = stream("flush", "");

    cr_expect_str_eq(sandbox_body(&sandbox, 1), "late");
    cr_expect_eq(number(&sandbox, 1, "chunks"), 1);
    expect_whole_reply_next(&sandbox);
}

Test(api_stream, notices_that_the_caller_is_gone_and_goes_on, .timeout = 60)
{
    static const char *const ways[] = {
        ", \"response\": {\"cut\": 0, \"early\": true, \"then\": \"reset\"}",
        ", \"response\": {\"cut\": 0, \"early\": true, \"then\": \"close\"}",
    };

    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        SANDBOX sandbox = stream("gone", ways[i]);

        cr_expect(strstr(sandbox.done.log, "the caller is gone or was refused"), "%s", sandbox.done.log);
        cr_expect_null(strstr(sandbox.done.log, "invocation failed"), "told twice: %s", sandbox.done.log);
        expect_whole_reply_next(&sandbox);
    }
}

Test(api_stream, says_what_lambda_said_when_it_refused_in_mid_reply, .timeout = 60)
{
    SANDBOX sandbox =
        stream("gone", ", \"response\": {\"status\": 410, \"early\": true, \"then\": \"close\"}");

    cr_expect(strstr(sandbox.done.log, "the caller is gone or was refused: the Runtime API "), "%s",
              sandbox.done.log);
    expect_whole_reply_next(&sandbox);
}

Test(api_stream, refusal_of_the_whole_is_told_and_the_loop_goes_on, .timeout = 60)
{
    SANDBOX sandbox = stream("pieces", ", \"response\": {\"status\": 410}");

    cr_expect(strstr(sandbox.done.log, "answered 410 to /invocation/id-1/response"), "%s", sandbox.done.log);
    expect_whole_reply_next(&sandbox);
}

Test(api_stream, crash_in_mid_reply_is_in_the_trailers, .timeout = 60)
{
    SANDBOX sandbox = stream("crash", "");

    cr_expect_eq(sandbox.done.code, 128 + SIGSEGV);
    cr_expect_str_eq(sandbox_body(&sandbox, 1), "one two three");
    cr_expect_str_eq(trailer(&sandbox, 1, "lambda-runtime-function-error-type"), "Runtime.NativeCrash");
    cr_expect_not(json_is_true(json_object_get(sandbox_asked(&sandbox, 1), "cut")));
}

Test(api_stream, cannot_be_replaced_by_a_whole_reply, .timeout = 60)
{
    SANDBOX sandbox = stream("replace", "");

    cr_expect_str_eq(sandbox_header(&sandbox, 1, "lambda-runtime-function-error-type"),
                     "Function.ReplyBegun");
}

Test(api_stream, is_printed_where_one_event_is_run, .timeout = 60)
{
    struct child_done good =
        child_run(CHILD_ARGS("--invoke", "streams.handler", "-"), CHILD_NO_ENV, "pieces");
    struct child_done bad =
        child_run(CHILD_ARGS("--invoke", "streams.handler", "-"), CHILD_NO_ENV, "fail after");

    cr_expect_eq(good.code, MODE_OK);
    cr_expect_str_eq(good.out, "one two three\n");
    cr_expect_eq(bad.code, MODE_FAILED);
    cr_expect_str_eq(bad.out, "one two three\n{\"errorMessage\":\"after the third piece\","
                              "\"errorType\":\"Function.After\",\"stackTrace\":[]}\n");
}
