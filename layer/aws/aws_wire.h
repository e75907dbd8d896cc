/* aws_wire.h - one signed request to an AWS service, whatever its protocol.
 *
 * Is:      region, endpoint, credentials, signature; and what an error code means.
 * Is not:  a retry nor a reading of the answer: aws.c (JSON) and aws_query.c (Query) do these.
 * Source:  AWS SDKs and Tools Reference Guide, "Service-specific endpoints".
 */
#ifndef NARAE_AWS_WIRE_H
#define NARAE_AWS_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <narae/attr.h>
#include <narae/err.h>
#include <narae/http.h>
#include <narae/view.h>

enum { AWS_WIRE_HEADERS_MAX = 4 };

/* Everything is borrowed for the call. */
struct aws_wire_request {
    const char *service;      /* signing name and host prefix */
    const char *endpoint_env; /* wins over AWS_ENDPOINT_URL, which wins over the public host */
    const char *region;       /* NULL = AWS_REGION, then AWS_DEFAULT_REGION */
    const char *headers[AWS_WIRE_HEADERS_MAX]; /* "Name: value"; NULL ends them */
    struct nr_view body;
    bool is_once;           /* as nr_http_request's */
    size_t reply_max_bytes; /* 0 = nr_http_send()'s default */
    int64_t deadline_mono_ms;
};

/* POST it. Returns as nr_http_send(), or -1: INVALID, Function.MissingSetting (no region) or
 * Function.InvalidSetting (endpoint, region), DENIED (no credentials). */
int aws_wire_send(const struct aws_wire_request *request, struct nr_http_reply *reply,
                  struct nr_err *err) NR_MUST_CHECK;

/* What to do about an error: by its code, else by the status. */
enum nr_err_kind aws_wire_kind(const char *code, int status);

/* Does this code say that the credentials are expired or wrong, so that others may work? */
bool aws_wire_is_credentials(const char *code);

#endif
