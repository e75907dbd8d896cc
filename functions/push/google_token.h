/* google_token.h - an OAuth access token for a Google service account.
 *
 * Is:      the signed assertion (RS256) and the token that it is exchanged for, kept until shortly before it
 *          expires.
 * Is not:  the key file (google_account.h).
 * Beware:  a sandbox may be frozen for minutes: whether a token is still good is asked of the wall clock at
 *          each use. A clock that is wrong is repaired by Google's own, once it has refused us for that.
 * Source:  Google Identity, "Using OAuth 2.0 for Server to Server Applications" (HTTP/REST).
 */
#ifndef NARAE_PUSH_GOOGLE_TOKEN_H
#define NARAE_PUSH_GOOGLE_TOKEN_H

#include <stdint.h>

#include <narae/buf.h>
#include <narae/err.h>

#include "functions/push/google_account.h"

enum { GOOGLE_TOKEN_MAX_BYTES = 8192 };

struct google_token {
    char value[GOOGLE_TOKEN_MAX_BYTES];
    int64_t expires_wall_ms; /* 0 = none yet */
    int64_t skew_s;          /* Google's clock minus ours, as far as it had to be repaired */
};

/* Make `token` good for at least min_left_ms and five minutes, asking Google when it is not.
 *
 * Returns 0, or -1 with "NARAE_FCM_SERVICE_ACCOUNT" in front: INVALID (key), DENIED (invalid_grant and its
 * kin, with what to fix as hint), UNAVAILABLE, DEADLINE. */
int google_token_ensure(const struct google_account *account, struct google_token *token, int64_t min_left_ms,
                        int64_t deadline_mono_ms, struct nr_err *err) NR_MUST_CHECK;

/* After a 401: the next ensure asks again. */
void google_token_forget(struct google_token *token);

/* The assertion: header.claims.signature, appended to out. Pure but for the signature; exposed for tests. */
int google_assertion(const struct google_account *account, int64_t now_unix_s, struct nr_buf *out,
                     struct nr_err *err) NR_MUST_CHECK;

#endif
