/* server_h2.c - TLS and HTTP/2 of our own, in one thread: here a connection can misbehave as FCM's do. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>

#include <narae/clock.h>

#include "tests/standins/fcm/h2_conn.h"

enum {
    CONNS_MAX = 512,
    RECORD_BYTES = 16 * 1024, /* the most that TLS puts into one */
};

struct server_h2 {
    struct server *server;
    SSL_CTX *ctx;
    int fd;
    int wake[2]; /* closing [1] ends the thread */
    pthread_t thread;
    struct h2_conn *conns;
    int n_conns;
    struct h2_waiting waiting;
};

/* --- one connection ------------------------------------------------------------------------------------- */

static void conn_free(struct h2_conn *conn)
{
    if (conn->is_cutting)
        setsockopt(conn->fd, SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1, .l_linger = 0},
                   sizeof(struct linger));
    h2_streams_free(conn);
    nghttp2_session_del(conn->session);
    SSL_free(conn->ssl);
    close(conn->fd);
    if (conn->relay_fd >= 0)
        close(conn->relay_fd);
    free(conn->out);
    free(conn);
}

static void keep(struct h2_conn *conn, const uint8_t *bytes, size_t len)
{
    if (conn->out_len + len > conn->out_cap) {
        conn->out_cap = (conn->out_len + len) * 2;
        conn->out = realloc(conn->out, conn->out_cap);
        if (!conn->out)
            abort();
    }
    memcpy(conn->out + conn->out_len, bytes, len);
    conn->out_len += len;
}

static void gather(struct h2_conn *conn)
{
    const uint8_t *frame;
    nghttp2_ssize len;

    while ((len = nghttp2_session_mem_send2(conn->session, &frame)) > 0)
        keep(conn, frame, (size_t)len);
}

/* False when the connection is lost. */
static bool drain(struct h2_conn *conn)
{
    while (conn->out_at < conn->out_len) {
        size_t left = conn->out_len - conn->out_at;
        int n =
            SSL_write(conn->ssl, conn->out + conn->out_at, left < RECORD_BYTES ? (int)left : RECORD_BYTES);

        if (n <= 0)
            return SSL_get_error(conn->ssl, n) == SSL_ERROR_WANT_WRITE;
        conn->out_at += (size_t)n;
    }
    conn->out_at = conn->out_len = 0;
    return true;
}

/* False when the connection is over. */
static bool flush(struct h2_conn *conn)
{
    if (!conn->session)
        return drain(conn);
    gather(conn);
    if (!drain(conn) || conn->is_cutting)
        return false;
    return conn->out_len > 0 || nghttp2_session_want_read(conn->session) ||
           nghttp2_session_want_write(conn->session);
}

/* A client that does not speak HTTP/2 is served by our plain listener. */
static bool relay_open(struct h2_conn *conn)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(conn->server->plain_port)};

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    conn->relay_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return conn->relay_fd >= 0 && connect(conn->relay_fd, (struct sockaddr *)&to, sizeof(to)) == 0;
}

static bool relay_back(struct h2_conn *conn)
{
    unsigned char bytes[RECORD_BYTES];
    ssize_t n = read(conn->relay_fd, bytes, sizeof(bytes));

    if (n > 0)
        keep(conn, bytes, (size_t)n);
    return n > 0;
}

/* Requests are small: the plain listener takes one at once. */
static bool take(struct h2_conn *conn, const unsigned char *bytes, size_t len)
{
    if (conn->session)
        return nghttp2_session_mem_recv2(conn->session, bytes, len) >= 0;
    return write(conn->relay_fd, bytes, len) == (ssize_t)len;
}

static bool is_open(const struct h2_conn *conn)
{
    return conn->session || conn->relay_fd >= 0;
}

/* False when it has failed; it may have to go on later. */
static bool handshake(struct h2_conn *conn)
{
    const unsigned char *protocol = NULL;
    unsigned len = 0;
    int n = SSL_do_handshake(conn->ssl);

    if (n != 1) {
        n = SSL_get_error(conn->ssl, n);
        return n == SSL_ERROR_WANT_READ || n == SSL_ERROR_WANT_WRITE;
    }
    SSL_get0_alpn_selected(conn->ssl, &protocol, &len);
    return len == 2 && memcmp(protocol, "h2", 2) == 0 ? h2_session_open(conn) : relay_open(conn);
}

static bool receive(struct h2_conn *conn)
{
    unsigned char bytes[RECORD_BYTES];
    int n = 1;

    conn->used_ms = nr_clock_mono_ms();
    if (!is_open(conn) && !handshake(conn))
        return false;
    if (!is_open(conn))
        return true;
    while (!conn->is_cutting && (n = SSL_read(conn->ssl, bytes, sizeof(bytes))) > 0)
        if (!take(conn, bytes, (size_t)n))
            return false;
    return conn->is_cutting || SSL_get_error(conn->ssl, n) == SSL_ERROR_WANT_READ;
}

/* --- the listener --------------------------------------------------------------------------------------- */

static void accept_one(struct server_h2 *h2)
{
    struct sockaddr_in peer = {0};
    socklen_t len = sizeof(peer);
    int fd = accept4(h2->fd, (struct sockaddr *)&peer, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
    struct h2_conn *conn = fd >= 0 ? calloc(1, sizeof(*conn)) : NULL;

    if (!conn)
        return;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    *conn = (struct h2_conn){.server = h2->server,
                             .waiting = &h2->waiting,
                             .next = h2->conns,
                             .fd = fd,
                             .relay_fd = -1,
                             .last_id = INT32_MAX,
                             .port = ntohs(peer.sin_port),
                             .ssl = SSL_new(h2->ctx),
                             .used_ms = nr_clock_mono_ms()};
    SSL_set_fd(conn->ssl, fd);
    SSL_set_accept_state(conn->ssl);
    h2->conns = conn;
    h2->n_conns++;
}

static void answer_due(struct server_h2 *h2)
{
    int64_t now_us = nr_clock_mono_us();

    while (h2->waiting.first && h2->waiting.first->due_us <= now_us) {
        struct h2_stream *stream = h2->waiting.first;

        h2_stream_stop_waiting(stream);
        h2_stream_answer(stream);
    }
}

static bool is_idle_too_long(const struct h2_conn *conn)
{
    int limit_ms = conn->server->config->idle_close_ms;

    return limit_ms && nr_clock_mono_ms() - conn->used_ms >= limit_ms;
}

static bool serve(struct h2_conn *conn, short events, short relay_events)
{
    ERR_clear_error();
    if ((events & (POLLIN | POLLHUP | POLLERR)) && !receive(conn))
        return false;
    if (relay_events && !relay_back(conn))
        return false;
    if (is_idle_too_long(conn))
        return false;
    return !is_open(conn) || flush(conn);
}

static int timeout_ms(const struct server_h2 *h2)
{
    int64_t left_us;

    if (!h2->waiting.first)
        return h2->server->config->idle_close_ms && h2->conns ? h2->server->config->idle_close_ms : -1;
    left_us = h2->waiting.first->due_us - nr_clock_mono_us();
    return left_us > 0 ? (int)(left_us / 1000) + 1 : 0;
}

static void serve_all(struct server_h2 *h2, const struct pollfd *polls)
{
    struct h2_conn **at = &h2->conns;
    struct h2_conn *conn;

    for (size_t i = 0; (conn = *at); i += 2) {
        if (serve(conn, polls[i].revents, polls[i + 1].revents)) {
            at = &conn->next;
            continue;
        }
        *at = conn->next;
        h2->n_conns--;
        conn_free(conn);
    }
}

static void *run(void *ctx)
{
    struct server_h2 *h2 = ctx;
    struct pollfd polls[2 * CONNS_MAX + 2]; /* a client and its relay; the listener, the end */

    for (;;) {
        nfds_t n = 0;

        for (struct h2_conn *conn = h2->conns; conn; conn = conn->next) {
            polls[n++] = (struct pollfd){conn->fd, (short)(POLLIN | (conn->out_len ? POLLOUT : 0)), 0};
            polls[n++] = (struct pollfd){conn->relay_fd, POLLIN, 0};
        }
        polls[n] = (struct pollfd){h2->n_conns < CONNS_MAX ? h2->fd : -1, POLLIN, 0};
        polls[n + 1] = (struct pollfd){h2->wake[0], POLLIN, 0};
        poll(polls, n + 2, timeout_ms(h2));
        if (polls[n + 1].revents)
            return NULL;
        answer_due(h2);
        serve_all(h2, polls);
        if (polls[n].revents)
            accept_one(h2);
    }
}

/* --- life ----------------------------------------------------------------------------------------------- */

/* HTTP/2 if the client can, else HTTP/1.1. */
static int choose(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in,
                  unsigned in_len, void *ctx)
{
    static const unsigned char ours[] = "\x02h2\x08http/1.1";
    unsigned char *chosen = NULL;

    (void)ssl;
    (void)ctx;
    if (SSL_select_next_proto(&chosen, out_len, ours, sizeof(ours) - 1, in, in_len) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static SSL_CTX *new_ctx(const char *certificate, const char *key)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

    if (!ctx)
        return NULL;
    SSL_CTX_set_mode(ctx, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_ENABLE_PARTIAL_WRITE);
    SSL_CTX_set_alpn_select_cb(ctx, choose, NULL);
    if (SSL_CTX_use_certificate_chain_file(ctx, certificate) == 1 &&
        SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) == 1)
        return ctx;
    fprintf(stderr, "fcm: no usable certificate and key in \"%s\" and \"%s\"\n", certificate, key);
    SSL_CTX_free(ctx);
    return NULL;
}

static uint16_t listen_on(int fd, uint16_t port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
    socklen_t len = sizeof(at);

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, len) != 0 || listen(fd, CONNS_MAX) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &len) != 0)
        return 0;
    return ntohs(at.sin_port);
}

uint16_t server_h2_start(struct server *server, uint16_t port, const char *certificate, const char *key)
{
    struct server_h2 *h2 = calloc(1, sizeof(*h2));
    uint16_t bound = 0;

    if (!h2)
        return 0;
    *h2 = (struct server_h2){.server = server,
                             .ctx = new_ctx(certificate, key),
                             .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (h2->ctx)
        bound = listen_on(h2->fd, port);
    if (bound && pipe2(h2->wake, O_CLOEXEC) == 0 && pthread_create(&h2->thread, NULL, run, h2) == 0) {
        server->h2 = h2;
        return bound;
    }
    SSL_CTX_free(h2->ctx);
    close(h2->fd);
    free(h2);
    return 0;
}

void server_h2_stop(struct server *server)
{
    struct server_h2 *h2 = server->h2;

    if (!h2)
        return;
    close(h2->wake[1]);
    pthread_join(h2->thread, NULL);
    while (h2->conns) {
        struct h2_conn *conn = h2->conns;

        h2->conns = conn->next;
        conn_free(conn);
    }
    close(h2->fd);
    close(h2->wake[0]);
    SSL_CTX_free(h2->ctx);
    free(h2);
    server->h2 = NULL;
}
