/* api.h - the Lambda Runtime API over one kept-alive socket.
 *
 * Is:      next, response, error, init_error; what a runtime exists for.
 * Is not:  a general HTTP client. No TLS: the API is plain HTTP on the sandbox's own loopback.
 * Beware:  next() waits without limit, since the process may be frozen inside it, and an event's views live
 * until the next call of next(). Source:  Lambda Developer Guide, "runtimes-api" and "runtimes-custom".
 */
#ifndef NARAE_RUNTIME_API_H
#define NARAE_RUNTIME_API_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include <narae/buf.h>
#include <narae/err.h>
#include <narae/view.h>

#include "runtime/http1.h"

enum {
    /* Largest event and largest buffered response: 6 MiB + 100 (the emulator's interop/model.go,
       MaxPayloadSize). */
    API_PAYLOAD_MAX_BYTES = 6 * 1024 * 1024 + 100,
};

struct api {
    char authority[300]; /* host:port, as AWS_LAMBDA_RUNTIME_API gives it */
    struct sockaddr_storage address;
    socklen_t address_len;
    int fd;             /* -1 = not connected */
    struct nr_buf in;   /* the event's reply: views of the event point into it */
    struct nr_buf ack;  /* replies to POSTs */
    struct nr_buf head; /* the request being sent */
    struct http1_reply reply;
    char request_id[128];
    char invocation_id[128]; /* to be echoed; "" = none came */
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
    int64_t deadline_unix_ms; /* 0 = missing or absurd */
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
 * Returns 0, or -1: UNAVAILABLE (no connection, 5xx), BUG (403: called in a wrong state). Exit then. */
int api_next(struct api *api, struct api_event *out, struct nr_err *err) NR_MUST_CHECK;

/* Answer the event of the last api_next(). err is set unless API_ACCEPTED. */
enum api_outcome api_respond(struct api *api, struct nr_view body, const char *content_type,
                             struct nr_err *err);

/* Report that the function failed. */
enum api_outcome api_fail(struct api *api, const struct nr_err *failure, struct nr_err *err);

/* Report that the sandbox cannot start. */
enum api_outcome api_init_fail(struct api *api, const struct nr_err *failure, struct nr_err *err);

/* Format the body of an error report: {"errorMessage","errorType","stackTrace"}; valid UTF-8 whatever the
 * message holds. */
void api_format_error(struct nr_buf *out, const struct nr_err *failure);

#endif
