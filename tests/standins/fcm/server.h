/* server.h - what all requests share, and the two ways they come by.
 *
 * Is:      the state of the stand-in; server_http1.c (libmicrohttpd, to stand behind a proxy) and server_h2.c
 *          (TLS and HTTP/2 of our own, where a connection can misbehave) bring requests to request_route().
 * Is not:  a judge; jwt.h, message.h, registry.h and mishap.h are.
 */
#ifndef NARAE_STANDIN_FCM_SERVER_H
#define NARAE_STANDIN_FCM_SERVER_H

#include <stdatomic.h>
#include <stdint.h>

#include "tests/standins/fcm/access.h"
#include "tests/standins/fcm/chance.h"
#include "tests/standins/fcm/config.h"
#include "tests/standins/fcm/delay.h"
#include "tests/standins/fcm/journal.h"
#include "tests/standins/fcm/quota.h"
#include "tests/standins/fcm/topics.h"

struct server_h2;

struct server {
    struct config *config; /* all borrowed */
    struct access *access;
    struct journal *journal;
    struct delay *delay;
    struct chance *chance;
    struct quota *quota, *topic_quota;
    struct topics *topics;
    atomic_int_fast64_t advanced_ms; /* how far the stand-in's clock has been turned forward */
    atomic_size_t n_token_calls;
    uint16_t plain_port; /* server_http1_start() */
    struct MHD_Daemon *daemon;
    struct server_h2 *h2; /* server_h2_start() */
};

/* Listen on 127.0.0.1; port 0 = the system chooses. Return the port, or 0. HTTP/1.1 first: clients of the
 * other one that do not speak HTTP/2 (of the token endpoint, say) are passed on to it. */
uint16_t server_http1_start(struct server *server, uint16_t port);
uint16_t server_h2_start(struct server *server, uint16_t port, const char *certificate, const char *key);

void server_http1_stop(struct server *server);
void server_h2_stop(struct server *server);

#endif
