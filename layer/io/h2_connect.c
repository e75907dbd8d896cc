#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <narae/clock.h>
#include <narae/tls.h>

#include "layer/io/h2_conn.h"
#include "layer/io/tls_context.h"

static int cannot_connect(const struct h2_conn *conn, const char *why, struct nr_err *err)
{
    return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.Unreachable", "cannot connect to \"%s\": %c%s",
                      conn->site->name, tolower((unsigned char)why[0]), why + 1);
}

static int no_memory(struct nr_err *err)
{
    return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.OutOfMemory", "no memory for a TLS connection");
}

static const struct addrinfo *address_after(const struct h2_conn *conn, const struct addrinfo *address)
{
    const struct addrinfo *next = address->ai_next ? address->ai_next : conn->site->addresses;

    return next == conn->first_address ? NULL : next;
}

/* The time that is left is shared by the addresses that are left: one that never answers must not use it
 * up. */
static void set_attempt_deadline(struct h2_conn *conn)
{
    int64_t now_ms = nr_clock_mono_ms();
    int n_left = 1;

    for (const struct addrinfo *a = address_after(conn, conn->address); a; a = address_after(conn, a))
        n_left++;
    conn->attempt_deadline_ms = now_ms + (conn->deadline_ms - now_ms) / n_left;
}

void h2_conn_open(struct h2_conn *conn, struct h2_site *site, int64_t timeout_ms)
{
    *conn = (struct h2_conn){.h2 = conn->h2, .site = site, .fd = -1, .state = H2_CONN_CONNECTING};
    conn->first_address = site->good ? site->good : site->addresses;
    conn->address = conn->first_address;
    conn->deadline_ms = nr_clock_mono_ms() + timeout_ms;
    conn->wants_write = true;
}

static int begin_connect(struct h2_conn *conn, struct nr_err *err)
{
    const struct addrinfo *to = conn->address;

    set_attempt_deadline(conn);
    conn->fd = socket(to->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (conn->fd < 0)
        return cannot_connect(conn, strerror(errno), err);
    /* We gather writes ourselves; Nagle's algorithm would only hold the last one back. */
    setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    if (connect(conn->fd, to->ai_addr, to->ai_addrlen) != 0 && errno != EINPROGRESS)
        return cannot_connect(conn, strerror(errno), err);
    return 0;
}

/* 1 = connected, 0 = not yet. */
static int finish_connect(struct h2_conn *conn, struct nr_err *err)
{
    struct sockaddr_storage peer;
    socklen_t peer_len = sizeof(peer);
    int why = 0;
    socklen_t len = sizeof(why);

    getsockopt(conn->fd, SOL_SOCKET, SO_ERROR, &why, &len);
    if (why != 0)
        return cannot_connect(conn, strerror(why), err);
    return getpeername(conn->fd, (struct sockaddr *)&peer, &peer_len) == 0;
}

static int begin_handshake(struct h2_conn *conn, struct nr_err *err)
{
    SSL_CTX *ctx = tls_context(err);
    bool is_named;

    if (!ctx)
        return -1;
    conn->ssl = SSL_new(ctx);
    if (!conn->ssl || !SSL_set_fd(conn->ssl, conn->fd))
        return no_memory(err);
    if (conn->site->is_address)
        is_named = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(conn->ssl), conn->site->host) == 1;
    else
        is_named = SSL_set1_host(conn->ssl, conn->site->host) == 1 &&
                   SSL_set_tlsext_host_name(conn->ssl, conn->site->host) == 1;
    if (!is_named)
        return no_memory(err);
    SSL_set_connect_state(conn->ssl);
    conn->state = H2_CONN_HANDSHAKE;
    return 0;
}

static int certificate_refused(const struct h2_conn *conn, long verdict, struct nr_err *err)
{
    struct nr_tls_trust trust = {0};
    struct nr_err ignored = {0};

    nr_err_set(err, NR_ERR_DENIED, "Function.CertificateRefused", "certificate of \"%s\" refused: %s",
               conn->site->name, X509_verify_cert_error_string(verdict));
    if (nr_tls_trust(&trust, &ignored) == 0)
        nr_err_hint(err, "certificates trusted are those of \"%s\"", trust.file ? trust.file : trust.dir);
    return -1;
}

static int handshake_failed(const struct h2_conn *conn, int ssl_error, int sys_error, struct nr_err *err)
{
    long verdict = SSL_get_verify_result(conn->ssl);
    const char *why = ssl_error == SSL_ERROR_SYSCALL && sys_error ? strerror(sys_error) : tls_reason();

    if (verdict != X509_V_OK)
        return certificate_refused(conn, verdict, err);
    return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.TlsFailed", "TLS handshake with \"%s\" failed: %c%s",
                      conn->site->name, tolower((unsigned char)why[0]), why + 1);
}

static int finish_handshake(struct h2_conn *conn, struct nr_err *err)
{
    const unsigned char *chosen = NULL;
    unsigned len = 0;

    SSL_get0_alpn_selected(conn->ssl, &chosen, &len);
    if (len != 2 || memcmp(chosen, "h2", 2) != 0)
        return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.TlsFailed",
                          "TLS handshake with \"%s\" failed: the server does not offer HTTP/2",
                          conn->site->name);
    if (h2_session_new(conn, err) != 0)
        return -1;
    conn->state = H2_CONN_READY;
    conn->wants_write = false;
    conn->site->good = conn->address;
    h2_conn_touch(conn);
    return 1;
}

static int step_handshake(struct h2_conn *conn, struct nr_err *err)
{
    int result;
    int error;

    ERR_clear_error();
    errno = 0;
    result = SSL_do_handshake(conn->ssl);
    if (result == 1)
        return finish_handshake(conn, err);
    error = SSL_get_error(conn->ssl, result);
    conn->wants_write = error == SSL_ERROR_WANT_WRITE;
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
        return 0;
    return handshake_failed(conn, error, errno, err);
}

/* One address, as far as it goes without waiting. */
static int step(struct h2_conn *conn, struct nr_err *err)
{
    int connected;

    if (conn->fd < 0 && begin_connect(conn, err) != 0)
        return -1;
    if (nr_clock_mono_ms() >= conn->attempt_deadline_ms)
        return cannot_connect(conn, "timed out", err);
    if (conn->state == H2_CONN_CONNECTING) {
        connected = finish_connect(conn, err);
        if (connected != 1)
            return connected;
        if (begin_handshake(conn, err) != 0)
            return -1;
    }
    return step_handshake(conn, err);
}

static void drop_socket(struct h2_conn *conn)
{
    SSL_free(conn->ssl);
    conn->ssl = NULL;
    if (conn->fd >= 0)
        close(conn->fd);
    conn->fd = -1;
    conn->state = H2_CONN_CONNECTING;
    conn->wants_write = true;
}

int h2_conn_advance(struct h2_conn *conn, struct nr_err *err)
{
    for (;;) {
        struct nr_err why = {0};
        int result = step(conn, &why);
        const struct addrinfo *next = address_after(conn, conn->address);

        if (result >= 0)
            return result;
        if (why.kind == NR_ERR_DENIED || !next) {
            *err = why;
            return -1;
        }
        drop_socket(conn);
        conn->address = next;
    }
}
