#include <signal.h>
#include <stdlib.h>

#include <narae/log.h>

#include "runtime/api.h"
#include "runtime/crash.h"
#include "runtime/loop.h"
#include "runtime/mode.h"

/* OS-only runtimes name themselves; SDKs put it in their User-Agent. */
static char execution_env[] = "AWS_EXECUTION_ENV=AWS_Lambda_narae";

int mode_serve(const char *authority, const char *handler_name)
{
    const struct nr_handler *handler = NULL;
    struct nr_err err = {0};
    struct nr_err refused = {0};
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    static struct api api; /* static: a crash reads it to the very end */

    nr_log_setup();
    sigaction(SIGPIPE, &ignore, NULL); /* a log that nobody reads any more must not end the process */
    if (api_init(&api, authority, &err) != 0) {
        nr_log_err(NR_LOG_FATAL, "cannot start", &err, NULL, 0);
        return MODE_FAILED;
    }
    putenv(execution_env);
    crash_arm(&api);
    if (mode_start(handler_name, &handler, &err) == 0) {
        crash_in(CRASH_IDLE);
        loop_run(&api, handler, &err);
    } else {
        nr_log_err(NR_LOG_FATAL, "init failed", &err, NULL, 0);
        if (api_init_fail(&api, &err, &refused) != API_ACCEPTED)
            nr_log_err(NR_LOG_ERROR, "init error not accepted", &refused, NULL, 0);
    }
    api_done(&api);
    return MODE_FAILED; /* there is no good end of a sandbox that the runtime decides on */
}
