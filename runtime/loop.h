/* loop.h - one event at a time, for as long as the sandbox lives.
 *
 * Is:      the edge: it calls the handler, posts what came of it and logs each failure once.
 * Is not:  where bytes are read or written (api) or functions found (loader).
 */
#ifndef NARAE_RUNTIME_LOOP_H
#define NARAE_RUNTIME_LOOP_H

#include <narae/handler.h>

#include "runtime/api.h"

/* Serve events until the Runtime API cannot be used any more. Returns -1 with the reason, already logged. */
int loop_run(struct api *api, const struct nr_handler *handler, struct nr_err *err);

/* Run one event; used by loop_run() and by --invoke.
 *
 * reply    in/out  initialised by the caller; what the handler put there on success
 * failure  out     set when the handler failed, or its reply is larger than Lambda takes
 * Returns 0 or -1. */
int loop_invoke(const struct nr_handler *handler, const struct api_event *event, struct nr_reply *reply,
                struct nr_err *failure) NR_MUST_CHECK;

/* A reply buffer that can hold more than Lambda takes, so that both sizes can be named. */
void loop_reply_init(struct nr_reply *reply, struct nr_buf *body);

#endif
