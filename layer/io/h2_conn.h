/* h2_conn.h - one connection: socket, TLS, HTTP/2 session.
 *
 * Is:      bytes in and out, and what the session says about each stream, told to its owner.
 * Is not:  a policy: which request goes where, and what is sent again, is h2.c's business.
 */
#ifndef NARAE_IO_H2_CONN_H
#define NARAE_IO_H2_CONN_H

#include <netdb.h>
#include <stdbool.h>
#include <stdint.h>

#include <nghttp2/nghttp2.h>
#include <openssl/ssl.h>

#include <narae/err.h>

#include "layer/io/h2_slot.h"

enum h2_conn_state { H2_CONN_FREE, H2_CONN_CONNECTING, H2_CONN_HANDSHAKE, H2_CONN_READY };

/* The most TLS puts into one record: filling it is what makes a write cheap. */
enum { H2_CONN_OUT_BYTES = 16 * 1024 };

/* What all connections of a client share. */
struct h2_site {
    char host[256];
    char port[8];
    char authority[272]; /* host, or host:port when it is not 443 */
    char user_agent[64];
    bool is_address; /* host is an IP address: no SNI, another kind of name check */
    size_t reply_max_bytes;
    /* A stream came to its end; error_code is an NGHTTP2_* code, NGHTTP2_NO_ERROR for a good one. */
    void (*on_close)(void *ctx, struct h2_slot *slot, uint32_t error_code);
    void *ctx;
};

struct h2_conn {
    enum h2_conn_state state;
    const struct h2_site *site;
    int fd;
    SSL *ssl;
    nghttp2_session *session;
    const struct addrinfo *address; /* the one being tried or used */
    int n_active;                   /* streams */
    bool wants_write;               /* the socket or TLS is waiting to be writable */
    bool has_goaway;
    int64_t deadline_mono_ms; /* of connecting and handshake together */
    int64_t used_mono_ms, used_wall_ms;
    size_t out_at, out_len;
    unsigned char out[H2_CONN_OUT_BYTES];
};

/* Begin to connect to the addresses from `address` on. Returns 0, or -1: UNAVAILABLE. */
int h2_conn_open(struct h2_conn *conn, const struct h2_site *site, const struct addrinfo *address,
                 int64_t deadline_mono_ms, struct nr_err *err) NR_MUST_CHECK;

/* Go on with connecting and handshake. Returns 1 when ready, 0 when it must wait, -1: UNAVAILABLE, DENIED
 * (certificate), DEADLINE. */
int h2_conn_advance(struct h2_conn *conn, struct nr_err *err) NR_MUST_CHECK;

/* Read all there is and tell on_close. Returns 0, or -1: UNAVAILABLE; streams that were open are still
 * counted in n_active. */
int h2_conn_read(struct h2_conn *conn, struct nr_err *err) NR_MUST_CHECK;

/* Write all that the session has, as far as the socket takes it. Returns 0, or -1: UNAVAILABLE. */
int h2_conn_write(struct h2_conn *conn, struct nr_err *err) NR_MUST_CHECK;

/* How many more streams may be opened now. */
int h2_conn_room(const struct h2_conn *conn, int max_streams);

/* Give a request to the session; it leaves with the next write. Returns 0, or -1: UNAVAILABLE. */
int h2_conn_submit(struct h2_conn *conn, struct h2_slot *slot, struct nr_err *err) NR_MUST_CHECK;

/* Forget a stream that ran out of time; the server is told with RST_STREAM(CANCEL). */
void h2_conn_cancel(struct h2_conn *conn, struct h2_slot *slot);

/* Close at once; the connection is FREE again. Streams are the owner's to settle. */
void h2_conn_close(struct h2_conn *conn);

#endif
