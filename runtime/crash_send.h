/* crash_send.h - the report of a crash, on its way to the Runtime API.
 *
 * Is:      one POST over a connection of its own, async-signal-safe, with a limit of time: who is asked for
 *          help may be gone as well.
 * Is not:  api.c, whose connection may be anywhere in a request, and whose buffers may be what broke.
 */
#ifndef NARAE_RUNTIME_CRASH_SEND_H
#define NARAE_RUNTIME_CRASH_SEND_H

#include "runtime/api.h"
#include "runtime/crash_report.h"

/* Send the report (in the trailers of a reply that is being streamed) and wait for its answer, at most a
 * second for each step.
 *
 * api      in  the address, the ids and the old connection, which is closed first: a server may take only one
 * is_init  in  to /init/error, else to /error of the invocation */
void crash_send(const struct api *api, bool is_init, const struct crash_facts *facts, struct nr_view message);

#endif
