#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>

#include <narae/clock.h>

#include "layer/io/h2_conn.h"
#include "layer/io/tls_context.h"

/* Reading yields to the other connections after this many records; replies in flight never come to that. */
enum { READS_MAX = 256 };

int h2_conn_lost(const struct h2_conn *conn, const char *why, struct nr_err *err)
{
    if (conn->has_goaway)
        return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.ConnectionLost",
                          "\"%s\" takes no more requests: GOAWAY with %s", conn->site->name,
                          nghttp2_http2_strerror(conn->goaway_code));
    return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.ConnectionLost", "connection to \"%s\" lost: %c%s",
                      conn->site->name, tolower((unsigned char)why[0]), why + 1);
}

static int io_failed(const struct h2_conn *conn, int ssl_error, int sys_error, struct nr_err *err)
{
    if (ssl_error == SSL_ERROR_ZERO_RETURN || (ssl_error == SSL_ERROR_SYSCALL && sys_error == 0))
        return h2_conn_lost(conn, "closed by the server", err);
    return h2_conn_lost(conn, ssl_error == SSL_ERROR_SYSCALL ? strerror(sys_error) : tls_reason(), err);
}

/* One record; 1 = there may be more, 0 = the socket is empty. */
static int read_record(struct h2_conn *conn, struct nr_err *err)
{
    unsigned char bytes[H2_CONN_RECORD_BYTES];
    nghttp2_ssize taken;
    int error;
    int n;

    ERR_clear_error();
    errno = 0;
    n = SSL_read(conn->ssl, bytes, sizeof(bytes));
    if (n > 0) {
        taken = nghttp2_session_mem_recv2(conn->session, bytes, (size_t)n);
        return taken < 0 ? h2_conn_lost(conn, nghttp2_strerror((int)taken), err) : 1;
    }
    error = SSL_get_error(conn->ssl, n);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
        return 0;
    return io_failed(conn, error, errno, err);
}

int h2_conn_read(struct h2_conn *conn, struct nr_err *err)
{
    int n_read = 0;
    int more = 1;

    while (more == 1 && n_read < READS_MAX) {
        more = read_record(conn, err);
        if (more == 1)
            n_read++;
    }
    if (n_read)
        h2_conn_touch(conn);
    conn->has_more = more == 1;
    return more < 0 ? -1 : 0;
}

/* Gather frames until a TLS record is full: one write a record instead of one a frame is the factor that
 * counts (reference figures: four times less CPU per request). */
static int gather(struct h2_conn *conn, struct nr_err *err)
{
    while (conn->out_len < sizeof(conn->out)) {
        size_t n = sizeof(conn->out) - conn->out_len;

        if (conn->frame.len == 0) {
            const uint8_t *frame;
            nghttp2_ssize got = nghttp2_session_mem_send2(conn->session, &frame);

            if (got < 0)
                return h2_conn_lost(conn, nghttp2_strerror((int)got), err);
            if (got == 0)
                return 0;
            conn->frame = nr_view_n((const char *)frame, (size_t)got);
        }
        if (n > conn->frame.len)
            n = conn->frame.len;
        memcpy(conn->out + conn->out_len, conn->frame.ptr, n);
        conn->out_len += n;
        conn->n_framed += n;
        conn->frame = nr_view_n(conn->frame.ptr + n, conn->frame.len - n);
    }
    return 0;
}

/* 1 = all of out has left, 0 = the socket is full. */
static int drain(struct h2_conn *conn, struct nr_err *err)
{
    while (conn->out_at < conn->out_len) {
        int error;
        int n;

        ERR_clear_error();
        errno = 0;
        n = SSL_write(conn->ssl, conn->out + conn->out_at, (int)(conn->out_len - conn->out_at));
        if (n > 0) {
            conn->out_at += (size_t)n;
            conn->n_written += (uint64_t)n;
            continue;
        }
        error = SSL_get_error(conn->ssl, n);
        if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
            return io_failed(conn, error, errno, err);
        conn->wants_write = true;
        return 0;
    }
    conn->out_at = conn->out_len = 0;
    conn->wants_write = false;
    return 1;
}

/* nghttp2 ends a session whose server does not keep to the protocol; it says so with a GOAWAY, then wants
 * nothing. */
static int check_alive(const struct h2_conn *conn, struct nr_err *err)
{
    if (nghttp2_session_want_read(conn->session) || nghttp2_session_want_write(conn->session))
        return 0;
    return h2_conn_lost(conn, "the server broke the protocol", err);
}

int h2_conn_write(struct h2_conn *conn, struct nr_err *err)
{
    for (;;) {
        int drained = drain(conn, err);

        if (drained != 1)
            return drained;
        if (gather(conn, err) != 0)
            return -1;
        if (conn->out_len == 0)
            return check_alive(conn, err);
    }
}

bool h2_conn_has_room(const struct h2_conn *conn, int max_streams)
{
    uint32_t theirs;

    if (conn->state != H2_CONN_READY || conn->is_retired || conn->n_active >= max_streams ||
        !nghttp2_session_check_request_allowed(conn->session))
        return false;
    theirs = nghttp2_session_get_remote_settings(conn->session, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
    return (uint32_t)conn->n_active < theirs;
}

/* Bytes that TLS did not take whole cannot be read by the server: a record is complete or nothing. */
bool h2_conn_has_sent(const struct h2_conn *conn, const struct h2_slot *slot)
{
    return slot->is_framed && conn->n_written > slot->framed_at;
}

int64_t h2_conn_patience_ms(const struct h2_conn *conn)
{
    if (conn->state == H2_CONN_PROBING)
        return conn->deadline_ms;
    if (conn->state == H2_CONN_CONNECTING || conn->state == H2_CONN_HANDSHAKE)
        return conn->attempt_deadline_ms;
    return NR_CLOCK_NEVER_MS;
}

int64_t h2_conn_silence_ms(const struct h2_conn *conn)
{
    int64_t mono_ms = nr_clock_mono_ms() - conn->used_mono_ms;
    int64_t wall_ms = nr_clock_wall_ms() - conn->used_wall_ms;

    return mono_ms > wall_ms ? mono_ms : wall_ms;
}

void h2_conn_touch(struct h2_conn *conn)
{
    conn->used_mono_ms = nr_clock_mono_ms();
    conn->used_wall_ms = nr_clock_wall_ms();
}

void h2_conn_probe(struct h2_conn *conn, int64_t timeout_ms)
{
    /* Out of memory shows as a probe that is never answered. */
    (void)nghttp2_submit_ping(conn->session, NGHTTP2_FLAG_NONE, NULL);
    conn->deadline_ms = nr_clock_mono_ms() + timeout_ms;
    conn->state = H2_CONN_PROBING;
}

void h2_conn_close(struct h2_conn *conn)
{
    nghttp2_session_del(conn->session);
    SSL_free(conn->ssl);
    if (conn->fd >= 0)
        close(conn->fd);
    *conn = (struct h2_conn){.h2 = conn->h2, .fd = -1, .state = H2_CONN_FREE};
}
