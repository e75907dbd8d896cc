/* Functions with a shutdown hook, as Lambda ends them: registered before the first event, SIGTERM at the
 * end. */
#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

#include "runtime/mode.h"
#include "sandbox.h"

static const char last_next_waits[] =
    "{\"steps\": [{\"event\": 1}], \"end\": {\"cut\": 0, \"then\": \"hang\"}}";

Test(extension, waits_for_events_before_the_first_invocation_is_asked_for, .timeout = 60)
{
    SANDBOX sandbox = sandbox_run("shuts_down.handler", "{\"steps\": [{\"event\": 1}]}", CHILD_NO_ENV);

    cr_expect_str_eq(sandbox_path(&sandbox, 0), "/2020-01-01/extension/register");
    cr_expect_str_eq(sandbox_header(&sandbox, 0, "lambda-extension-name"), "narae");
    cr_expect_str_eq(sandbox_body(&sandbox, 0), "{\"events\":[]}");
    cr_expect_str_eq(sandbox_path(&sandbox, 1), "/2020-01-01/extension/event/next");
    cr_expect_str_eq(sandbox_path(&sandbox, 2), "/2018-06-01/runtime/invocation/next");
    cr_expect_str_eq(sandbox_body(&sandbox, 3), "1");
    cr_expect_eq(sandbox.done.code, MODE_FAILED); /* the script's end is a 500, no SIGTERM */
}

Test(extension, runs_the_hook_at_sigterm_and_exits_0, .timeout = 60)
{
    SANDBOX sandbox = sandbox_begin("shuts_down.handler", last_next_waits, CHILD_NO_ENV);

    lambda_api_wait_for(sandbox.server, 5); /* register, event/next, next, response, next */
    kill(sandbox.child.pid, SIGTERM);
    sandbox_end(&sandbox);

    cr_expect_eq(sandbox.done.code, MODE_OK, "%d", sandbox.done.code);
    cr_expect(strstr(sandbox.done.log, "\"message\":\"shut down\",\"invocations\":1}"), "%s",
              sandbox.done.log);
}

Test(extension, ends_a_hook_that_takes_too_long_and_says_so, .timeout = 60)
{
    SANDBOX sandbox = sandbox_begin(
        "shuts_down.handler",
        "{\"steps\": [{\"event_text\": \"slow\"}], \"end\": {\"cut\": 0, \"then\": \"hang\"}}", CHILD_NO_ENV);

    lambda_api_wait_for(sandbox.server, 5);
    kill(sandbox.child.pid, SIGTERM);
    sandbox_end(&sandbox);

    cr_expect_eq(sandbox.done.code, MODE_FAILED);
    cr_expect(strstr(sandbox.done.log, "shutdown took too long and was ended"), "%s", sandbox.done.log);
}

Test(extension, leaves_the_hook_out_while_an_invocation_runs, .timeout = 60)
{
    SANDBOX sandbox =
        sandbox_run("shuts_down.handler", "{\"steps\": [{\"event_text\": \"stay\"}]}", CHILD_NO_ENV);

    cr_expect_eq(sandbox.done.code, MODE_FAILED);
    cr_expect(strstr(sandbox.done.log, "an invocation is still running"), "%s", sandbox.done.log);
    cr_expect_null(strstr(sandbox.done.log, "shut down\""), "%s", sandbox.done.log);
}

Test(extension, serves_without_a_hook_where_registration_is_refused, .timeout = 60)
{
    SANDBOX sandbox = sandbox_run(
        "shuts_down.handler", "{\"steps\": [{\"event\": 1}], \"register\": {\"status\": 403}}", CHILD_NO_ENV);

    cr_expect_str_eq(sandbox_path(&sandbox, 1), "/2018-06-01/runtime/invocation/next");
    cr_expect_str_eq(sandbox_body(&sandbox, 2), "1");
    cr_expect(strstr(sandbox.done.log, "answered 403 to /extension/register"), "%s", sandbox.done.log);
}

Test(extension, is_no_part_of_a_function_without_a_hook, .timeout = 60)
{
    SANDBOX sandbox = sandbox_begin("echo.handler", last_next_waits, CHILD_NO_ENV);

    lambda_api_wait_for(sandbox.server, 3); /* next, response, next */
    kill(sandbox.child.pid, SIGTERM);
    sandbox_end(&sandbox);

    cr_expect_str_eq(sandbox_path(&sandbox, 0), "/2018-06-01/runtime/invocation/next");
    cr_expect_eq(sandbox.done.code, 128 + SIGTERM); /* nobody took the signal */
}
