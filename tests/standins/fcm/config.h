/* config.h - what the stand-in is told: project, account, tokens, scripts.
 *
 * Is:      the configuration file, read once, immutable afterwards.
 * Source:  README.md beside this file lists the members.
 */
#ifndef NARAE_STANDIN_FCM_CONFIG_H
#define NARAE_STANDIN_FCM_CONFIG_H

#include <jansson.h>
#include <stdbool.h>

#include "tests/standins/fcm/jwt.h"
#include "tests/standins/fcm/registry.h"

struct config {
    json_t *document;            /* keeps the texts below alive */
    const char *project;         /* project id */
    struct jwt_rules account;    /* who may have access tokens; the key is owned here */
    int token_lifetime_s;        /* how long a token is honoured */
    int token_expires_in_s;      /* how long it is said to last */
    int clock_skew_s;            /* our clock is so far ahead: Date header, iat and exp */
    bool refuses_unknown_names;  /* in request and Message */
    const json_t *access_tokens; /* array of fixed tokens that are always good; NULL = none */
    struct registry *registry;   /* owned */
};

/* Read the file. Says on stderr what is wrong. Returns 0 or -1; config_done() in either case. */
int config_load(const char *path, struct config *config);
void config_done(struct config *config);

#endif
