/* google_reply.h - what Google's token endpoint answers.
 *
 * Is:      pure: status, body and Date in; a token, or an error that says what to mend, out.
 * Is not:  the request (google_token.c).
 * Beware:  these are OAuth's errors, not google.rpc's: "error" is a word and "error_description" a sentence.
 * Source:  RFC 6749 section 5; the sentences as seen in public issue trackers.
 */
#ifndef NARAE_PUSH_GOOGLE_REPLY_H
#define NARAE_PUSH_GOOGLE_REPLY_H

#include <stdbool.h>
#include <stdint.h>

#include <narae/err.h>
#include <narae/view.h>

#include "functions/push/google_token.h"

/* All borrowed. */
struct google_reply {
    int status;
    struct nr_view body;
    struct nr_view date; /* the Date header; empty = none */
};

/* Take the token, or say why there is none. On failure token is as before.
 * Returns 0, or -1: DENIED (Function.TokenDenied, with what to do as hint) or UNAVAILABLE. */
int google_reply_read(const struct google_reply *reply, int64_t now_unix_ms, struct google_token *token,
                      struct nr_err *err) NR_MUST_CHECK;

/* Was the request refused for its time, and does Google's clock say how far ours is off? Then true, and
 * *skew_s is the difference; false when it was that difference already, or near it. */
bool google_reply_skew(const struct google_reply *reply, int64_t now_unix_ms, int64_t *skew_s);

#endif
