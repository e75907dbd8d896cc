/* http_stage.h - what tests of http.c say again and again.
 *
 * Is:      a scripted server on plain HTTP, a GET, and a look at an error.
 */
#ifndef NARAE_TESTS_HTTP_STAGE_H
#define NARAE_TESTS_HTTP_STAGE_H

#include <narae/err.h>
#include <narae/http.h>

#include "tests/support/http_server.h"

#define HTTP_STAGE_OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

struct http_server *http_stage_serve(const struct http_server_step *steps, int n);

/* host:port, as messages have it. */
const char *http_stage_host(const struct http_server *server);

int http_stage_get(const char *url, struct nr_http_reply *reply, struct nr_err *err);

/* The message begins with the host, and holds the words. */
void http_stage_expect_err(const struct nr_err *err, enum nr_err_kind kind, const char *type,
                           const char *host, const char *words);

#endif
