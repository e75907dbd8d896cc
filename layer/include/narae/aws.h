/* aws.h - one call to an AWS service's JSON API.
 *
 * Is:      credentials, region, endpoint, signature and error mapping for AWS JSON 1.0 and 1.1 protocols.
 * Is not:  an SDK; the caller builds and reads the JSON of its operation.
 * Beware:  credentials in the environment change in a long-lived sandbox only by a new process; container
 *          credentials expire and are fetched again.
 * Source:  AWS SDKs and Tools Reference Guide: "Service-specific endpoints", "Container credential provider".
 */
#ifndef NARAE_AWS_H
#define NARAE_AWS_H

#include <stdint.h>

#include <jansson.h>

#include <narae/attr.h>
#include <narae/buf.h>
#include <narae/err.h>
#include <narae/view.h>

/* Everything is borrowed for the call. */
struct nr_aws_call {
    const char *service;      /* signing name and host prefix: "secretsmanager", "ssm", "sqs" */
    const char *endpoint_env; /* "AWS_ENDPOINT_URL_SECRETS_MANAGER": wins over AWS_ENDPOINT_URL, which wins
                                 over the public host */
    const char *region;       /* NULL = AWS_REGION, then AWS_DEFAULT_REGION */
    const char *target;       /* X-Amz-Target: "secretsmanager.GetSecretValue" */
    const char *json_version; /* "1.0" or "1.1" */
    struct nr_view body;      /* JSON */
    int64_t deadline_mono_ms; /* NR_CLOCK_NEVER_MS = the default time-outs alone */
};

/* Call and parse. *out is the caller's, json_decref().
 * Throttling and 5xx are tried again (3 attempts, full jitter, within the deadline).
 * Returns 0, or -1 with service, error code and AWS's message: NOT_FOUND, DENIED, THROTTLED, UNAVAILABLE,
 * DEADLINE, INVALID. */
int nr_aws_json(const struct nr_aws_call *call, json_t **out, struct nr_err *err) NR_MUST_CHECK;

/* Call once and give the bytes of the reply: for an operation whose reply is large, or whose caller has its
 * own idea of when to try again. `out` is replaced; the caller's nr_buf_init() says how long a reply may be.
 * Returns 0, or -1 as nr_aws_json(); INVALID too when the reply is in CBOR. */
int nr_aws_bytes(const struct nr_aws_call *call, struct nr_buf *out, struct nr_err *err) NR_MUST_CHECK;

#endif
