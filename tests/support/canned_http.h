/* canned_http.h - an HTTP/1.1 server whose answers are written down beforehand.
 *
 * Is:      a thread of the test's process on a port that the system chose; one connection at a time, one
 *          request a connection, one whole answer each.
 * Is not:  a parser of HTTP: a request ends where its content-length says.
 * Beware:  read the journal after canned_http_stop().
 */
#ifndef NARAE_TESTS_CANNED_HTTP_H
#define NARAE_TESTS_CANNED_HTTP_H

#include <stddef.h>

enum { CANNED_HTTP_REQUEST_BYTES = 16384 };

struct canned_http_journal {
    int n_requests;
    char last[CANNED_HTTP_REQUEST_BYTES]; /* head and body of the last request, cut */
};

struct canned_http;

/* answers  in  status line, headers, empty line, body; the last one is for all further requests; borrowed.
 * Ends the process when it cannot. */
struct canned_http *canned_http_start(const char *const *answers, size_t n_answers);

/* 127.0.0.1's port. */
int canned_http_port(const struct canned_http *server);

/* Stop and release; the journal is the caller's. */
void canned_http_stop(struct canned_http *server, struct canned_http_journal *out);

#endif
