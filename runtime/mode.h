/* mode.h - what the bootstrap can be asked to do, and the exit codes of all of it.
 *
 *   (no argument)                      serve the Runtime API; ends only when the sandbox cannot go on
 *   --invoke HANDLER EVENT.json        run an event here; the reply goes to standard output, the log to
 * standard error
 *   --check HANDLER                    load and describe a function without running it; will it run on
 * Lambda?
 *   --version, --help
 */
#ifndef NARAE_RUNTIME_MODE_H
#define NARAE_RUNTIME_MODE_H

#include <narae/handler.h>

#include "runtime/options.h"

enum mode_exit {
    MODE_OK = 0,     /* done */
    MODE_FAILED = 1, /* the function, its init or the Runtime API failed; the log says how */
    MODE_USAGE = 2,  /* the command line cannot be understood */
    MODE_TIMEOUT = 3 /* the function took longer than --timeout */
};

/* Each returns one of enum mode_exit. */
int mode_serve(const char *authority, const char *handler_name);
int mode_invoke(const struct options *options);
int mode_check(const char *handler_name);

/* Find the function and let it set itself up.
 *
 * handler_name  in   "file.symbol"; NULL = _HANDLER was not set
 * out           out  the function's table
 * Returns 0, or -1 with the loader's or the function's own words. */
int mode_start(const char *handler_name, const struct nr_handler **out, struct nr_err *err) NR_MUST_CHECK;

/* The two halves of it: find the function; let it set itself up. */
int mode_load(const char *handler_name, const struct nr_handler **out, struct nr_err *err) NR_MUST_CHECK;
int mode_init(const struct nr_handler *handler, struct nr_err *err) NR_MUST_CHECK;

struct api;

/* The sandbox cannot start: to the log, and to /init/error. */
void mode_report_init_failure(struct api *api, const struct nr_err *err);

/* Have the shutdown hook called, if there is one. A function that cannot be told of its end can still do its
 * work: what goes wrong is logged. */
void mode_watch_for_the_end(const char *authority, const struct nr_handler *handler);

/* LAMBDA_TASK_ROOT, or the current directory. */
const char *mode_task_root(void);

#endif
