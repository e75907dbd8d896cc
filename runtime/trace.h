/* trace.h - _X_AMZN_TRACE_ID in the environment, as Lambda wants it for each invocation.
 *
 * Is:      one variable, set in place.
 * Beware:  setenv() would keep every value it was ever given: a leak of one trace id an invocation.
 * Source:  Lambda Developer Guide, "runtimes-custom": set it for each invocation.
 */
#ifndef NARAE_RUNTIME_TRACE_H
#define NARAE_RUNTIME_TRACE_H

/* Set the variable to trace_id; "" removes it. A longer id than X-Ray's (512 bytes) is taken for none. */
void trace_export(const char *trace_id);

#endif
