/* extension.h - a function's shutdown hook, which Lambda calls only for who registered.
 *
 * Is:      an internal extension without events: registered before the first /next, waiting in /event/next
 *          for ever, so that Lambda sends SIGTERM and leaves time before SIGKILL; and the thread that runs
 *          the hook then.
 * Is not:  started for a function without a hook: no thread, no call, nothing.
 * Beware:  the hook runs on a thread of its own, never while an invocation runs; where one does not end in
 *          time (it timed out, that is why), the hook is left out.
 * Source:  Lambda Developer Guide, "runtimes-extensions-api".
 */
#ifndef NARAE_RUNTIME_EXTENSION_H
#define NARAE_RUNTIME_EXTENSION_H

#include <narae/handler.h>

enum {
    /* Lambda leaves 500 ms with an internal extension. What is not done by then is killed; so that the log
       can say so, we end it ourselves a little earlier. */
    EXTENSION_BUDGET_MS = 450,
    /* And of those, an invocation under way may take so much to end. */
    EXTENSION_BUSY_MS = 200,
};

/* Register, and wait for events that never come. Once for each sandbox, before the first /next.
 * Returns 0, or -1: UNAVAILABLE (no connection, refused): no SIGTERM will come then. */
int extension_register(const char *authority, struct nr_err *err) NR_MUST_CHECK;

/* From now on SIGTERM runs the hook and ends the process with exit code 0; with 1 when the hook was left out
 * or took too long. Once for each process that has the function set up.
 * Returns 0, or -1: UNAVAILABLE (no thread, no descriptor). */
int extension_run_at_term(nr_shutdown_fn hook, struct nr_err *err) NR_MUST_CHECK;

/* Around each invocation. The first does not return once the sandbox shuts down. */
void extension_invocation_begins(void);
void extension_invocation_ended(void);

#endif
