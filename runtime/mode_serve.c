#include <narae/env.h>
#include <narae/log.h>

#include "runtime/api.h"
#include "runtime/loader.h"
#include "runtime/loop.h"
#include "runtime/mode.h"

const char *mode_task_root(void)
{
    const char *root = nr_env_raw("LAMBDA_TASK_ROOT");

    return root ? root : ".";
}

/* Find the function and let it set itself up. */
static int start(const char *handler_name, const struct nr_handler **out, struct nr_err *err)
{
    const struct nr_handler *handler;

    if (!handler_name)
        return nr_err_set(err, NR_ERR_INVALID, "Runtime.MalformedHandlerName", "_HANDLER is not set");
    if (loader_load(handler_name, mode_task_root(), &handler, err) != 0)
        return -1;
    if (handler->init && handler->init(err) != 0) {
        nr_err_set(err, NR_ERR_BUG, "Function.InitFailed", "init failed without an error");
        return nr_err_context(err, "%s init", handler->name);
    }
    *out = handler;
    return 0;
}

int mode_serve(const char *authority, const char *handler_name)
{
    const struct nr_handler *handler = NULL;
    struct nr_err err = {0};
    struct nr_err refused = {0};
    struct api api;

    if (api_init(&api, authority, &err) != 0) {
        nr_log_err(NR_LOG_FATAL, "cannot start", &err, NULL, 0);
        return MODE_FAILED;
    }
    if (start(handler_name, &handler, &err) == 0) {
        loop_run(&api, handler, &err);
    } else {
        nr_log_err(NR_LOG_FATAL, "init failed", &err, NULL, 0);
        if (api_init_fail(&api, &err, &refused) != API_ACCEPTED)
            nr_log_err(NR_LOG_ERROR, "init error not accepted", &refused, NULL, 0);
    }
    api_done(&api);
    return MODE_FAILED; /* there is no good end of a sandbox that the runtime decides on */
}
