/* api_retry.h - whether and when the Runtime API is asked once more.
 *
 * Is:      one budget for whatever may be asked again: 5 tries with jittered pauses, as the Python client's.
 * Is not:  a judge of what may be asked again: a POST of which a byte has left may not (api.c).
 */
#ifndef NARAE_RUNTIME_API_RETRY_H
#define NARAE_RUNTIME_API_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include <narae/err.h>

#include "runtime/conn.h"

/* conn_ensure() for the first thing that is said, which may come before the API listens: the emulator starts
 * both at once. Nothing has left yet, so that to wait makes no second request. */
int api_retry_connect(struct conn *conn, struct nr_err *err) NR_MUST_CHECK;

/* After a failed try, from 1: pause, and true; or false when there is no use in another one. */
bool api_retry_pause(int attempt, const struct nr_err *why);

/* Tests only: call `fake` instead of sleeping; NULL sleeps again. */
void api_retry_replace(void (*fake)(int64_t wait_ms));

#endif
