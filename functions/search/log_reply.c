#include "functions/search/log_reply.h"

enum {
    ERRORS_MAX_BYTES = 4 * 1024 * 1024, /* of the 6 MB that Lambda takes */
    BODY_MAX_BYTES = ERRORS_MAX_BYTES + 256
};

void log_reply_init(struct log_reply *reply)
{
    *reply = (struct log_reply){0};
    nr_buf_init(&reply->errors, ERRORS_MAX_BYTES);
}

void log_reply_done(struct log_reply *reply)
{
    nr_buf_done(&reply->errors);
}

static void begin_entry(struct log_reply *reply, size_t index, const char *reason)
{
    nr_buf_printf(&reply->errors, "%s{\"index\":%zu,\"reason\":\"%s\"", reply->errors.len ? "," : "", index,
                  reason);
}

void log_reply_refuse(struct log_reply *reply, size_t index, const struct nr_err *why)
{
    if (reply->n_refused++ >= LOG_REPLY_REFUSALS_MAX)
        return;
    begin_entry(reply, index, "refused");
    nr_buf_add_text(&reply->errors, ",\"message\":");
    nr_buf_add_json_text(&reply->errors, nr_view(why->message));
    nr_buf_add_char(&reply->errors, '}');
}

void log_reply_lose(struct log_reply *reply, size_t index)
{
    reply->n_lost++;
    begin_entry(reply, index, "failed");
    nr_buf_add_char(&reply->errors, '}');
}

int log_reply_status(const struct log_reply *reply)
{
    if (reply->n_refused + reply->n_lost == 0)
        return 202;
    if (reply->n_refused == reply->n_events)
        return 400;
    return reply->n_lost == reply->n_events ? 503 : 207;
}

static void write_body(const struct log_reply *reply, struct nr_buf *out)
{
    nr_buf_printf(out, "{\"accepted\":%zu,\"refused\":%zu,\"failed\":%zu,\"errors\":[",
                  reply->n_events - reply->n_refused - reply->n_lost, reply->n_refused, reply->n_lost);
    nr_buf_add(out, nr_buf_view(&reply->errors));
    nr_buf_add_text(out, "]}");
}

int log_reply_write(const struct log_reply *reply, struct nr_reply *out, struct nr_err *err)
{
    NR_BUF_AUTO body;

    nr_buf_init(&body, BODY_MAX_BYTES);
    write_body(reply, &body);
    if (nr_buf_check(&reply->errors, "reply", err) != 0 || nr_buf_check(&body, "reply", err) != 0)
        return -1;
    return nr_reply_bytes(out, nr_buf_view(&body), NULL, err);
}

/* A browser must not keep what it got, and one that is told 503 should not come back at once. */
static int wrap(int status, struct nr_view body, struct nr_reply *out, struct nr_err *err)
{
    NR_BUF_AUTO text;

    nr_buf_init(&text, (size_t)2 * BODY_MAX_BYTES);
    nr_buf_printf(&text,
                  "{\"statusCode\":%d,\"headers\":{\"content-type\":\"application/"
                  "json\",\"cache-control\":\"no-store\"%s},\"body\":",
                  status, status == 503 ? ",\"retry-after\":\"5\"" : "");
    nr_buf_add_json_text(&text, body);
    nr_buf_add_char(&text, '}');
    if (nr_buf_check(&text, "reply", err) != 0)
        return -1;
    return nr_reply_bytes(out, nr_buf_view(&text), NULL, err);
}

int log_reply_write_http(const struct log_reply *reply, struct nr_reply *out, struct nr_err *err)
{
    NR_BUF_AUTO body;

    nr_buf_init(&body, BODY_MAX_BYTES);
    write_body(reply, &body);
    if (nr_buf_check(&reply->errors, "reply", err) != 0 || nr_buf_check(&body, "reply", err) != 0)
        return -1;
    return wrap(log_reply_status(reply), nr_buf_view(&body), out, err);
}

int log_reply_write_http_error(int status, const char *message, struct nr_reply *out, struct nr_err *err)
{
    NR_BUF_AUTO body;

    nr_buf_init(&body, BODY_MAX_BYTES);
    nr_buf_add_text(&body, "{\"error\":");
    nr_buf_add_json_text(&body, nr_view(message));
    nr_buf_add_char(&body, '}');
    return wrap(status, nr_buf_view(&body), out, err);
}
