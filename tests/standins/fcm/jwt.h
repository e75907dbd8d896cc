/* jwt.h - judge the assertion of a service account as Google's token endpoint does.
 *
 * Is:      pure but for the signature check; assertion, rules and time in, Google's own refusal out.
 * Is not:  shared with the code under test: what it would get wrong twice must not agree with itself.
 * Source:  Google Identity, "Using OAuth 2.0 for Server to Server Applications"; the texts are published
 *          answers.
 */
#ifndef NARAE_STANDIN_FCM_JWT_H
#define NARAE_STANDIN_FCM_JWT_H

#include <jansson.h>
#include <openssl/evp.h>
#include <stdint.h>

enum {
    JWT_LIFETIME_MAX_S = 3600, /* exp <= iat + 3600 [Google Identity, server to server] */
    /* How far clocks may differ. A published experiment: iat + 300 s is accepted, - 3,600 s as well, - 7,200
     * s refused. */
    JWT_TOLERANCE_S = 300,
};

struct jwt_rules {
    EVP_PKEY *key;            /* borrowed; the account's public key */
    const char *client_email; /* iss */
    const char *key_id;       /* kid; NULL = any, also none */
    const char *audience;     /* aud, the token_uri of the account */
};

/* An answer of the token endpoint that is no token. */
struct jwt_fault {
    const char *error;       /* OAuth error, e.g. "invalid_grant" */
    const char *description; /* Google's sentence */
};

/* Judge `assertion`.
 *
 * claims  out  the parsed claims, the caller's, json_decref(); NULL when they cannot be read. Set in either
 *              case.
 * Returns NULL when all is well, else the refusal (static). */
const struct jwt_fault *jwt_check(const char *assertion, const struct jwt_rules *rules, int64_t now_unix_s,
                                  json_t **claims);

#endif
