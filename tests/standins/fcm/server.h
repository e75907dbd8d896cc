/* server.h - the HTTP side of the stand-in: routes in, answers out.
 *
 * Is:      libmicrohttpd's callbacks: gather a request, find its route, answer, write it into the journal.
 * Is not:  a judge; jwt.h, message.h and registry.h are.
 */
#ifndef NARAE_STANDIN_FCM_SERVER_H
#define NARAE_STANDIN_FCM_SERVER_H

#include <stdint.h>

#include "tests/standins/fcm/access.h"
#include "tests/standins/fcm/config.h"
#include "tests/standins/fcm/delay.h"
#include "tests/standins/fcm/journal.h"

struct server {
    struct config *config; /* all borrowed */
    struct access *access;
    struct journal *journal;
    struct delay *delay;
    struct MHD_Daemon *daemon; /* server_start() */
};

/* Listen on 127.0.0.1. port 0 = the system chooses. Returns the port, or 0. */
uint16_t server_start(struct server *server, uint16_t port);
void server_stop(struct server *server);

#endif
