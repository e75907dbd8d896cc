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
#include "tests/standins/fcm/mishap.h"
#include "tests/standins/fcm/registry.h"

struct config {
    json_t *document;                        /* keeps the texts below alive */
    const char *project;                     /* project id */
    struct jwt_rules account;                /* who may have access tokens; the key is owned here */
    int token_lifetime_s;                    /* how long a token is honoured */
    int token_expires_in_s;                  /* how long it is said to last */
    int clock_skew_s;                        /* our clock is so far ahead: Date header, iat and exp */
    bool refuses_unknown_names;              /* in request and Message */
    const json_t *access_tokens;             /* array of fixed tokens that are always good; NULL = none */
    const json_t *token_script;              /* array: what the first token calls get; NULL = none */
    uint64_t seed;                           /* of all luck */
    int latency_ms, latency_max_ms;          /* each answer waits so long, at least and at most */
    int64_t quota, quota_window_ms;          /* sends in a window; 0 = no limit */
    int64_t topic_quota;                     /* topic calls in a second; 0 = no limit */
    int64_t topics_max;                      /* of one registration */
    bool answers_in_camel_case;              /* topicSubscriptions */
    int64_t iid_ends_unix_s;                 /* when the iid API ends; 0 = never */
    int max_streams;                         /* SETTINGS_MAX_CONCURRENT_STREAMS of our own listener */
    int refuses_above;                       /* streams open at once that are not refused; 0 = all */
    int idle_close_ms;                       /* a connection silent for so long is closed; 0 = never */
    struct mishaps *mishaps, *topic_mishaps; /* owned */
    struct registry *registry;               /* owned */
};

/* Read the file. Says on stderr what is wrong. Returns 0 or -1; config_done() in either case. */
int config_load(const char *path, struct config *config);
void config_done(struct config *config);

#endif
