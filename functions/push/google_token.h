/* google_token.h - an OAuth access token for a Google service account.
 *
 * Is:      the service-account file, the signed assertion (RS256) and the token that it is exchanged for,
 * kept until shortly before it expires. Is not:  for user credentials, workload identity or refresh tokens.
 * Beware:  a sandbox may be frozen for minutes: whether a token is still good is asked of the wall clock at
 * each use. Source:  Google Identity, "Using OAuth 2.0 for Server to Server Applications" (HTTP/REST).
 */
#ifndef NARAE_PUSH_GOOGLE_TOKEN_H
#define NARAE_PUSH_GOOGLE_TOKEN_H

#include <stdint.h>

#include <narae/buf.h>
#include <narae/err.h>
#include <narae/view.h>

enum { GOOGLE_TOKEN_MAX_BYTES = 8192 };

struct google_account {
    char project_id[128];
    char client_email[256];
    char private_key_id[128];
    char token_uri[512];
    struct nr_buf private_key; /* PEM; wiped by google_account_done() */
};

struct google_token {
    char value[GOOGLE_TOKEN_MAX_BYTES];
    int64_t expires_wall_ms; /* 0 = none yet */
};

/* Read a service-account file.
 *
 * setting  in   where it came from, for messages: "NARAE_FCM_SERVICE_ACCOUNT"
 * text     in   borrowed for the call
 * out      out  the caller's, google_account_done()
 * Returns 0, or -1: INVALID, Function.InvalidSetting, naming setting and member, never the key. The key's
 * armour is checked here, its numbers at the first signature: decoding them would cost every cold start a
 * millisecond. */
int google_account_parse(const char *setting, struct nr_view text, struct google_account *out,
                         struct nr_err *err) NR_MUST_CHECK;
void google_account_done(struct google_account *account);

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
