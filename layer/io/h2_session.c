#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layer/io/h2_session.h"

enum {
    CONNECTION_WINDOW_BYTES = 16 * 1024 * 1024, /* never the limit for small replies */
    STREAM_WINDOW_BYTES = 1024 * 1024,
    HEADERS_MAX = 16 + 6, /* the caller's and ours */
};

static struct h2_slot *slot_of(nghttp2_session *session, int32_t stream_id)
{
    return nghttp2_session_get_stream_user_data(session, stream_id);
}

static void keep_header(char *out, size_t cap, const uint8_t *value, size_t len)
{
    if (len < cap) {
        memcpy(out, value, len);
        out[len] = '\0';
    }
}

static bool is_name(const uint8_t *name, size_t len, const char *wanted)
{
    return len == strlen(wanted) && memcmp(name, wanted, len) == 0;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags, void *user)
{
    struct h2_slot *slot = slot_of(session, frame->hd.stream_id);

    (void)flags;
    (void)user;
    if (!slot)
        return 0;
    if (is_name(name, name_len, ":status"))
        slot->status = atoi((const char *)value); /* nghttp2 has checked: three digits, NUL-terminated */
    else if (is_name(name, name_len, "retry-after"))
        keep_header(slot->retry_after, sizeof(slot->retry_after), value, value_len);
    else if (is_name(name, name_len, "date"))
        keep_header(slot->date, sizeof(slot->date), value, value_len);
    return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t stream_id, const uint8_t *data,
                   size_t len, void *user)
{
    struct h2_slot *slot = slot_of(session, stream_id);

    (void)flags;
    (void)user;
    if (!slot || slot->is_too_large)
        return 0;
    nr_buf_add(&slot->body, nr_view_n((const char *)data, len));
    if (slot->body.is_bad) {
        slot->is_too_large = true;
        nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, stream_id, NGHTTP2_CANCEL);
    }
    return 0;
}

static int on_frame_recv(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
    struct h2_conn *conn = user;
    struct h2_slot *slot;

    if (frame->hd.type == NGHTTP2_GOAWAY)
        conn->has_goaway = true;
    if ((frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) &&
        (frame->hd.flags & NGHTTP2_FLAG_END_STREAM)) {
        slot = slot_of(session, frame->hd.stream_id);
        if (slot)
            slot->is_complete = true;
    }
    return 0;
}

static int on_frame_send(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
    struct h2_slot *slot = frame->hd.type == NGHTTP2_HEADERS ? slot_of(session, frame->hd.stream_id) : NULL;

    (void)user;
    if (slot)
        slot->is_sent = true;
    return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t stream_id, uint32_t error_code, void *user)
{
    struct h2_conn *conn = user;
    struct h2_slot *slot = slot_of(session, stream_id);

    if (slot)
        conn->site->on_close(conn->site->ctx, slot, error_code);
    return 0;
}

static ssize_t read_body(nghttp2_session *session, int32_t stream_id, uint8_t *out, size_t cap,
                         uint32_t *flags, nghttp2_data_source *source, void *user)
{
    struct h2_slot *slot = source->ptr;
    size_t n = 0;

    (void)session;
    (void)stream_id;
    (void)user;
    while (slot->part < NR_H2_BODY_PARTS_MAX) {
        struct nr_view part = slot->request.body[slot->part];
        size_t take = part.len - slot->part_at;

        if (take > cap - n)
            take = cap - n;
        if (take)
            memcpy(out + n, part.ptr + slot->part_at, take);
        n += take;
        slot->part_at += take;
        if (slot->part_at < part.len)
            return (ssize_t)n; /* the frame is full */
        slot->part++;
        slot->part_at = 0;
    }
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)n;
}

/* One set of callbacks for the life of the process: they hold no state. */
static nghttp2_session_callbacks *callbacks(void)
{
    static nghttp2_session_callbacks *made;

    if (made || nghttp2_session_callbacks_new(&made) != 0)
        return made;
    nghttp2_session_callbacks_set_on_header_callback(made, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(made, on_frame_recv);
    nghttp2_session_callbacks_set_on_frame_send_callback(made, on_frame_send);
    nghttp2_session_callbacks_set_on_stream_close_callback(made, on_stream_close);
    return made;
}

int h2_session_new(struct h2_conn *conn, struct nr_err *err)
{
    static const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, STREAM_WINDOW_BYTES},
    };
    nghttp2_option *option = NULL;
    int failed = !callbacks() || nghttp2_option_new(&option) != 0;

    if (!failed) {
        /* Closed streams are of no use to a client, and keeping them costs. */
        nghttp2_option_set_no_closed_streams(option, 1);
        failed = nghttp2_session_client_new2(&conn->session, callbacks(), conn, option) != 0;
        nghttp2_option_del(option);
    }
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

int h2_session_submit(struct h2_conn *conn, struct h2_slot *slot, struct nr_err *err)
{
    const struct nr_h2_request *request = &slot->request;
    nghttp2_data_provider body = {.source.ptr = slot, .read_callback = read_body};
    nghttp2_nv headers[HEADERS_MAX];
    size_t body_len = 0;
    size_t n = 0;
    int32_t id;

    for (int i = 0; i < NR_H2_BODY_PARTS_MAX; i++)
        body_len += request->body[i].len;
    snprintf(slot->content_length, sizeof(slot->content_length), "%zu", body_len);
    headers[n++] = pair(NR_VIEW(":method"), request->method);
    headers[n++] = pair(NR_VIEW(":scheme"), NR_VIEW("https"));
    headers[n++] = pair(NR_VIEW(":authority"), nr_view(conn->site->authority));
    headers[n++] = pair(NR_VIEW(":path"), request->path);
    headers[n++] = pair(NR_VIEW("user-agent"), nr_view(conn->site->user_agent));
    headers[n++] = pair(NR_VIEW("content-length"), nr_view(slot->content_length));
    for (size_t i = 0; i < request->n_headers && n < HEADERS_MAX; i++)
        headers[n++] = pair(request->headers[i].name, request->headers[i].value);
    id = nghttp2_submit_request(conn->session, NULL, headers, n, body_len ? &body : NULL, slot);
    if (id < 0)
        return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.Http2", "%s: cannot submit a request: %s",
                          conn->site->authority, nghttp2_strerror(id));
    slot->stream_id = id;
    return 0;
}
