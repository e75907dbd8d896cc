/* h2_session.h - what nghttp2 asks and tells, for h2_conn.c. */
#ifndef NARAE_IO_H2_SESSION_H
#define NARAE_IO_H2_SESSION_H

#include "layer/io/h2_conn.h"

/* A client session with our settings queued. Returns 0, or -1: UNAVAILABLE (memory). */
int h2_session_new(struct h2_conn *conn, struct nr_err *err) NR_MUST_CHECK;

/* Queue one request. Returns 0, or -1: UNAVAILABLE. */
int h2_session_submit(struct h2_conn *conn, struct h2_slot *slot, struct nr_err *err) NR_MUST_CHECK;

#endif
