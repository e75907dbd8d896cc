/* conn.h - one kept-alive HTTP/1.1 connection to the sandbox's own API.
 *
 * Is:      connect, send a request, read its reply; what api.c and extension.c share.
 * Is not:  a pool, and no policy: what a status means, and whether to try again, is the caller's business.
 * Beware:  a reply is read without a time limit, since the process may be frozen while it waits.
 * Source:  RFC 9112.
 */
#ifndef NARAE_RUNTIME_CONN_H
#define NARAE_RUNTIME_CONN_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

#include <narae/buf.h>
#include <narae/err.h>
#include <narae/view.h>

#include "runtime/http1.h"

struct conn {
    char authority[300]; /* host:port, as AWS_LAMBDA_RUNTIME_API gives it */
    struct sockaddr_storage address;
    socklen_t address_len;
    int fd;                   /* -1 = not connected */
    struct nr_buf head;       /* the request being sent */
    struct http1_reply reply; /* the last one read */
    bool is_reply_refused;    /* it came and made no sense; false when the connection was lost */
};

/* authority: "host:port"; a host name is resolved here. Connects nothing.
 * Returns 0, or -1: INVALID, Runtime.InvalidSetting, naming AWS_LAMBDA_RUNTIME_API. */
int conn_init(struct conn *conn, const char *authority, struct nr_err *err) NR_MUST_CHECK;
void conn_done(struct conn *conn);

/* Close the socket; the next conn_ensure() makes another. */
void conn_drop(struct conn *conn);

/* A connection that is not known to be dead. Returns 0, or -1: UNAVAILABLE, Runtime.ConnectionLost. */
int conn_ensure(struct conn *conn, struct nr_err *err) NR_MUST_CHECK;

/* Begin a request in conn->head: request line, Host, User-Agent. The caller adds headers and the empty
 * line. */
void conn_begin(struct conn *conn, const char *method, const char *path);

/* Send conn->head and the body, in one system call where the kernel takes them.
 *
 * n_sent  out  how much left the process, also on failure
 * Returns 0, or -1: UNAVAILABLE, Runtime.ConnectionLost. The connection stays open then: what was answered
 * before it broke may still be read. */
int conn_send(struct conn *conn, struct nr_view body, size_t *n_sent, struct nr_err *err) NR_MUST_CHECK;

/* Send bytes of a request under way, from up to CONN_PARTS_MAX places; n_sent is added to. Returns as
 * conn_send(). */
int conn_send_parts(struct conn *conn, struct nr_view *parts, size_t n_parts, size_t *n_sent,
                    struct nr_err *err) NR_MUST_CHECK;

/* Read until the reply is whole; its body is at most body_max bytes.
 * Returns 0, or -1: UNAVAILABLE, INVALID (over the cap of `into`); the connection is closed then. */
int conn_receive(struct conn *conn, struct nr_buf *into, size_t body_max, struct nr_err *err) NR_MUST_CHECK;

enum {
    CONN_HEAD_MAX_BYTES = 96 * 1024, /* an X-Ray cause of up to 64 KiB travels in it */
    CONN_PARTS_MAX = 5,              /* head, size of a chunk, two pieces, end of the chunk */
};

#endif
