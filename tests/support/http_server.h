/* http_server.h - an HTTP/1.1 server that follows a script.
 *
 * Is:      a thread of the test's process on a port that the system chose: one step for each request, in
 *          order, whatever was asked; what was asked is kept.
 * Is not:  a server for two clients at once.
 * Beware:  read the journal after http_server_stop(). When the script is over the port is closed.
 */
#ifndef NARAE_TESTS_HTTP_SERVER_H
#define NARAE_TESTS_HTTP_SERVER_H

#include <stdbool.h>

enum { HTTP_SERVER_JOURNAL_MAX = 16, HTTP_SERVER_URL_BYTES = 64 };

enum http_server_then {
    HTTP_SERVER_KEEP,  /* the connection waits for the next request */
    HTTP_SERVER_CLOSE, /* in order */
    HTTP_SERVER_RESET, /* RST */
    HTTP_SERVER_STALL  /* neither answer nor close until the client does */
};

/* After a request came whole: send `reply` (as it stands; NULL = nothing), then do so. */
struct http_server_step {
    const char *reply;
    enum http_server_then then;
};

struct http_server_options {
    const struct http_server_step *steps; /* borrowed while it runs */
    int n_steps;
    const char *pki_dir; /* NULL = plain HTTP; else of test_pki.h */
    const char *cert;    /* default "server" */
    bool is_blunt;       /* answer before anything was asked */
};

struct http_server_journal {
    int n_connections;
    int n_requests;
    char *requests[HTTP_SERVER_JOURNAL_MAX]; /* head and body as they came, NUL-terminated */
};

struct http_server;

/* Ends the process when it cannot. */
struct http_server *http_server_start(const struct http_server_options *options);

/* "http://127.0.0.1:PORT" or "https://localhost:PORT"; lives as long as the server. */
const char *http_server_url(const struct http_server *server);

/* Stop and release; release the journal with http_server_journal_done(). */
void http_server_stop(struct http_server *server, struct http_server_journal *out);
void http_server_journal_done(struct http_server_journal *journal);

#endif
