#include <signal.h>
#include <stdlib.h>

#include <narae/log.h>

#include "runtime/api.h"
#include "runtime/crash.h"
#include "runtime/extension.h"
#include "runtime/loop.h"
#include "runtime/managed.h"
#include "runtime/mode.h"

/* OS-only runtimes name themselves; SDKs put it in their User-Agent. */
static char execution_env[] = "AWS_EXECUTION_ENV=AWS_Lambda_narae";

void mode_report_init_failure(struct api *api, const struct nr_err *err)
{
    struct nr_err refused = {0};

    nr_log_err(NR_LOG_FATAL, "init failed", err, NULL, 0);
    if (api_init_fail(api, err, &refused) != API_ACCEPTED)
        nr_log_err(NR_LOG_ERROR, "init error not accepted", &refused, NULL, 0);
}

/* A function that cannot be told of its end can still do its work. */
void mode_watch_for_the_end(const char *authority, const struct nr_handler *handler)
{
    struct nr_err err = {0};

    if (!handler->shutdown)
        return;
    if (extension_run_at_term(handler->shutdown, &err) != 0 || extension_register(authority, &err) != 0)
        nr_log_err(NR_LOG_WARN, "shutdown will not be called", &err, NULL, 0);
}

/* Returns when no events can be had any more. */
static int serve(struct api *api, const char *handler_name)
{
    const struct nr_handler *handler = NULL;
    struct nr_err err = {0};

    if (mode_start(handler_name, &handler, &err) != 0) {
        mode_report_init_failure(api, &err);
        return MODE_FAILED;
    }
    crash_in(CRASH_IDLE);
    mode_watch_for_the_end(api->conn.authority, handler);
    loop_run(api, handler, &err);
    return MODE_FAILED; /* there is no good end of a sandbox that the runtime decides on */
}

int mode_serve(const char *authority, const char *handler_name)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    static struct api api; /* static: a crash reads it to the very end */
    struct nr_err err = {0};
    int result;

    nr_log_setup();
    sigaction(SIGPIPE, &ignore, NULL); /* a log that nobody reads any more must not end the process */
    putenv(execution_env);
    if (api_init(&api, authority, &err) != 0) {
        nr_log_err(NR_LOG_FATAL, "cannot start", &err, NULL, 0);
        return MODE_FAILED;
    }
    crash_arm(&api);
    result = managed_is_on() ? managed_serve(&api, handler_name) : serve(&api, handler_name);
    api_done(&api);
    return result;
}
