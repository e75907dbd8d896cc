#include <stdio.h>
#include <string.h>

#include <narae/clock.h>

#include "layer/io/h2_client.h"
#include "layer/io/h2_conn.h"
#include "layer/io/h2_settle.h"

enum {
    CONNECTION_WINDOW_BYTES = 16 * 1024 * 1024, /* never the limit for small replies */
    STREAM_WINDOW_BYTES = 1024 * 1024,
    HEADERS_MAX = NR_H2_HEADERS_MAX + 6, /* the caller's and ours */
};

static struct h2_slot *slot_of(nghttp2_session *session, int32_t stream_id)
{
    return nghttp2_session_get_stream_user_data(session, stream_id);
}

/* A value that does not fit is no date and no number of seconds: as if it were not there. */
static void keep_header(char *out, size_t cap, struct nr_view value)
{
    if (value.len >= cap)
        return;
    memcpy(out, value.ptr, value.len);
    out[value.len] = '\0';
}

static int parse_status(struct nr_view value)
{
    int status = 0;

    for (size_t i = 0; i < value.len && i < 3; i++)
        status = status * 10 + (value.ptr[i] - '0'); /* nghttp2 has checked that it is three digits */
    return status;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags, void *user)
{
    struct h2_slot *slot = slot_of(session, frame->hd.stream_id);
    struct nr_view key = nr_view_n((const char *)name, name_len);
    struct nr_view text = nr_view_n((const char *)value, value_len);

    (void)flags;
    (void)user;
    if (!slot)
        return 0;
    if (nr_view_is(key, NR_VIEW(":status")))
        slot->status = parse_status(text);
    else if (nr_view_is(key, NR_VIEW("retry-after")))
        keep_header(slot->retry_after, sizeof(slot->retry_after), text);
    else if (nr_view_is(key, NR_VIEW("date")))
        keep_header(slot->date, sizeof(slot->date), text);
    return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t stream_id, const uint8_t *data,
                   size_t len, void *user)
{
    struct h2_conn *conn = user;
    struct h2_slot *slot = slot_of(session, stream_id);
    struct nr_err why = {0};

    (void)flags;
    if (!slot)
        return 0;
    nr_buf_add(&slot->body, nr_view_n((const char *)data, len));
    if (!slot->body.is_bad)
        return 0;
    nr_err_set(&why, NR_ERR_UNAVAILABLE, "Function.ReplyTooLong",
               "reply of \"%s\" with status %d is longer than %zu bytes", conn->site->name, slot->status,
               slot->body.max_bytes);
    h2_session_cancel(conn, slot);
    h2_settle_failed(conn->h2, slot, &why);
    return 0;
}

static void on_reply_end(struct h2_conn *conn, struct h2_slot *slot)
{
    /* The server need not have read the whole body (RFC 9113 section 8.1); there is no use in sending on. */
    if (nghttp2_session_get_stream_local_close(conn->session, slot->stream_id) == 1)
        nghttp2_session_set_stream_user_data(conn->session, slot->stream_id, NULL);
    else
        h2_session_cancel(conn, slot);
    h2_settle_answer(conn->h2, slot);
}

static int on_frame_recv(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
    struct h2_conn *conn = user;
    struct h2_slot *slot;

    switch (frame->hd.type) {
    case NGHTTP2_GOAWAY:
        conn->has_goaway = conn->is_retired = true;
        conn->goaway_code = frame->goaway.error_code;
        break;
    case NGHTTP2_PING:
        if ((frame->hd.flags & NGHTTP2_FLAG_ACK) && conn->state == H2_CONN_PROBING)
            conn->state = H2_CONN_READY;
        break;
    case NGHTTP2_HEADERS:
    case NGHTTP2_DATA:
        slot = slot_of(session, frame->hd.stream_id);
        if (slot && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
            on_reply_end(conn, slot);
        break;
    default:
        break;
    }
    return 0;
}

static int before_frame_send(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
    struct h2_conn *conn = user;
    struct h2_slot *slot = frame->hd.type == NGHTTP2_HEADERS ? slot_of(session, frame->hd.stream_id) : NULL;

    if (slot) {
        slot->is_framed = true;
        slot->framed_at = conn->n_framed;
    }
    return 0;
}

/* Streams that we gave up ourselves have no slot any more. nghttp2 closes those above the last id of a
 * GOAWAY, and those it could not open because of one, with REFUSED_STREAM. */
static int on_stream_close(nghttp2_session *session, int32_t stream_id, uint32_t error_code, void *user)
{
    struct h2_conn *conn = user;
    struct h2_slot *slot = slot_of(session, stream_id);
    struct nr_err why = {0};

    if (!slot)
        return 0;
    nr_err_set(&why, NR_ERR_UNAVAILABLE, "Function.StreamClosed",
               "\"%s\" ended the request without a reply: %s", conn->site->name,
               nghttp2_http2_strerror(error_code));
    if (error_code == NGHTTP2_REFUSED_STREAM && slot->status == 0)
        h2_settle_unprocessed(conn->h2, slot, &why);
    else
        h2_settle_failed(conn->h2, slot, &why);
    return 0;
}

static nghttp2_ssize read_body(nghttp2_session *session, int32_t stream_id, uint8_t *out, size_t cap,
                               uint32_t *flags, nghttp2_data_source *source, void *user)
{
    struct h2_slot *slot = source->ptr;
    bool is_end;
    size_t n;

    (void)session;
    /* A slot that has gone on to another request must not send that one's body here. */
    if (slot->conn != user || slot->stream_id != stream_id)
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    n = h2_slot_read_body(slot, out, cap, &is_end);
    if (is_end)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (nghttp2_ssize)n;
}

/* Returns NULL without memory; nghttp2_session_callbacks_del(). */
static nghttp2_session_callbacks *new_callbacks(void)
{
    nghttp2_session_callbacks *made = NULL;

    if (nghttp2_session_callbacks_new(&made) != 0)
        return NULL;
    nghttp2_session_callbacks_set_on_header_callback(made, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(made, on_frame_recv);
    nghttp2_session_callbacks_set_before_frame_send_callback(made, before_frame_send);
    nghttp2_session_callbacks_set_on_stream_close_callback(made, on_stream_close);
    return made;
}

int h2_session_new(struct h2_conn *conn, struct nr_err *err)
{
    static const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, STREAM_WINDOW_BYTES},
    };
    nghttp2_session_callbacks *callbacks = new_callbacks();
    nghttp2_option *option = NULL;
    bool failed = !callbacks || nghttp2_option_new(&option) != 0;

    if (!failed) {
        /* Closed streams are of no use to a client, and keeping them costs. */
        nghttp2_option_set_no_closed_streams(option, 1);
        failed = nghttp2_session_client_new2(&conn->session, callbacks, conn, option) != 0;
    }
    nghttp2_option_del(option);
    nghttp2_session_callbacks_del(callbacks);
    if (failed || nghttp2_submit_settings(conn->session, NGHTTP2_FLAG_NONE, settings, 2) != 0 ||
        nghttp2_session_set_local_window_size(conn->session, NGHTTP2_FLAG_NONE, 0, CONNECTION_WINDOW_BYTES) !=
            0)
        return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.OutOfMemory", "no memory for an HTTP/2 session");
    return 0;
}

static nghttp2_nv pair(struct nr_view name, struct nr_view value)
{
    /* Views live until done(), which is after the frame was made: no copy is needed. */
    return (nghttp2_nv){(uint8_t *)(uintptr_t)name.ptr, (uint8_t *)(uintptr_t)value.ptr, name.len, value.len,
                        NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE};
}

static size_t fill_headers(const struct h2_conn *conn, struct h2_slot *slot, nghttp2_nv *out)
{
    const struct nr_h2_request *request = &slot->request;
    size_t n = 0;

    out[n++] = pair(NR_VIEW(":method"), request->method);
    out[n++] = pair(NR_VIEW(":scheme"), NR_VIEW("https"));
    out[n++] = pair(NR_VIEW(":authority"), nr_view(conn->site->authority));
    out[n++] = pair(NR_VIEW(":path"), request->path);
    out[n++] = pair(NR_VIEW("user-agent"), nr_view(conn->h2->user_agent));
    out[n++] = pair(NR_VIEW("content-length"), nr_view(slot->content_length));
    for (size_t i = 0; i < request->n_headers; i++)
        out[n++] = pair(request->headers[i].name, request->headers[i].value);
    return n;
}

int h2_session_submit(struct h2_conn *conn, struct h2_slot *slot, struct nr_err *err)
{
    nghttp2_data_provider2 body = {.source.ptr = slot, .read_callback = read_body};
    nghttp2_nv headers[HEADERS_MAX];
    size_t body_len = 0;
    size_t n;
    int32_t id;

    for (int i = 0; i < NR_H2_BODY_PARTS_MAX; i++)
        body_len += slot->request.body[i].len;
    snprintf(slot->content_length, sizeof(slot->content_length), "%zu", body_len);
    h2_slot_rewind(slot);
    n = fill_headers(conn, slot, headers);
    id = nghttp2_submit_request2(conn->session, NULL, headers, n, body_len ? &body : NULL, slot);
    if (id < 0)
        return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.OutOfMemory",
                          "cannot give a request to the connection to \"%s\": %s", conn->site->name,
                          nghttp2_strerror(id));
    slot->stream_id = id;
    slot->conn = conn;
    slot->n_submitted++;
    slot->started_us = nr_clock_mono_us();
    slot->deadline_ms = slot->started_us / 1000 + conn->h2->options.request_timeout_ms;
    h2_slot_append(&conn->slots, slot);
    conn->n_active++;
    conn->has_carried = true;
    return 0;
}

void h2_session_cancel(struct h2_conn *conn, struct h2_slot *slot)
{
    nghttp2_session_set_stream_user_data(conn->session, slot->stream_id, NULL);
    nghttp2_submit_rst_stream(conn->session, NGHTTP2_FLAG_NONE, slot->stream_id, NGHTTP2_CANCEL);
}
