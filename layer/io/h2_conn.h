/* h2_conn.h - one connection: socket, TLS, HTTP/2 session.
 *
 * Is:      connecting (h2_connect.c), bytes in and out (h2_conn.c), and what nghttp2 says about each stream
 *          (h2_session.c), which goes to h2_settle.h.
 * Is not:  a policy: which request goes where, and when to give up, is h2_run.c's business.
 * Beware:  a connection that failed still holds its slots; h2_settle_lost() gives them their fates.
 */
#ifndef NARAE_IO_H2_CONN_H
#define NARAE_IO_H2_CONN_H

#include <netdb.h>
#include <stdbool.h>
#include <stdint.h>

#include <nghttp2/nghttp2.h>
#include <openssl/ssl.h>

#include <narae/err.h>

#include "layer/io/h2_site.h"
#include "layer/io/h2_slot.h"

enum h2_conn_state {
    H2_CONN_FREE,
    H2_CONN_CONNECTING, /* TCP */
    H2_CONN_HANDSHAKE,  /* TLS */
    H2_CONN_PROBING,    /* was silent for a while: a PING is on its way */
    H2_CONN_READY
};

/* The most TLS puts into one record: filling it is what makes a write cheap. */
enum { H2_CONN_RECORD_BYTES = 16 * 1024 };

struct h2_conn {
    enum h2_conn_state state;
    struct nr_h2 *h2;
    struct h2_site *site;
    int fd;
    SSL *ssl;
    nghttp2_session *session;

    /* Connecting: the address being tried, the one begun with, and until when (mono). */
    const struct addrinfo *address, *first_address;
    int64_t attempt_deadline_ms, deadline_ms;

    struct h2_slot_list slots; /* submitted here, ordered by deadline */
    int n_active;
    bool has_goaway; /* and its code */
    uint32_t goaway_code;
    bool is_retired;   /* GOAWAY came, or it seems dead: no new streams */
    bool has_answered; /* at least one request */
    bool has_carried;  /* at least one request was submitted */
    bool wants_write;  /* the socket is full */
    bool has_more;     /* reading stopped although there was more */

    /* Silence is measured by both clocks: mono stands still while a sandbox is frozen. */
    int64_t used_mono_ms, used_wall_ms;

    struct nr_view frame; /* what of nghttp2's last frame did not fit into out; its memory */
    uint64_t n_framed;    /* bytes that came from nghttp2 so far */
    uint64_t n_written;   /* bytes of them that TLS took */
    size_t out_at, out_len;
    unsigned char out[H2_CONN_RECORD_BYTES];
};

/* Record that the connection is gone: UNAVAILABLE. After a GOAWAY that is the reason, not `why`. Returns
 * -1. */
int h2_conn_lost(const struct h2_conn *conn, const char *why, struct nr_err *err);

/* Prepare to connect to the site's addresses, which are known; h2_conn_advance() does it. */
void h2_conn_open(struct h2_conn *conn, struct h2_site *site, int64_t timeout_ms);

/* Go on with connecting and handshake, address by address. Returns 1 when ready, 0 when it must wait, -1:
 * UNAVAILABLE (all addresses failed: the last one's reason), DENIED (certificate). */
int h2_conn_advance(struct h2_conn *conn, struct nr_err *err) NR_MUST_CHECK;

/* Until when connecting, the present address or a probe may take; NR_CLOCK_NEVER_MS when none is going on. */
int64_t h2_conn_patience_ms(const struct h2_conn *conn);

/* Read what there is. Returns 0, or -1: UNAVAILABLE, the connection is lost. */
int h2_conn_read(struct h2_conn *conn, struct nr_err *err) NR_MUST_CHECK;

/* Write all that the session has, as far as the socket takes it. Returns 0, or -1 as h2_conn_read(). */
int h2_conn_write(struct h2_conn *conn, struct nr_err *err) NR_MUST_CHECK;

/* May a further stream be opened now, with at most max_streams of ours? */
bool h2_conn_has_room(const struct h2_conn *conn, int max_streams);

/* Have bytes of this request left this process? */
bool h2_conn_has_sent(const struct h2_conn *conn, const struct h2_slot *slot);

/* Longest silence in ms by either clock. */
int64_t h2_conn_silence_ms(const struct h2_conn *conn);

/* Note that it is in use now. */
void h2_conn_touch(struct h2_conn *conn);

/* Send a PING; READY again when its answer comes. */
void h2_conn_probe(struct h2_conn *conn, int64_t timeout_ms);

/* Close at once; the connection is FREE again. Its slots must have been settled. */
void h2_conn_close(struct h2_conn *conn);

/* --- h2_session.c */

/* A client session with our settings queued. Returns 0, or -1: UNAVAILABLE (memory). */
int h2_session_new(struct h2_conn *conn, struct nr_err *err) NR_MUST_CHECK;

/* Queue one request; it leaves with the next write. Returns 0, or -1: UNAVAILABLE. */
int h2_session_submit(struct h2_conn *conn, struct h2_slot *slot, struct nr_err *err) NR_MUST_CHECK;

/* Forget a stream; the server is told with RST_STREAM(CANCEL). */
void h2_session_cancel(struct h2_conn *conn, struct h2_slot *slot);

#endif
