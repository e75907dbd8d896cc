/* lambda_api.h - a Runtime API that follows a script.
 *
 * Is:      what a sandbox's runtime talks to: events in, answers out, the order of calls enforced as AWS's
 *          emulator does, every request written down; and, where the script says so, every kind of
 *          misbehaviour.
 * Is not:  the emulator: nothing is started or killed.
 * Beware:  stop it before you look at the journal; while it runs, the journal belongs to its thread.
 * Source:  README.md here has the script's form; states and statuses are those of the Runtime Interface
 *          Emulator (core/states.go, rapi/handler).
 */
#ifndef NARAE_LAMBDA_API_H
#define NARAE_LAMBDA_API_H

#include <jansson.h>

#include <narae/err.h>

struct lambda_api;

/* Listen on a free port of 127.0.0.1 and follow the script in a thread of its own.
 *
 * script_json   in   see README.md; an unknown word in it is an error
 * journal_path  in   gets one JSON line for each request; NULL = only in memory
 * out           out  owned; lambda_api_free()
 * Returns 0, or -1: INVALID (script), UNAVAILABLE (socket, file). */
int lambda_api_start(const char *script_json, const char *journal_path, struct lambda_api **out,
                     struct nr_err *err) NR_MUST_CHECK;

/* host:port, as AWS_LAMBDA_RUNTIME_API wants it; lives as long as the server. */
const char *lambda_api_authority(const struct lambda_api *api);

/* Wait until the script has ended. Returns 0, or -1: DEADLINE (its timeout_ms passed), INVALID (a request
 * that is no HTTP). */
int lambda_api_wait(struct lambda_api *api, struct nr_err *err) NR_MUST_CHECK;

/* Wait until so many requests have come, answered or not, or the script has ended. */
void lambda_api_wait_for(struct lambda_api *api, int n_requests);

/* End it, wherever the script stands, and look at what was asked: an array of objects; borrowed. */
const json_t *lambda_api_stop(struct lambda_api *api);

/* Accepts NULL. */
void lambda_api_free(struct lambda_api *api);

#endif
