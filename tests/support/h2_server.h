/* h2_server.h - an HTTP/2 server over TLS that does as it is told.
 *
 * Is:      a thread of the test's process on a port that the system chose; it answers every request with 200
 *          and the body `{"n":N}` unless a rule says otherwise, and keeps a journal.
 * Is not:  a stand-in for FCM (tests/standins has one).
 * Beware:  read the journal after h2_server_stop(). Requests are POSTs to "/N", N < H2_SERVER_JOURNAL_MAX.
 */
#ifndef NARAE_TESTS_H2_SERVER_H
#define NARAE_TESTS_H2_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { H2_SERVER_RULES_MAX = 4, H2_SERVER_JOURNAL_MAX = 4096 };

enum h2_server_act {
    H2_SERVER_ANSWER,
    H2_SERVER_STALL,       /* never answer */
    H2_SERVER_HOLD,        /* answer at h2_server_release(); one request at a time */
    H2_SERVER_STATUS,      /* answer with status `value`, retry-after 7, date, and a 103 before it */
    H2_SERVER_BODY,        /* answer with `value` bytes */
    H2_SERVER_RST,         /* RST_STREAM with code `value` */
    H2_SERVER_HEADERS_RST, /* headers of an answer, then RST_STREAM with code `value` */
    H2_SERVER_EARLY,       /* answer before the body of the request came, then RST_STREAM(NO_ERROR) */
    H2_SERVER_GOAWAY,      /* GOAWAY with code `value`; this request and later ones are not processed */
    H2_SERVER_CUT,         /* close the connection instead of an answer */
    H2_SERVER_HEADERS_CUT, /* headers of an answer, then close */
    H2_SERVER_ANSWER_CUT,  /* answer, then close */
    H2_SERVER_DEAF,        /* answer, then neither read nor close */
    /* These count connections instead of requests. */
    H2_SERVER_CONN_CUT,     /* close before TLS */
    H2_SERVER_CONN_MUTE,    /* neither read nor close */
    H2_SERVER_CONN_TLS_CUT, /* close after the handshake, before reading a request */
    H2_SERVER_CONN_GARBAGE, /* bytes that are no HTTP/2, and nothing else */
};

/* What to do with the requests (or connections) from..to, counted from 1 over the server's life. */
struct h2_server_rule {
    enum h2_server_act act;
    int from, to;
    uint32_t value;
};

struct h2_server_options {
    const char *pki_dir;
    const char *cert;     /* default "server" */
    uint32_t max_streams; /* SETTINGS_MAX_CONCURRENT_STREAMS; default 100 */
    bool is_split;        /* write in records of 5 bytes */
    bool has_no_alpn;
    struct h2_server_rule rules[H2_SERVER_RULES_MAX];
};

struct h2_server_journal {
    int n_connections;
    int n_requests; /* whole ones */
    int n_pings;
    int n_open_max;                       /* streams open at once on one connection */
    int n_cancelled;                      /* RST_STREAM(CANCEL) from the client */
    int answered[H2_SERVER_JOURNAL_MAX];  /* how often request N was answered */
    size_t n_body[H2_SERVER_JOURNAL_MAX]; /* bytes of its body, last time */
};

struct h2_server;

/* Ends the process when it cannot. */
struct h2_server *h2_server_start(const struct h2_server_options *options);

/* 127.0.0.1's port. */
int h2_server_port(const struct h2_server *server);

/* Wait until the server has closed n connections. */
void h2_server_wait_closed(struct h2_server *server, int n);

/* Answer the request that is held. */
void h2_server_release(struct h2_server *server);

/* Stop and release; the journal is the caller's. */
void h2_server_stop(struct h2_server *server, struct h2_server_journal *out);

#endif
