/* crash.h - a native crash becomes a report, and then the death it is.
 *
 * Is:      SEGV, BUS, FPE, ILL and ABRT on a stack of their own: a FATAL record in the log, a report to the
 *          Runtime API (/error of the invocation, /init/error before the first), and the signal again with
 *          its default action, so that the sandbox sees the true cause.
 * Is not:  a recovery: after a broken write nothing in the process can be trusted.
 * Beware:  from the signal on only async-signal-safe calls are made; what they need is prepared by
 *          crash_arm(). Functions may take the signals for themselves.
 * Source:  signal-safety(7), sigaltstack(2).
 */
#ifndef NARAE_RUNTIME_CRASH_H
#define NARAE_RUNTIME_CRASH_H

#include "runtime/api.h"

enum crash_phase {
    CRASH_IDLE,   /* nobody waits for an answer: only the log is told */
    CRASH_INIT,   /* /init/error */
    CRASH_INVOKE, /* /invocation/ID/error */
};

/* Take the signals and remember the loaded modules. Once for the process, on its main thread.
 *
 * api  in  where to report; borrowed for ever; NULL = only to the log. Threads that a function starts report
 *          there as well. */
void crash_arm(const struct api *api);

/* Libraries were loaded: remember anew. */
void crash_note_modules(void);

/* What the process, or this worker, does from now on. */
void crash_in(enum crash_phase phase);

/* This thread is a worker of its own: it gets an alternate stack (which lives as long as the process) and
 * reports through its own api; borrowed for ever.
 * Returns 0, or -1: UNAVAILABLE (no memory). */
int crash_arm_worker(const struct api *api, struct nr_err *err) NR_MUST_CHECK;

#endif
