/* h2_conn.h - one client of our own HTTP/2 listener, and its streams.
 *
 * Is:      what server_h2.c (sockets, TLS, time) and h2_stream.c (nghttp2, requests, faults) share.
 * Beware:  all of it belongs to the listener's thread.
 */
#ifndef NARAE_STANDIN_FCM_H2_CONN_H
#define NARAE_STANDIN_FCM_H2_CONN_H

#include <nghttp2/nghttp2.h>
#include <openssl/ssl.h>

#include "tests/standins/fcm/request.h"

enum { H2_HEADERS_MAX = 24 /* more are not looked at */ };

struct h2_header {
    char *name, *value; /* heap */
};

struct h2_stream {
    struct request request;
    struct h2_conn *conn;
    int32_t id;
    struct h2_header headers[H2_HEADERS_MAX];
    size_t n_headers;
    char *method, *target;            /* heap */
    struct h2_stream *before, *after; /* of the same connection */
    struct h2_stream *sooner, *later; /* waiting for an answer's time */
    bool is_waiting;
    bool is_whole;
    int64_t due_us;  /* mono */
    size_t sent_len; /* of the answer's body */
};

struct h2_waiting {
    struct h2_stream *first, *last; /* by due time */
};

struct h2_conn {
    struct server *server;
    struct h2_waiting *waiting; /* the listener's */
    struct h2_conn *next;
    int fd;
    int relay_fd; /* to our plain port, for a client that wants HTTP/1.1; -1 = none */
    int port;     /* the client's */
    SSL *ssl;
    nghttp2_session *session;
    struct h2_stream *streams;
    int n_open;
    int32_t acted_id; /* the highest stream whose request was acted upon */
    int32_t last_id;  /* of our GOAWAY: later streams are not read; INT32_MAX = none was sent */
    bool is_cutting;  /* close it, with a TCP RST, once what was answered has left */
    int64_t used_ms;  /* mono */
    unsigned char *out;
    size_t out_at, out_len, out_cap;
};

/* A server session with its SETTINGS queued; false without memory. */
bool h2_session_open(struct h2_conn *conn);

/* Forget every stream. */
void h2_streams_free(struct h2_conn *conn);

/* Queue the answer, or do the fault. */
void h2_stream_answer(struct h2_stream *stream);

/* Take it off the list of those that wait. */
void h2_stream_stop_waiting(struct h2_stream *stream);

#endif
