#include <stdio.h>

#include "runtime/api_error.h"
#include "runtime/api_socket.h"
#include "runtime/api_stream.h"
#include "runtime/base64.h"

#define TYPE_TRAILER "Lambda-Runtime-Function-Error-Type"
#define BODY_TRAILER "Lambda-Runtime-Function-Error-Body"

enum { FAILURE_MAX_BYTES = 64 * 1024, END_MAX_BYTES = 2 * FAILURE_MAX_BYTES /* base64 takes a third more */ };

static void begin_head(struct api *api, const char *content_type)
{
    char path[API_PATH_MAX_BYTES];

    api_path(api, "response", path);
    conn_begin(&api->conn, "POST", path);
    if (api->invocation_id[0])
        nr_buf_printf(&api->conn.head, "Lambda-Runtime-Invocation-Id: %s\r\n", api->invocation_id);
    nr_buf_printf(&api->conn.head,
                  "Content-Type: %s\r\nLambda-Runtime-Function-Response-Mode: streaming\r\n"
                  "Transfer-Encoding: chunked\r\nTrailer: " TYPE_TRAILER ", " BODY_TRAILER "\r\n\r\n",
                  content_type);
}

/* Whatever Lambda still had to say is worth more than the news that the connection broke. */
static int give_up(struct api_stream *stream, const struct nr_err *cut, struct nr_err *err)
{
    struct api *api = stream->api;
    char path[API_PATH_MAX_BYTES];
    struct nr_err verdict = {0};

    api_path(api, "response", path);
    stream->is_broken = true;
    if (api->conn.fd < 0 || api_read_verdict(api, path, &verdict) == API_ACCEPTED || !api->conn.reply.status)
        verdict = *cut;
    conn_drop(&api->conn);
    api->is_streaming = false;
    nr_err_set(&stream->why, NR_ERR_UNAVAILABLE, "Function.StreamClosed",
               "the caller is gone or was refused: %s", verdict.message);
    *err = stream->why;
    return -1;
}

/* The first piece takes the head along; only then may a connection that was dead already be made anew. */
static int send_first(struct api *api, struct nr_view *parts, size_t n_parts, struct nr_err *err)
{
    struct nr_err first = {0};
    size_t n_sent = 0;

    if (conn_ensure(&api->conn, &first) == 0 &&
        conn_send_parts(&api->conn, parts, n_parts, &n_sent, &first) == 0)
        return 0;
    if (n_sent > 0) {
        *err = first;
        return -1;
    }
    conn_drop(&api->conn);
    if (conn_ensure(&api->conn, err) != 0)
        return -1;
    return conn_send_parts(&api->conn, parts, n_parts, &n_sent, err);
}

/* A reply, or the end, before we have ended: nobody listens any more. */
static int check_open(const struct conn *conn, struct nr_err *err)
{
    if (!api_socket_is_dead(conn->fd))
        return 0;
    return nr_err_set(err, NR_ERR_UNAVAILABLE, "Runtime.ConnectionLost",
                      "the Runtime API ended the reply before its end");
}

static int send_piece(struct api_stream *stream, const char *content_type, struct nr_view a, struct nr_view b,
                      struct nr_err *err)
{
    struct api *api = stream->api;
    struct nr_err cut = {0};
    size_t n_sent = 0;
    char size[24] = "";
    bool is_first = !api->is_streaming;
    struct nr_view parts[CONN_PARTS_MAX];

    if (is_first)
        begin_head(api, content_type);
    if (a.len + b.len) /* a chunk of no bytes would be the end */
        snprintf(size, sizeof(size), "%zx\r\n", a.len + b.len);
    parts[0] = is_first ? nr_buf_view(&api->conn.head) : nr_view_n(NULL, 0);
    parts[1] = nr_view(size);
    parts[2] = a;
    parts[3] = b;
    parts[4] = size[0] ? NR_VIEW("\r\n") : nr_view_n(NULL, 0);
    if (is_first ? send_first(api, parts, CONN_PARTS_MAX, &cut)
                 : check_open(&api->conn, &cut) != 0 ||
                       conn_send_parts(&api->conn, parts, CONN_PARTS_MAX, &n_sent, &cut) != 0)
        return give_up(stream, &cut, err);
    api->is_streaming = true;
    return 0;
}

static int stream_send(struct nr_stream *base, const char *content_type, struct nr_view a, struct nr_view b,
                       struct nr_err *err)
{
    struct api_stream *stream = (struct api_stream *)(void *)base;

    if (stream->is_broken) {
        *err = stream->why;
        return -1;
    }
    return send_piece(stream, content_type, a, b, err);
}

void api_stream_init(struct api_stream *stream, struct api *api)
{
    stream->base = (struct nr_stream){.send = stream_send};
    stream->api = api;
    stream->is_broken = false;
    stream->why.kind = NR_ERR_NONE;
    api->is_streaming = false;
}

bool api_stream_is_sent(const struct api_stream *stream)
{
    return stream->api->is_streaming || stream->is_broken;
}

void api_stream_format_failure(struct nr_buf *out, const char *header_type, struct nr_view body)
{
    nr_buf_add_text(out, "0\r\n" TYPE_TRAILER ": ");
    nr_buf_add_text(out, header_type);
    nr_buf_add_text(out, "\r\n" BODY_TRAILER ": ");
    base64_add(out, body);
    nr_buf_add_text(out, "\r\n\r\n");
}

static void format_end(struct nr_buf *out, const struct nr_err *failure)
{
    char type[NR_ERR_TYPE_MAX_BYTES + 16];
    NR_BUF_AUTO body = {.max_bytes = FAILURE_MAX_BYTES};

    if (!failure) {
        nr_buf_add_text(out, "0\r\n\r\n");
        return;
    }
    api_error_header_type(failure->type, type);
    api_error_body(&body, failure);
    api_stream_format_failure(out, type, nr_buf_view(&body));
}

enum api_outcome api_stream_end(struct api_stream *stream, const char *content_type, struct nr_view rest,
                                const struct nr_err *failure, struct nr_err *err)
{
    struct api *api = stream->api;
    char path[API_PATH_MAX_BYTES];
    enum api_outcome outcome;
    struct nr_view end;
    size_t n_sent = 0;
    NR_BUF_AUTO bytes = {.max_bytes = END_MAX_BYTES};

    if (failure)
        rest = nr_view_n(NULL, 0);
    if ((rest.len || !api->is_streaming) &&
        stream_send(&stream->base, content_type, rest, nr_view_n(NULL, 0), err) != 0)
        return API_REFUSED;
    format_end(&bytes, failure);
    end = nr_buf_view(&bytes);
    api->is_streaming = false;
    api_path(api, "response", path);
    /* Without memory there is no end to send, and the reply to it would be waited for in vain. */
    if (nr_buf_check(&bytes, "end of the reply", err) != 0 ||
        conn_send_parts(&api->conn, &end, 1, &n_sent, err) != 0)
        return conn_drop(&api->conn), API_REFUSED;
    outcome = api_read_verdict(api, path, err);
    conn_drop(&api->conn);
    return outcome;
}
