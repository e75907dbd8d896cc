/* processes.h - several invocations at a time, each in a process of its own.
 *
 * Is:      for handlers that are not safe for threads: the function is loaded once, and each worker is a fork
 *          that runs init for itself, since connections must not be shared; a supervisor that starts another
 *          where one died.
 * Is not:  a share of memory: what a handler caches, each worker caches.
 * Beware:  the supervisor passes SIGTERM on to the workers; each runs the shutdown hook.
 * Source:  Lambda Developer Guide, "lambda-managed-instances"; AWS's Python client makes a process for each
 *          slot as well.
 */
#ifndef NARAE_RUNTIME_PROCESSES_H
#define NARAE_RUNTIME_PROCESSES_H

#include <stdbool.h>

/* Exit codes of a worker, besides those a function may choose: what the supervisor does not repeat. */
enum processes_exit {
    PROCESSES_INIT_FAILED = 70, /* reported by the worker; all end */
    PROCESSES_RETIRED = 71,     /* it gets no events any more; the others go on */
};

/* A worker's whole life, in the forked process: returns its exit code. */
typedef int (*processes_work_fn)(void *arg);

/* Keep n workers (1 or more) until none is left that is worth replacing, or SIGTERM came.
 *
 * work, arg     in  called in each worker
 * pass_on_term  in  take SIGTERM, pass it on and wait for the workers: they have a hook
 * Returns an exit code: MODE_OK after SIGTERM, else MODE_FAILED; logged. */
int processes_keep(int n, processes_work_fn work, void *arg, bool pass_on_term);

#endif
