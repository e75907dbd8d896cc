/* api.h - the Lambda Runtime API over one kept-alive connection.
 *
 * Is:      next, response, error, init_error; what a runtime exists for. One for each worker.
 * Is not:  a general HTTP client. No TLS: the API is plain HTTP on the sandbox's own loopback.
 * Beware:  next() waits without limit, since the process may be frozen inside it, and an event's views live
 *          until the next call of next().
 * Source:  Lambda Developer Guide, "runtimes-api" and "runtimes-custom".
 */
#ifndef NARAE_RUNTIME_API_H
#define NARAE_RUNTIME_API_H

#include <stdbool.h>
#include <stdint.h>

#include <narae/buf.h>
#include <narae/err.h>
#include <narae/view.h>

#include "runtime/conn.h"

enum {
    /* Largest event and largest buffered response: 6 MiB + 100 (the emulator's interop/model.go,
       MaxPayloadSize). */
    API_PAYLOAD_MAX_BYTES = 6 * 1024 * 1024 + 100,
    API_PATH_MAX_BYTES = 256, /* the longest path: an invocation's, with its id */
};

/* What every path of the Runtime API begins with. */
#define API_BASE "/2018-06-01/runtime/"

struct api {
    struct conn conn;
    struct nr_buf in;  /* the event's reply: views of the event point into it */
    struct nr_buf ack; /* replies to POSTs */
    char request_id[128];
    char invocation_id[256];  /* to be echoed; "" = none came, or it cannot be echoed */
    bool is_one_of_many;      /* a worker of a managed instance: 500 on next means "too many", not "broken" */
    bool is_streaming;        /* pieces of a reply have left, whole chunks of them, and not its end */
    struct nr_err unreadable; /* why the event could not be read */
};

/* One event; everything points into the api's buffer and is alive until the next api_next(). */
struct api_event {
    struct nr_view body;
    const char *request_id;
    const char *content_type;
    const char *function_arn;
    const char *trace_id;
    const char *tenant_id;
    struct nr_view client_context;
    struct nr_view cognito_identity;
    int64_t deadline_unix_ms;        /* 0 = missing or absurd */
    const struct nr_err *unreadable; /* the event has an id and nothing else that can be read: answer with
                                        this error; NULL = all is well */
    bool is_echo_dropped; /* an invocation id came that cannot be echoed (control characters, too long) */
};

/* What an answer to Lambda led to. */
enum api_outcome {
    API_ACCEPTED, /* 202 */
    API_REFUSED,  /* not taken, and nothing more can be done for this invocation: log and ask for the next */
    API_BROKEN    /* the sandbox is beyond repair: exit */
};

/* authority: "host:port"; a host name is resolved here. Connects nothing.
 * Returns 0, or -1: INVALID, Runtime.InvalidSetting, naming AWS_LAMBDA_RUNTIME_API. */
int api_init(struct api *api, const char *authority, struct nr_err *err) NR_MUST_CHECK;
void api_done(struct api *api);

/* Wait for the next event. Lost connections are made again, 5 tries with jittered pauses.
 * Returns 0, or -1: UNAVAILABLE (no connection, no usable reply), DENIED (500), BUG (403: called in a wrong
 * state). Exit then. */
int api_next(struct api *api, struct api_event *out, struct nr_err *err) NR_MUST_CHECK;

/* Answer the event of the last api_next(). err is set unless API_ACCEPTED. */
enum api_outcome api_respond(struct api *api, struct nr_view body, const char *content_type,
                             struct nr_err *err);

/* Report that the function failed. */
enum api_outcome api_fail(struct api *api, const struct nr_err *failure, struct nr_err *err);

/* Report that the sandbox cannot start. An API that does not listen yet is waited for, as by api_next(). */
enum api_outcome api_init_fail(struct api *api, const struct nr_err *failure, struct nr_err *err);

/* The path of an answer to the event of the last api_next(); what is "response" or "error". */
void api_path(const struct api *api, const char *what, char out[API_PATH_MAX_BYTES]);

/* What a status that answers a POST to `path` (which begins with API_BASE) means; err is set unless
 * API_ACCEPTED. */
enum api_outcome api_judge(int status, const char *path, struct nr_err *err);

/* Read the reply to a POST, and judge it. */
enum api_outcome api_read_verdict(struct api *api, const char *path, struct nr_err *err);

#endif
