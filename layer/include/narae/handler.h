/* handler.h - the ABI between the runtime and a function.
 *
 * Is:      one const table behind one exported symbol: `const struct nr_handler handler = {...}` in F.so,
 *          found by _HANDLER=F.handler.
 * Is not:  a framework; a function that needs more includes the other headers of narae/.
 * Beware:  structs here only ever grow at their end. The runtime allocates requests and replies, so a
 *          function built against an older header keeps working on a newer layer; the other way round is
 *          refused at load.
 *
 *     static int invoke(const struct nr_request *request, struct nr_reply *reply, struct nr_err *err)
 *     {
 *         return nr_reply_bytes(reply, request->event, "application/json", err);
 *     }
 *
 *     const struct nr_handler handler = {NR_ABI, sizeof(struct nr_handler), "echo", NULL, invoke, NULL};
 */
#ifndef NARAE_HANDLER_H
#define NARAE_HANDLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include <narae/buf.h>
#include <narae/err.h>
#include <narae/view.h>

/* Raised only when a table of the old number can no longer be run. */
#define NR_ABI 1u

/* One invocation. Everything in it is borrowed and lives until invoke returns. */
struct nr_request {
    size_t struct_bytes;             /* sizeof(struct nr_request) of the runtime */
    struct nr_view event;            /* the event's bytes as they came; 0 to 6,291,556 */
    const char *content_type;        /* "application/json" unless the caller set another; never NULL */
    const char *request_id;          /* never NULL or empty */
    const char *function_arn;        /* "" when Lambda did not say */
    const char *trace_id;            /* X-Ray header; "" = none */
    const char *tenant_id;           /* tenant isolation mode; "" = none */
    struct nr_view client_context;   /* JSON as it came, perhaps malformed; empty = none */
    struct nr_view cognito_identity; /* JSON as it came, perhaps malformed; empty = none */
    int64_t deadline_unix_ms;        /* end of the invocation by the wall clock; 0 = unknown */
    int64_t deadline_mono_ms;        /* the same by the monotonic clock; NR_CLOCK_NEVER_MS = unknown */
    json_t **json_slot;              /* belongs to nr_request_json() */
};

/* The event as JSON, parsed at the first call and kept until invoke returns; borrowed.
 * Returns 0, or -1: INVALID, Function.InvalidJson. */
int nr_request_json(const struct nr_request *request, json_t **out, struct nr_err *err) NR_MUST_CHECK;

/* Time left for this invocation: ms, never negative, NR_CLOCK_NEVER_MS when unknown. */
int64_t nr_request_left_ms(const struct nr_request *request);

/* Where a reply in pieces goes: the runtime's; a handler uses nr_reply_stream() and nr_reply_write(). */
struct nr_stream {
    bool is_begun;
    int (*send)(struct nr_stream *stream, const char *content_type, struct nr_view a, struct nr_view b,
                struct nr_err *err);
};

/* What goes back. A reply that nothing was put into is the JSON `null`. */
struct nr_reply {
    size_t struct_bytes;
    struct nr_buf *body; /* the runtime's; capped above Lambda's limit so that the loop can name both sizes */
    char content_type[128];
    struct nr_stream *stream; /* NULL = replies cannot be streamed */
};

/* Reply with JSON; `value` is borrowed. Replaces what was there. Returns 0, or -1: UNAVAILABLE, INVALID (over
 * the cap). */
int nr_reply_json(struct nr_reply *reply, const json_t *value, struct nr_err *err) NR_MUST_CHECK;

/* Reply with a copy of `bytes`. content_type: NULL = application/json; at most 127 visible ASCII characters,
 * else INVALID. */
int nr_reply_bytes(struct nr_reply *reply, struct nr_view bytes, const char *content_type,
                   struct nr_err *err) NR_MUST_CHECK;

/* --- a reply in pieces: up to 200 MB, and the caller reads the first bytes while the last are being made.
 *
 *     if (nr_reply_stream(reply, "text/csv", err) != 0)
 *         return -1;
 *     while (next_row(&row))
 *         if (nr_reply_write(reply, row, err) != 0)
 *             return -1;
 *     return 0;
 *
 * The function needs a caller that streams (a function URL with InvokeMode RESPONSE_STREAM, or
 * InvokeWithResponseStream); others get the pieces as one. */

/* From now on the reply is what nr_reply_write() writes. Sends nothing yet: until the first write a failure
 * of invoke reaches the caller as any other; after it, as an error at the end of what was sent. content_type:
 * NULL = application/octet-stream. Returns 0, or -1: INVALID, BUG (begun already). */
int nr_reply_stream(struct nr_reply *reply, const char *content_type, struct nr_err *err) NR_MUST_CHECK;

/* The same for an HTTP client behind a function URL or API Gateway. prelude: borrowed,
 * {"statusCode": 200, "headers": {...}, "cookies": [...]}; an object, all members optional; it leaves with
 * the first write. */
int nr_reply_stream_http(struct nr_reply *reply, const json_t *prelude, struct nr_err *err) NR_MUST_CHECK;

/* Send a piece now. No bytes: send what is begun (prelude, headers). Waits where Lambda takes no more.
 * Returns 0, or -1: BUG (nothing begun), UNAVAILABLE, Function.StreamClosed: the caller is gone: stop. */
int nr_reply_write(struct nr_reply *reply, struct nr_view bytes, struct nr_err *err) NR_MUST_CHECK;

/* Once per sandbox, before the first event. A failure ends the sandbox with /init/error: use it for
 * configuration that can never work; what merely cannot be reached yet is invoke's business. */
typedef int (*nr_init_fn)(struct nr_err *err);

/* Once per event, one at a time. On failure `reply` is dropped and `err` goes to the caller as the function's
 * error. */
typedef int (*nr_invoke_fn)(const struct nr_request *request, struct nr_reply *reply, struct nr_err *err);

/* At the end of the sandbox, on a thread of its own, never while an invocation runs; 450 ms (Lambda kills at
 * 500). NULL = not wanted, and nothing is registered for it. */
typedef void (*nr_shutdown_fn)(void);

enum nr_handler_flag {
    /* invoke may run on several threads at once, after init ran once. Matters where Lambda gives a sandbox
     * more than one invocation at a time (managed instances); without the flag each gets a process of its
     * own, with an init of its own. */
    NR_HANDLER_THREAD_SAFE = 1u << 0,
};

struct nr_handler {
    uint32_t abi;            /* NR_ABI */
    uint32_t struct_bytes;   /* sizeof(struct nr_handler) */
    const char *name;        /* for logs; static */
    nr_init_fn init;         /* may be NULL */
    nr_invoke_fn invoke;     /* required */
    nr_shutdown_fn shutdown; /* may be NULL */
    uint32_t flags;          /* enum nr_handler_flag; a table that ends before it has none */
};

#endif
