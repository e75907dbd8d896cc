/* log_provider.h - where managed instances want the log of each process.
 *
 * Is:      a connection to the Unix socket that _LAMBDA_TELEMETRY_LOG_FD_PROVIDER_SOCKET names, put in the
 *          place of standard output and standard error.
 * Is not:  framed: plain JSON lines go there.
 * Source:  awslabs/aws-lambda-python-runtime-interface-client, lambda_multi_concurrent_utils.py.
 */
#ifndef NARAE_RUNTIME_LOG_PROVIDER_H
#define NARAE_RUNTIME_LOG_PROVIDER_H

#include <narae/err.h>

/* Does nothing when the variable is not set. Once for each process.
 * Returns 0, or -1: INVALID (a path that is none), UNAVAILABLE (no connection); the log stays where it was.
 */
int log_provider_connect(struct nr_err *err) NR_MUST_CHECK;

#endif
