/* request.h - one HTTP request on its way through the stand-in, whatever it came by.
 *
 * Is:      what a transport (server_http1.c, server_h2.c) gathers, and what a route makes of it.
 * Is not:  a connection: faults are named here and done by the transport.
 * Beware:  an answer is made whole before any of it leaves, and may have to wait.
 */
#ifndef NARAE_STANDIN_FCM_REQUEST_H
#define NARAE_STANDIN_FCM_REQUEST_H

#include <stdbool.h>

#include <narae/buf.h>

#include "tests/standins/fcm/fault.h"
#include "tests/standins/fcm/server.h"

enum {
    REQUEST_BODY_MAX_BYTES = 1024 * 1024,
    REQUEST_SEGMENTS_MAX = 8, /* of a path; the longest that FCM has is six */
    REQUEST_QUERY_MAX = 4,    /* parameters; more are not looked at */
    REQUEST_TARGET_BYTES = 8192
};

struct answer {
    int http_status;
    const char *content_type;
    char *body; /* heap; NULL = none */
    char retry_after[64];
    char date[64];
    int delay_ms;
    enum fault fault; /* instead of, or behind, the answer */
};

struct parameter {
    const char *name, *value;
};

struct request {
    struct server *server;

    /* Filled in by the transport. */
    const char *(*header)(const struct request *request, const char *name); /* NULL = absent */
    void *transport;
    const char *method;
    int connection; /* peer port */
    int stream;     /* 0 = HTTP/1.1 */
    struct nr_buf body;

    /* request_begin() */
    char path[512];                    /* as it came, without the query; cut when longer */
    char target[REQUEST_TARGET_BYTES]; /* decoded; what follows points into it */
    char *segments[REQUEST_SEGMENTS_MAX];
    size_t n_segments; /* REQUEST_SEGMENTS_MAX + 1 when there are more */
    struct parameter query[REQUEST_QUERY_MAX];
    size_t n_query;
    int64_t wall_ms, mono_us; /* of the arrival, by the stand-in's clock */

    struct answer answer;
};

/* Take the request's target apart and note the time; method and transport are set. */
void request_begin(struct request *request, struct server *server, const char *target);

/* The whole request is there: find its route and fill request->answer. */
void request_route(struct request *request);

/* What the transport and the routes hold of it. */
void request_done(struct request *request);

/* Routes: fill request->answer and write the journal. */
void request_token(struct request *request);
void request_send(struct request *request);
void request_topics(struct request *request);
void request_iid_batch(struct request *request);
void request_iid_info(struct request *request);
void request_control(struct request *request);

/* The value of a query parameter; NULL = absent. */
const char *request_query(const struct request *request, const char *name);

/* May it do anything? Bearer token, or the journal and the answer say 401. */
bool request_is_allowed(const struct request *request);

/* Is the path's project (segment 2) ours? */
bool request_is_our_project(const struct request *request);

/* Fill the answer with a row of verdict.h in the words of `message` (NULL = the row's). */
void request_refuse(struct request *request, const char *verdict, const char *message);

/* Fill the answer with status 200 and the document, which is taken over. */
void request_reply(struct request *request, json_t *document);

/* A journal entry with what every route knows. */
struct journal_entry request_entry(const struct request *request, enum journal_route route);

#endif
