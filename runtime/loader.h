/* loader.h - from _HANDLER to a function's table.
 *
 * Is:      `push_send.handler` -> $LAMBDA_TASK_ROOT/push_send.so, symbol `handler`, checked against this
 *          layer's ABI.
 * Is not:  an unloader: a function lives as long as its sandbox.
 * Source:  error types as AWS's own runtimes name them (awslambdaric, lambda_runtime_exception.py).
 */
#ifndef NARAE_RUNTIME_LOADER_H
#define NARAE_RUNTIME_LOADER_H

#include <narae/handler.h>

/* Load a handler.
 *
 * name       in   "file.symbol"
 * task_root  in   directory of file.so
 * out        out  the function's own table; lives until the process ends
 *
 * Returns 0, or -1: INVALID, with what the linker said: Runtime.MalformedHandlerName,
 * Runtime.ImportModuleError, Runtime.HandlerNotFound, Runtime.HandlerAbiMismatch. */
int loader_load(const char *name, const char *task_root, const struct nr_handler **out,
                struct nr_err *err) NR_MUST_CHECK;

/* Where file.so of "file.symbol" is looked for. Returns 0, or -1: Runtime.MalformedHandlerName. */
int loader_path(const char *name, const char *task_root, char *out, size_t cap,
                struct nr_err *err) NR_MUST_CHECK;

/* Does the function declare it? One that was built before flags existed declares none. */
bool loader_has_flag(const struct nr_handler *handler, enum nr_handler_flag flag);

#endif
