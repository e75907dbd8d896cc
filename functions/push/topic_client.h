/* topic_client.h - what a sandbox keeps for talking to FCM about topics.
 *
 * Is:      settings, connections and access token, and how much of an invocation a call may use.
 * Is not:  the calls (topic_round.h), nor the job that they are part of (topic_job.h).
 */
#ifndef NARAE_PUSH_TOPIC_CLIENT_H
#define NARAE_PUSH_TOPIC_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <narae/err.h>
#include <narae/h2.h>

#include "functions/push/settings.h"
#include "functions/push/topic_settings.h"

struct topic_client {
    struct settings *settings; /* borrowed: database, account, endpoint */
    struct topic_settings topic_settings;
    struct nr_h2 *h2;     /* owned */
    struct nr_h2 *iid_h2; /* owned; NULL = not used */
    struct google_token token;
    char authorization[GOOGLE_TOKEN_MAX_BYTES + 16];
};

/* Read the settings and make the clients; connects nothing. settings has been read (settings_read).
 * Returns 0, or -1: INVALID, naming the variable; UNAVAILABLE. topic_client_done() in either case. */
int topic_client_init(struct topic_client *client, struct settings *settings,
                      struct nr_err *err) NR_MUST_CHECK;

/* Have a token, good for the rest of the invocation, as `authorization`. Returns 0, or -1 as
 * google_token_ensure(). */
int topic_client_authorize(struct topic_client *client, int64_t deadline_mono_ms,
                           struct nr_err *err) NR_MUST_CHECK;

/* Is there time for one more round of calls and what follows from them? */
bool topic_client_has_time(const struct topic_client *client, int64_t deadline_mono_ms);

/* No call is begun that may still be unanswered then. */
int64_t topic_client_send_deadline(int64_t deadline_mono_ms);

/* The headers of every call; alive until the next authorize. Returns how many. */
size_t topic_client_headers(const struct topic_client *client, bool is_iid, const struct nr_h2_header **out);

/* Is the older batch API to be used, by setting and by the calendar? */
bool topic_client_uses_iid(const struct topic_client *client);

/* Keep the rate: wait for the rest of the time that n_calls begun at started_mono_ms stand for. */
void topic_client_keep_rate(const struct topic_client *client, size_t n_calls, int64_t started_mono_ms);

/* Accepts a zeroed client. */
void topic_client_done(struct topic_client *client);

#endif
