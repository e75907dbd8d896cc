/* aws_credentials.h - the keys that sign a call.
 *
 * Is:      the environment's keys, or those of the container endpoint (SnapStart, ECS), asked for again every
 *          five minutes.
 * Is not:  profiles, IMDS or SSO: a function has none of these.
 * Source:  AWS SDKs and Tools Reference Guide, "Container credential provider".
 */
#ifndef NARAE_AWS_CREDENTIALS_H
#define NARAE_AWS_CREDENTIALS_H

#include <stdint.h>

#include <narae/attr.h>
#include <narae/err.h>

struct aws_credentials {
    char access_key_id[128];
    char secret_access_key[256];
    char session_token[4096]; /* "" = none */
};

/* *out borrows from this module until the next call. Returns 0, or -1: DENIED, Function.MissingCredentials,
 * or as nr_http_send(). */
int aws_credentials_get(int64_t deadline_mono_ms, const struct aws_credentials **out,
                        struct nr_err *err) NR_MUST_CHECK;

/* Ask the container endpoint again at the next get: AWS says that what we have is expired or wrong. */
void aws_credentials_forget(void);

#endif
