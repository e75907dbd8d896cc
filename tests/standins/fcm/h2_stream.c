#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <narae/clock.h>

#include "tests/standins/fcm/h2_conn.h"

static struct h2_stream *stream_of(nghttp2_session *session, int32_t id)
{
    return nghttp2_session_get_stream_user_data(session, id);
}

static const char *header(const struct request *request, const char *name)
{
    const struct h2_stream *stream = request->transport;

    for (size_t i = 0; i < stream->n_headers; i++)
        if (strcasecmp(stream->headers[i].name, name) == 0)
            return stream->headers[i].value;
    return NULL;
}

/* --- life of a stream ----------------------------------------------------------------------------------- */

static struct h2_stream *stream_new(struct h2_conn *conn, int32_t id)
{
    struct h2_stream *stream = calloc(1, sizeof(*stream));

    if (!stream)
        abort();
    stream->conn = conn;
    stream->id = id;
    stream->after = conn->streams;
    if (conn->streams)
        conn->streams->before = stream;
    conn->streams = stream;
    conn->n_open++;
    return stream;
}

static void stream_free(struct h2_stream *stream)
{
    h2_stream_stop_waiting(stream);
    if (stream->before)
        stream->before->after = stream->after;
    else
        stream->conn->streams = stream->after;
    if (stream->after)
        stream->after->before = stream->before;
    stream->conn->n_open--;
    for (size_t i = 0; i < stream->n_headers; i++) {
        free(stream->headers[i].name);
        free(stream->headers[i].value);
    }
    free(stream->method);
    free(stream->target);
    if (stream->request.server)
        request_done(&stream->request);
    free(stream);
}

void h2_streams_free(struct h2_conn *conn)
{
    while (conn->streams)
        stream_free(conn->streams);
}

void h2_stream_stop_waiting(struct h2_stream *stream)
{
    struct h2_waiting *waiting = stream->conn->waiting;

    if (!stream->is_waiting)
        return;
    stream->is_waiting = false;
    if (stream->sooner)
        stream->sooner->later = stream->later;
    else
        waiting->first = stream->later;
    if (stream->later)
        stream->later->sooner = stream->sooner;
    else
        waiting->last = stream->sooner;
}

/* Mostly all wait equally long: the place is looked for from the end. */
static void wait(struct h2_stream *stream, int delay_ms)
{
    struct h2_waiting *waiting = stream->conn->waiting;
    struct h2_stream *sooner = waiting->last;

    stream->due_us = nr_clock_mono_us() + delay_ms * 1000LL;
    stream->is_waiting = true;
    while (sooner && sooner->due_us > stream->due_us)
        sooner = sooner->sooner;
    stream->sooner = sooner;
    stream->later = sooner ? sooner->later : waiting->first;
    if (stream->later)
        stream->later->sooner = stream;
    else
        waiting->last = stream;
    if (sooner)
        sooner->later = stream;
    else
        waiting->first = stream;
}

/* --- answers and faults --------------------------------------------------------------------------------- */

static nghttp2_ssize read_body(nghttp2_session *session, int32_t id, uint8_t *out, size_t cap,
                               uint32_t *flags, nghttp2_data_source *source, void *user)
{
    struct h2_stream *stream = source->ptr;
    const struct answer *answer = &stream->request.answer;
    size_t whole = answer->body ? strlen(answer->body) : 0;
    size_t end = answer->fault == FAULT_RESET_MID ? whole / 2 : whole;
    size_t n = end - stream->sent_len < cap ? end - stream->sent_len : cap;

    (void)user;
    if (n)
        memcpy(out, answer->body + stream->sent_len, n);
    stream->sent_len += n;
    if (stream->sent_len < end || answer->fault != FAULT_RESET_MID) {
        if (stream->sent_len == end)
            *flags |= NGHTTP2_DATA_FLAG_EOF;
        return (nghttp2_ssize)n;
    }
    if (n)
        return (nghttp2_ssize)n;
    nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, id, NGHTTP2_INTERNAL_ERROR);
    return NGHTTP2_ERR_DEFERRED;
}

static nghttp2_nv pair(const char *name, const char *value)
{
    return (nghttp2_nv){(uint8_t *)(uintptr_t)name, (uint8_t *)(uintptr_t)value, strlen(name), strlen(value),
                        NGHTTP2_NV_FLAG_NONE};
}

static void respond(struct h2_stream *stream)
{
    const struct answer *answer = &stream->request.answer;
    nghttp2_data_provider2 body = {.source.ptr = stream, .read_callback = read_body};
    char status[4] = {(char)('0' + answer->http_status / 100), (char)('0' + answer->http_status / 10 % 10),
                      (char)('0' + answer->http_status % 10), '\0'};
    nghttp2_nv headers[4] = {pair(":status", status), pair("content-type", answer->content_type),
                             pair("date", answer->date), pair("retry-after", answer->retry_after)};

    nghttp2_submit_response2(stream->conn->session, stream->id, headers, answer->retry_after[0] ? 4 : 3,
                             &body);
}

/* nghttp2 goes on to read streams until its GOAWAY has left; the client is told otherwise, so they are not
 * acted upon. */
static void go_away(struct h2_conn *conn, int32_t last_id)
{
    if (conn->last_id != INT32_MAX)
        return;
    conn->last_id = last_id;
    nghttp2_submit_goaway(conn->session, NGHTTP2_FLAG_NONE, last_id, NGHTTP2_NO_ERROR, NULL, 0);
}

void h2_stream_answer(struct h2_stream *stream)
{
    nghttp2_session *session = stream->conn->session;

    switch (stream->request.answer.fault) {
    case FAULT_REFUSE:
        nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, stream->id, NGHTTP2_REFUSED_STREAM);
        break;
    case FAULT_RESET:
    case FAULT_RESET_AFTER:
        nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, stream->id, NGHTTP2_INTERNAL_ERROR);
        break;
    case FAULT_CUT:
    case FAULT_CUT_AFTER:
        stream->conn->is_cutting = true;
        break;
    case FAULT_GOAWAY_BEFORE:
        go_away(stream->conn, stream->conn->acted_id);
        if (stream->id <
            stream->conn->last_id) /* a later one was whole earlier: this one has to be refused by itself */
            nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, stream->id, NGHTTP2_REFUSED_STREAM);
        break;
    case FAULT_STALL:
        break;
    case FAULT_GOAWAY:
        respond(stream);
        go_away(stream->conn, nghttp2_session_get_last_proc_stream_id(session));
        break;
    default:
        respond(stream);
        break;
    }
}

/* --- what nghttp2 says ---------------------------------------------------------------------------------- */

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
    struct h2_conn *conn = user;
    int limit = conn->server->config->refuses_above;
    int32_t id = frame->hd.stream_id;

    if (limit && conn->n_open >= limit)
        return nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, id, NGHTTP2_REFUSED_STREAM);
    nghttp2_session_set_stream_user_data(session, id, stream_new(conn, id));
    return 0;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags, void *user)
{
    struct h2_stream *stream = stream_of(session, frame->hd.stream_id);
    char *text;

    (void)flags;
    (void)user;
    (void)name_len;
    if (!stream)
        return 0;
    text = strndup((const char *)value, value_len);
    if (strcmp((const char *)name, ":method") == 0)
        stream->method = text;
    else if (strcmp((const char *)name, ":path") == 0)
        stream->target = text;
    else if (stream->n_headers < H2_HEADERS_MAX)
        stream->headers[stream->n_headers++] = (struct h2_header){strdup((const char *)name), text};
    else
        free(text);
    return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *data, size_t len,
                   void *user)
{
    struct h2_stream *stream = stream_of(session, id);

    (void)flags;
    (void)user;
    if (stream)
        nr_buf_add(&stream->request.body, nr_view_n((const char *)data, len));
    return 0;
}

static void on_head(struct h2_stream *stream)
{
    stream->request.header = header;
    stream->request.transport = stream;
    stream->request.method = stream->method ? stream->method : "";
    stream->request.connection = stream->conn->port;
    stream->request.stream = stream->id;
    request_begin(&stream->request, stream->conn->server, stream->target ? stream->target : "/");
}

/* After a cut nothing of what still comes is read. */
static void on_whole(struct h2_stream *stream)
{
    if (stream->is_whole || stream->conn->is_cutting || stream->id > stream->conn->last_id)
        return;
    stream->is_whole = true;
    request_route(&stream->request);
    if (fault_is_acted_upon(stream->request.answer.fault) && stream->id > stream->conn->acted_id)
        stream->conn->acted_id = stream->id;
    if (stream->request.answer.delay_ms > 0)
        wait(stream, stream->request.answer.delay_ms);
    else
        h2_stream_answer(stream);
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
    struct h2_stream *stream;

    (void)user;
    if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA)
        return 0;
    stream = stream_of(session, frame->hd.stream_id);
    if (!stream)
        return 0;
    if (frame->hd.type == NGHTTP2_HEADERS && !stream->request.server)
        on_head(stream);
    if (frame->hd.flags & NGHTTP2_FLAG_END_STREAM)
        on_whole(stream);
    return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t id, uint32_t code, void *user)
{
    struct h2_stream *stream = stream_of(session, id);

    (void)code;
    (void)user;
    if (stream)
        stream_free(stream);
    return 0;
}

bool h2_session_open(struct h2_conn *conn)
{
    nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, (uint32_t)conn->server->config->max_streams}};
    nghttp2_session_callbacks *callbacks = NULL;

    if (nghttp2_session_callbacks_new(&callbacks) != 0)
        return false;
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
    if (nghttp2_session_server_new(&conn->session, callbacks, conn) != 0)
        conn->session = NULL;
    nghttp2_session_callbacks_del(callbacks);
    return conn->session && nghttp2_submit_settings(conn->session, NGHTTP2_FLAG_NONE, settings, 1) == 0;
}
