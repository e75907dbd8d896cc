#include <stdio.h>

#include <narae/clock.h>
#include <narae/json.h>
#include <narae/log.h>

#include "runtime/api_stream.h"
#include "runtime/crash.h"
#include "runtime/extension.h"
#include "runtime/loop.h"
#include "runtime/trace.h"

enum {
    /* Beyond this even the size of a reply is not worth knowing. */
    REPLY_MAX_BYTES = 4 * API_PAYLOAD_MAX_BYTES,
    REPLY_KEEP_BYTES = 256 * 1024,
    DEADLINE_FAR_MS = 24 * 3600 * 1000,
    ECHO_WARNING_EVERY_MS = 60 * 1000,
};

void loop_reply_init(struct nr_reply *reply, struct nr_buf *body)
{
    nr_buf_init(body, REPLY_MAX_BYTES);
    *reply = (struct nr_reply){.struct_bytes = sizeof(*reply), .body = body};
}

/* A deadline a day away, either side, is a mistake of whoever sent it (Lambda's longest timeout is 900 s):
 * taken as unknown, since a handler told "no time left" would give all its work back for ever. */
static int64_t usable_deadline(int64_t deadline_unix_ms, int64_t now_ms)
{
    int64_t left_ms = deadline_unix_ms - now_ms;

    return left_ms < -DEADLINE_FAR_MS || left_ms > DEADLINE_FAR_MS ? 0 : deadline_unix_ms;
}

/* What the handler sees of the event. */
static struct nr_request request_of(const struct api_event *event, json_t **json)
{
    int64_t now_ms = nr_clock_wall_ms();
    int64_t deadline_unix_ms = usable_deadline(event->deadline_unix_ms, now_ms);

    return (struct nr_request){
        .struct_bytes = sizeof(struct nr_request),
        .event = event->body,
        .content_type = event->content_type,
        .request_id = event->request_id,
        .function_arn = event->function_arn,
        .trace_id = event->trace_id,
        .tenant_id = event->tenant_id,
        .client_context = event->client_context,
        .cognito_identity = event->cognito_identity,
        .deadline_unix_ms = deadline_unix_ms,
        .deadline_mono_ms =
            deadline_unix_ms ? nr_clock_mono_ms() + deadline_unix_ms - now_ms : NR_CLOCK_NEVER_MS,
        .json_slot = json,
    };
}

static int check_size(const struct nr_reply *reply, struct nr_err *failure)
{
    if (reply->body->len <= API_PAYLOAD_MAX_BYTES)
        return 0;
    return nr_err_set(failure, NR_ERR_INVALID, "Function.ResponseSizeTooLarge",
                      "the reply has %zu bytes, Lambda takes %d", reply->body->len, API_PAYLOAD_MAX_BYTES);
}

int loop_invoke(const struct nr_handler *handler, const struct api_event *event, struct nr_reply *reply,
                struct nr_err *failure)
{
    NR_JSON_AUTO *json = NULL;
    struct nr_request request = request_of(event, &json);

    nr_buf_shrink(reply->body, REPLY_KEEP_BYTES);
    snprintf(reply->content_type, sizeof(reply->content_type), "application/json");
    if (handler->invoke(&request, reply, failure) != 0) {
        /* A handler that fails without saying why is a bug of its own, and still one that the caller hears
         * of. */
        nr_err_set(failure, NR_ERR_BUG, "Function.Unknown", "\"%s\" failed without an error", handler->name);
        return -1;
    }
    if (reply->stream && reply->stream->is_begun)
        return nr_buf_check(reply->body, "reply", failure);
    if (nr_buf_check(reply->body, "reply", failure) != 0 || check_size(reply, failure) != 0)
        return -1;
    if (reply->body->len == 0)
        nr_buf_add_text(reply->body, "null");
    return 0;
}

/* Without the echo Lambda skips its check, so this is a warning, and a server that does it does it always. */
static void warn_of_dropped_echo(const struct api_event *event)
{
    static _Thread_local int64_t quiet_until_mono_ms;
    int64_t now_mono_ms = nr_clock_mono_ms();

    if (!event->is_echo_dropped || now_mono_ms < quiet_until_mono_ms)
        return;
    quiet_until_mono_ms = now_mono_ms + ECHO_WARNING_EVERY_MS;
    nr_log(NR_LOG_WARN, "Lambda-Runtime-Invocation-Id cannot be echoed and is left out",
           nr_log_int("quietMs", ECHO_WARNING_EVERY_MS));
}

/* Some of the reply has left: what became of the rest is told at its end. */
static enum api_outcome end_stream(struct api_stream *stream, const struct nr_reply *reply,
                                   const struct nr_err *failure, struct nr_err *err)
{
    if (stream->is_broken) { /* the handler's error, if any, came from here */
        *err = stream->why;
        return API_REFUSED;
    }
    if (failure)
        nr_log_err(NR_LOG_ERROR, "invocation failed", failure, NULL, 0);
    return api_stream_end(stream, reply->content_type, nr_buf_view(reply->body), failure, err);
}

static enum api_outcome answer(struct api_stream *stream, const struct nr_handler *handler,
                               const struct api_event *event, struct nr_reply *reply, struct nr_err *err)
{
    struct nr_err failure = {0};
    bool is_good = false;

    if (event->unreadable)
        failure = *event->unreadable;
    else
        is_good = loop_invoke(handler, event, reply, &failure) == 0;
    if (stream->base.is_begun && (is_good || api_stream_is_sent(stream)))
        return end_stream(stream, reply, is_good ? NULL : &failure, err);
    if (is_good)
        return api_respond(stream->api, nr_buf_view(reply->body), reply->content_type, err);
    nr_log_err(NR_LOG_ERROR, "invocation failed", &failure, NULL, 0);
    return api_fail(stream->api, &failure, err);
}

/* One event from its context to its answer. */
static enum api_outcome serve(struct api *api, const struct nr_handler *handler,
                              const struct api_event *event, struct nr_reply *reply,
                              struct api_stream *stream, struct nr_err *err)
{
    enum api_outcome outcome;

    nr_log_context(event->request_id, event->tenant_id);
    if (!api->is_one_of_many) /* the environment is the process's, the id an invocation's */
        trace_export(event->trace_id);
    warn_of_dropped_echo(event);
    api_stream_init(stream, api);
    extension_invocation_begins();
    crash_in(CRASH_INVOKE);
    outcome = answer(stream, handler, event, reply, err);
    crash_in(CRASH_IDLE);
    extension_invocation_ended();
    if (outcome != API_ACCEPTED)
        nr_log_err(NR_LOG_ERROR, "answer not accepted", err, NULL, 0);
    nr_log_context(NULL, NULL);
    return outcome;
}

int loop_run(struct api *api, const struct nr_handler *handler, struct nr_err *err)
{
    NR_BUF_AUTO body;
    struct nr_reply reply;
    struct api_stream stream;

    loop_reply_init(&reply, &body);
    reply.stream = &stream.base;
    for (;;) {
        struct api_event event;
        struct nr_err refused = {0};

        if (api_next(api, &event, err) != 0)
            break;
        if (serve(api, handler, &event, &reply, &stream, &refused) == API_BROKEN) {
            *err = refused;
            return -1;
        }
    }
    nr_log_err(NR_LOG_FATAL, "no more events", err, NULL, 0);
    return -1;
}
