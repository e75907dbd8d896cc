#include <narae/env.h>

#include "runtime/crash.h"
#include "runtime/loader.h"
#include "runtime/mode.h"

const char *mode_task_root(void)
{
    const char *root = nr_env_raw("LAMBDA_TASK_ROOT");

    return root ? root : ".";
}

int mode_load(const char *handler_name, const struct nr_handler **out, struct nr_err *err)
{
    if (!handler_name)
        return nr_err_set(err, NR_ERR_INVALID, "Runtime.MalformedHandlerName", "_HANDLER is not set");
    if (loader_load(handler_name, mode_task_root(), out, err) != 0)
        return -1;
    crash_note_modules();
    return 0;
}

int mode_init(const struct nr_handler *handler, struct nr_err *err)
{
    if (!handler->init)
        return 0;
    if (handler->init(err) != 0) {
        nr_err_set(err, NR_ERR_BUG, "Function.InitFailed", "init failed without an error");
        return nr_err_context(err, "%s init", handler->name);
    }
    crash_note_modules(); /* init may have loaded more */
    return 0;
}

int mode_start(const char *handler_name, const struct nr_handler **out, struct nr_err *err)
{
    const struct nr_handler *handler = NULL;

    if (mode_load(handler_name, &handler, err) != 0 || mode_init(handler, err) != 0)
        return -1;
    *out = handler;
    return 0;
}
