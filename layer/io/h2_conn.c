#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <narae/clock.h>

#include "layer/io/h2_conn.h"
#include "layer/io/h2_session.h"
#include "layer/io/tls_context.h"

static int lost(const struct h2_conn *conn, const char *what, const char *why, struct nr_err *err)
{
    return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.Unreachable", "%s:%s: %s: %s", conn->site->host,
                      conn->site->port, what, why);
}

/* --- connecting
 * ------------------------------------------------------------------------------------------------- */

/* Begin with conn->address, passing over those that fail at once. */
static int begin_connect(struct h2_conn *conn, struct nr_err *err)
{
    int why = EADDRNOTAVAIL;

    for (; conn->address; conn->address = conn->address->ai_next) {
        conn->fd = socket(conn->address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (conn->fd >= 0) {
            /* We gather writes ourselves; Nagle's algorithm would only hold the last one back. */
            setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
            if (connect(conn->fd, conn->address->ai_addr, conn->address->ai_addrlen) == 0 ||
                errno == EINPROGRESS)
                return 0;
        }
        why = errno;
        if (conn->fd >= 0)
            close(conn->fd);
        conn->fd = -1;
    }
    return lost(conn, "cannot connect", strerror(why), err);
}

int h2_conn_open(struct h2_conn *conn, const struct h2_site *site, const struct addrinfo *address,
                 int64_t deadline_mono_ms, struct nr_err *err)
{
    conn->site = site;
    conn->fd = -1;
    conn->ssl = NULL;
    conn->session = NULL;
    conn->address = address;
    conn->n_active = 0;
    conn->wants_write = true;
    conn->has_goaway = false;
    conn->deadline_mono_ms = deadline_mono_ms;
    conn->out_at = conn->out_len = 0;
    if (begin_connect(conn, err) != 0)
        return -1;
    conn->state = H2_CONN_CONNECTING;
    return 0;
}

static int begin_handshake(struct h2_conn *conn, struct nr_err *err)
{
    SSL_CTX *ctx = nr_tls_context(err);
    int is_named;

    if (!ctx)
        return -1;
    conn->ssl = SSL_new(ctx);
    if (!conn->ssl || !SSL_set_fd(conn->ssl, conn->fd))
        return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.OutOfMemory", "no memory for a TLS connection");
    if (conn->site->is_address)
        is_named = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(conn->ssl), conn->site->host);
    else
        is_named = SSL_set1_host(conn->ssl, conn->site->host) &&
                   SSL_set_tlsext_host_name(conn->ssl, conn->site->host);
    if (!is_named)
        return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.OutOfMemory", "no memory for a TLS connection");
    SSL_set_connect_state(conn->ssl);
    conn->state = H2_CONN_HANDSHAKE;
    return 0;
}

/* 1 = connected, 0 = not yet. A refused address gives way to the next one. */
static int finish_connect(struct h2_conn *conn, struct nr_err *err)
{
    int why = 0;
    socklen_t len = sizeof(why);
    struct sockaddr_storage peer;
    socklen_t peer_len = sizeof(peer);

    getsockopt(conn->fd, SOL_SOCKET, SO_ERROR, &why, &len);
    if (why == 0)
        return getpeername(conn->fd, (struct sockaddr *)&peer, &peer_len) == 0;
    close(conn->fd);
    conn->fd = -1;
    if (!conn->address->ai_next)
        return lost(conn, "cannot connect", strerror(why), err);
    conn->address = conn->address->ai_next;
    return begin_connect(conn, err);
}

/* OpenSSL's texts are not loaded, but a failed verification has its own; it is what operators need to read.
 */
static int handshake_failed(const struct h2_conn *conn, int ssl_error, struct nr_err *err)
{
    long verify = SSL_get_verify_result(conn->ssl);
    unsigned long code = ERR_peek_error();
    int why = errno;

    ERR_clear_error();
    if (verify != X509_V_OK)
        return nr_err_set(err, NR_ERR_DENIED, "Function.CertificateRefused", "%s:%s: certificate refused: %s",
                          conn->site->host, conn->site->port, X509_verify_cert_error_string(verify));
    if (ssl_error == SSL_ERROR_SYSCALL || code == 0)
        return lost(conn, "TLS handshake", why ? strerror(why) : "the server closed the connection", err);
    return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.TlsFailed",
                      "%s:%s: TLS handshake failed (OpenSSL error %lx)", conn->site->host, conn->site->port,
                      code);
}

static int check_protocol(struct h2_conn *conn, struct nr_err *err)
{
    const unsigned char *chosen = NULL;
    unsigned len = 0;

    SSL_get0_alpn_selected(conn->ssl, &chosen, &len);
    if (len == 2 && memcmp(chosen, "h2", 2) == 0)
        return 0;
    return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.NoHttp2", "%s:%s: the server does not speak HTTP/2",
                      conn->site->host, conn->site->port);
}

static int step_handshake(struct h2_conn *conn, struct nr_err *err)
{
    int result;
    int error;

    errno = 0;
    result = SSL_do_handshake(conn->ssl);
    if (result == 1) {
        if (check_protocol(conn, err) != 0 || h2_session_new(conn, err) != 0)
            return -1;
        conn->state = H2_CONN_READY;
        conn->wants_write = false;
        return 1;
    }
    error = SSL_get_error(conn->ssl, result);
    conn->wants_write = error == SSL_ERROR_WANT_WRITE;
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
        return 0;
    return handshake_failed(conn, error, err);
}

int h2_conn_advance(struct h2_conn *conn, struct nr_err *err)
{
    int connected;

    if (nr_clock_left_ms(conn->deadline_mono_ms) == 0)
        return lost(conn, conn->state == H2_CONN_CONNECTING ? "cannot connect" : "TLS handshake", "timed out",
                    err);
    if (conn->state == H2_CONN_CONNECTING) {
        connected = finish_connect(conn, err);
        if (connected != 1)
            return connected;
        if (begin_handshake(conn, err) != 0)
            return -1;
    }
    return step_handshake(conn, err);
}

/* --- bytes
 * ------------------------------------------------------------------------------------------------------ */

static int read_failed(const struct h2_conn *conn, int ssl_error, struct nr_err *err)
{
    int why = errno;

    ERR_clear_error();
    if (ssl_error == SSL_ERROR_ZERO_RETURN || why == 0)
        return lost(conn, "connection lost", "the server closed it", err);
    return lost(conn, "connection lost", strerror(why), err);
}

int h2_conn_read(struct h2_conn *conn, struct nr_err *err)
{
    unsigned char bytes[H2_CONN_OUT_BYTES];

    for (;;) {
        int n;
        int error;
        ssize_t taken;

        errno = 0;
        n = SSL_read(conn->ssl, bytes, sizeof(bytes));
        if (n > 0) {
            taken = nghttp2_session_mem_recv(conn->session, bytes, (size_t)n);
            if (taken < 0)
                return lost(conn, "connection lost", nghttp2_strerror((int)taken), err);
            continue;
        }
        error = SSL_get_error(conn->ssl, n);
        if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
            return 0;
        return read_failed(conn, error, err);
    }
}

/* Gather frames until a TLS record is full: one write a record instead of one a frame is the factor that
 * counts. */
static int fill(struct h2_conn *conn, const uint8_t **rest, size_t *rest_len, struct nr_err *err)
{
    while (conn->out_len < sizeof(conn->out)) {
        size_t n;

        if (*rest_len == 0) {
            ssize_t got = nghttp2_session_mem_send(conn->session, rest);

            if (got < 0)
                return lost(conn, "connection lost", nghttp2_strerror((int)got), err);
            if (got == 0)
                return 0;
            *rest_len = (size_t)got;
        }
        n = sizeof(conn->out) - conn->out_len;
        n = n < *rest_len ? n : *rest_len;
        memcpy(conn->out + conn->out_len, *rest, n);
        conn->out_len += n;
        *rest += n;
        *rest_len -= n;
    }
    return 0;
}

/* 1 = all of out has left, 0 = the socket is full. */
static int drain(struct h2_conn *conn, struct nr_err *err)
{
    while (conn->out_at < conn->out_len) {
        int n;
        int error;

        errno = 0;
        n = SSL_write(conn->ssl, conn->out + conn->out_at, (int)(conn->out_len - conn->out_at));
        if (n > 0) {
            conn->out_at += (size_t)n;
            continue;
        }
        error = SSL_get_error(conn->ssl, n);
        if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
            return read_failed(conn, error, err);
        conn->wants_write = true;
        return 0;
    }
    conn->out_at = conn->out_len = 0;
    conn->wants_write = false;
    return 1;
}

int h2_conn_write(struct h2_conn *conn, struct nr_err *err)
{
    const uint8_t *rest = NULL;
    size_t rest_len = 0;
    int drained = conn->out_len ? drain(conn, err) : 1;

    while (drained == 1) {
        if (fill(conn, &rest, &rest_len, err) != 0)
            return -1;
        if (conn->out_len == 0)
            return 0;
        drained = drain(conn, err);
    }
    if (drained == 0 &&
        rest_len) /* cannot happen while out holds the largest frame's rest: nghttp2 would lose it */
        return lost(conn, "connection lost", "the output buffer is too small for a frame", err);
    return drained;
}

/* --- streams
 * ---------------------------------------------------------------------------------------------------- */

int h2_conn_room(const struct h2_conn *conn, int max_streams)
{
    uint32_t theirs;

    if (conn->state != H2_CONN_READY || conn->has_goaway ||
        !nghttp2_session_check_request_allowed(conn->session))
        return 0;
    theirs = nghttp2_session_get_remote_settings(conn->session, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
    if (theirs < (uint32_t)max_streams)
        max_streams = (int)theirs;
    return max_streams > conn->n_active ? max_streams - conn->n_active : 0;
}

int h2_conn_submit(struct h2_conn *conn, struct h2_slot *slot, struct nr_err *err)
{
    if (h2_session_submit(conn, slot, err) != 0)
        return -1;
    conn->n_active++;
    conn->used_mono_ms = nr_clock_mono_ms();
    conn->used_wall_ms = nr_clock_wall_ms();
    return 0;
}

void h2_conn_cancel(struct h2_conn *conn, struct h2_slot *slot)
{
    nghttp2_session_set_stream_user_data(conn->session, slot->stream_id, NULL);
    nghttp2_submit_rst_stream(conn->session, NGHTTP2_FLAG_NONE, slot->stream_id, NGHTTP2_CANCEL);
    conn->n_active--;
}

void h2_conn_close(struct h2_conn *conn)
{
    nghttp2_session_del(conn->session);
    SSL_free(conn->ssl);
    if (conn->fd >= 0)
        close(conn->fd);
    conn->session = NULL;
    conn->ssl = NULL;
    conn->fd = -1;
    conn->n_active = 0;
    conn->state = H2_CONN_FREE;
}
