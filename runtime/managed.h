/* managed.h - a sandbox that gets several invocations at a time (Lambda managed instances).
 *
 * Is:      what AWS_LAMBDA_MAX_CONCURRENCY, when it is there, makes of the process: that many workers,
 *          threads where the handler declares NR_HANDLER_THREAD_SAFE, processes where it does not.
 * Is not:  anything new for a handler: each invocation is as it always is, but the trace id is only in its
 *          request, and the log is JSON.
 * Source:  Lambda Developer Guide, "lambda-managed-instances".
 */
#ifndef NARAE_RUNTIME_MANAGED_H
#define NARAE_RUNTIME_MANAGED_H

#include <stdbool.h>

#include "runtime/api.h"

/* Is this such a sandbox? */
bool managed_is_on(void);

/* Serve until the end. api: of the main thread; start-up failures are reported through it.
 * Returns an exit code (mode.h). */
int managed_serve(struct api *api, const char *handler_name);

#endif
