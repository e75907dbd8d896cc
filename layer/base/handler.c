#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <narae/clock.h>
#include <narae/handler.h>
#include <narae/json.h>

int nr_request_json(const struct nr_request *request, json_t **out, struct nr_err *err)
{
    if (!*request->json_slot && nr_json_parse(request->event, "event", request->json_slot, err) != 0)
        return -1;
    *out = *request->json_slot;
    return 0;
}

int64_t nr_request_left_ms(const struct nr_request *request)
{
    return nr_clock_left_ms(request->deadline_mono_ms);
}

/* Visible ASCII and spaces only: the value becomes an HTTP header. */
static bool is_header_value(const char *text)
{
    for (; *text; text++)
        if (*text < 0x20 || *text > 0x7e)
            return false;
    return true;
}

static int set_content_type(struct nr_reply *reply, const char *content_type, struct nr_err *err)
{
    if (!content_type)
        content_type = "application/json";
    if (strlen(content_type) >= sizeof(reply->content_type) || !is_header_value(content_type))
        return nr_err_set(err, NR_ERR_INVALID, "Function.InvalidContentType",
                          "content type must be at most %zu visible ASCII characters",
                          sizeof(reply->content_type) - 1);
    snprintf(reply->content_type, sizeof(reply->content_type), "%s", content_type);
    return 0;
}

static bool has_stream(const struct nr_reply *reply)
{
    return reply->struct_bytes >= offsetof(struct nr_reply, stream) + sizeof(void *) && reply->stream;
}

static int refuse_begun(const struct nr_reply *reply, struct nr_err *err)
{
    if (!has_stream(reply) || !reply->stream->is_begun)
        return 0;
    return nr_err_set(err, NR_ERR_BUG, "Function.ReplyBegun", "the reply is being streamed already");
}

int nr_reply_json(struct nr_reply *reply, const json_t *value, struct nr_err *err)
{
    if (refuse_begun(reply, err) != 0)
        return -1;
    nr_buf_reset(reply->body);
    if (set_content_type(reply, NULL, err) != 0)
        return -1;
    return nr_json_dump(value, reply->body, err);
}

int nr_reply_bytes(struct nr_reply *reply, struct nr_view bytes, const char *content_type, struct nr_err *err)
{
    if (refuse_begun(reply, err) != 0 || set_content_type(reply, content_type, err) != 0)
        return -1;
    nr_buf_reset(reply->body);
    nr_buf_add(reply->body, bytes);
    return nr_buf_check(reply->body, "reply", err);
}

int nr_reply_stream(struct nr_reply *reply, const char *content_type, struct nr_err *err)
{
    if (!has_stream(reply))
        return nr_err_set(err, NR_ERR_INVALID, "Function.CannotStream", "replies cannot be streamed here");
    if (refuse_begun(reply, err) != 0 ||
        set_content_type(reply, content_type ? content_type : "application/octet-stream", err) != 0)
        return -1;
    nr_buf_reset(reply->body);
    reply->stream->is_begun = true;
    return 0;
}

/* Lambda finds the end of the prelude by eight NUL bytes ("runtimes-custom", response streaming). */
int nr_reply_stream_http(struct nr_reply *reply, const json_t *prelude, struct nr_err *err)
{
    static const char delimiter[8];

    if (!json_is_object(prelude))
        return nr_err_set(err, NR_ERR_INVALID, "Function.InvalidPrelude", "the prelude is not an object");
    if (nr_reply_stream(reply, "application/vnd.awslambda.http-integration-response", err) != 0 ||
        nr_json_dump(prelude, reply->body, err) != 0)
        return -1;
    nr_buf_add(reply->body, nr_view_n(delimiter, sizeof(delimiter)));
    return nr_buf_check(reply->body, "prelude", err);
}

int nr_reply_write(struct nr_reply *reply, struct nr_view bytes, struct nr_err *err)
{
    if (!has_stream(reply) || !reply->stream->is_begun)
        return nr_err_set(err, NR_ERR_BUG, "Function.StreamNotBegun", "nr_reply_stream() was not called");
    if (reply->stream->send(reply->stream, reply->content_type, nr_buf_view(reply->body), bytes, err) != 0)
        return -1;
    nr_buf_reset(reply->body);
    return 0;
}
