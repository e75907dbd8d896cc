#include <narae/env.h>

#include "runtime/crash.h"
#include "runtime/loader.h"
#include "runtime/mode.h"

const char *mode_task_root(void)
{
    const char *root = nr_env_raw("LAMBDA_TASK_ROOT");

    return root ? root : ".";
}

int mode_start(const char *handler_name, const struct nr_handler **out, struct nr_err *err)
{
    const struct nr_handler *handler;

    if (!handler_name)
        return nr_err_set(err, NR_ERR_INVALID, "Runtime.MalformedHandlerName", "_HANDLER is not set");
    if (loader_load(handler_name, mode_task_root(), &handler, err) != 0)
        return -1;
    crash_note_modules();
    if (handler->init && handler->init(err) != 0) {
        nr_err_set(err, NR_ERR_BUG, "Function.InitFailed", "init failed without an error");
        return nr_err_context(err, "%s init", handler->name);
    }
    if (handler->init)
        crash_note_modules(); /* init may have loaded more */
    *out = handler;
    return 0;
}
