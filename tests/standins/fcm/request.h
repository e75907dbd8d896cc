/* request.h - one HTTP request on its way through the stand-in. */
#ifndef NARAE_STANDIN_FCM_REQUEST_H
#define NARAE_STANDIN_FCM_REQUEST_H

#include <microhttpd.h>
#include <stdbool.h>

#include <narae/buf.h>

#include "tests/standins/fcm/server.h"

enum { REQUEST_BODY_MAX_BYTES = 1024 * 1024 };

/* An answer, made whole before it is sent; it may have to wait. */
struct answer {
    int http_status;
    const char *content_type;
    char *body; /* heap */
    char retry_after[64];
    int delay_ms;
};

struct request {
    struct server *server;
    struct MHD_Connection *connection;
    const char *method;
    char path[512];
    struct nr_buf body;
    struct answer answer;
    bool is_answered; /* answer is filled */
    bool is_delayed;
    int64_t wall_ms, mono_us; /* of the arrival */
};

/* Routes: fill request->answer and write the journal. */
void request_token(struct request *request);
void request_send(struct request *request);
void request_control(struct request *request);

/* The header's value, or NULL. */
const char *request_header(const struct request *request, const char *name);

/* A journal entry with what every route knows. */
struct journal_entry request_entry(const struct request *request, enum journal_route route);

#endif
