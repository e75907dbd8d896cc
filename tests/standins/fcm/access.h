/* access.h - the access tokens that are out.
 *
 * Is:      issue, look up, expire, revoke.
 * Threads: all safe.
 * Is not:  the judgement who gets one (jwt.h).
 */
#ifndef NARAE_STANDIN_FCM_ACCESS_H
#define NARAE_STANDIN_FCM_ACCESS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    ACCESS_TOKEN_BYTES = 128, /* with its NUL; Google's are longer, opaque as well */
    ACCESS_SLOTS = 1024,      /* older ones are forgotten, as if revoked */
};

struct access;

/* fixed  in  array of tokens that are always good, borrowed; NULL = none */
struct access *access_new(const json_t *fixed);
void access_free(struct access *access);

/* A new token into out. */
void access_issue(struct access *access, int64_t expires_mono_ms, char out[ACCESS_TOKEN_BYTES]);

/* Is it known and not expired? */
bool access_is_good(struct access *access, const char *token, int64_t now_mono_ms);

/* Every issued token is bad from now on. */
void access_revoke(struct access *access);

#endif
