/* threads.h - several invocations at a time in one process.
 *
 * Is:      one thread for each, with a connection, a log context, a signal stack and a reply of its own; for
 *          handlers that declare NR_HANDLER_THREAD_SAFE.
 * Is not:  isolation: a crash in one ends all, as it must (its report names its own invocation).
 * Source:  Lambda Developer Guide, "lambda-managed-instances".
 */
#ifndef NARAE_RUNTIME_THREADS_H
#define NARAE_RUNTIME_THREADS_H

#include <narae/handler.h>

/* Serve with n threads (1 or more) until none can get events any more.
 * Returns -1 always, with what ended the last, or UNAVAILABLE (no thread, no memory); logged. */
int threads_serve(const char *authority, const struct nr_handler *handler, int n, struct nr_err *err);

#endif
