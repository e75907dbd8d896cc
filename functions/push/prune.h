/* prune.h - what push_prune is asked for, and what its rules allow.
 *
 * Is:      pure: an event in, tasks out; thresholds and numbers in, a yes or no out.
 * Is not:  the work (push_prune.c) or its SQL (store_prune.h).
 * Beware:  a registry whose clients cannot reach us looks stale as a whole. Deactivating more than a share of
 *          a platform at once is refused until an operator says that it is meant: {"force": true}.
 * Source:  FCM "manage-tokens": registrations are refreshed about monthly; Android's end after 270 days.
 */
#ifndef NARAE_PUSH_PRUNE_H
#define NARAE_PUSH_PRUNE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include <narae/err.h>

enum prune_platform { PRUNE_ANDROID, PRUNE_IOS, PRUNE_WEB, PRUNE_N_PLATFORMS };

enum prune_task {
    PRUNE_REPORT = 1,  /* how healthy the registry is, as metrics */
    PRUNE_DEVICES = 2, /* the stale become inactive, what is inactive for long is removed */
    PRUNE_LEDGER = 4,  /* old rows of the ledger and of parked messages are removed */
    PRUNE_TOPICS = 8,  /* subscriptions that wait, and what FCM has compared with them */
    PRUNE_ALL = 15
};

struct prune_request {
    unsigned tasks; /* enum prune_task, added up */
    bool is_forced; /* the share of stale devices is meant */
};

/* Read an event: {} or a schedule's own for everything; {"tasks":["topics"],"force":true} for some of it.
 * Returns 0, or -1: INVALID, Function.InvalidMessage. */
int prune_request_parse(const json_t *event, struct prune_request *out, struct nr_err *err) NR_MUST_CHECK;

/* How many there are of a platform. */
struct prune_census {
    int64_t n_active; /* the stale ones included */
    int64_t n_stale;
};

/* Below this number no share is too large: one of three test devices is a third. */
enum { PRUNE_FREE_DEVICES = 100 };

/* May the stale ones be deactivated? */
bool prune_is_allowed(struct prune_census census, int64_t max_percent, bool is_forced);

/* n of all as a percentage; 0 of nothing. */
double prune_percent(int64_t n, int64_t all);

/* "android", "ios", "web"; never NULL. */
const char *prune_platform_name(enum prune_platform platform);

#endif
