#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <narae/env.h>

#include "layer/aws/aws_credentials.h"
#include "layer/aws/aws_wire.h"

/* Error codes whose kind the status does not tell (service API references; the common errors of the JSON and
 * Query protocols). Throttling comes as a 400. */
static const struct {
    const char *code;
    enum nr_err_kind kind;
} codes[] = {
    {"ResourceNotFoundException", NR_ERR_NOT_FOUND},
    {"ParameterNotFound", NR_ERR_NOT_FOUND},
    {"ParameterVersionNotFound", NR_ERR_NOT_FOUND},
    {"QueueDoesNotExist", NR_ERR_NOT_FOUND},
    {"AccessDeniedException", NR_ERR_DENIED},
    {"AccessDenied", NR_ERR_DENIED},
    {"UnrecognizedClientException", NR_ERR_DENIED},
    {"InvalidClientTokenId", NR_ERR_DENIED},
    {"InvalidSignatureException", NR_ERR_DENIED},
    {"SignatureDoesNotMatch", NR_ERR_DENIED},
    {"MissingAuthenticationTokenException", NR_ERR_DENIED},
    {"ExpiredTokenException", NR_ERR_DENIED},
    {"ExpiredToken", NR_ERR_DENIED},
    {"RequestExpired", NR_ERR_DENIED},
    {"DecryptionFailure", NR_ERR_DENIED},
    {"ThrottlingException", NR_ERR_THROTTLED},
    {"Throttling", NR_ERR_THROTTLED},
    {"TooManyRequestsException", NR_ERR_THROTTLED},
    {"RequestLimitExceeded", NR_ERR_THROTTLED},
    {"RequestThrottled", NR_ERR_THROTTLED},
    {"LimitExceededException", NR_ERR_THROTTLED},
    {"ProvisionedThroughputExceededException", NR_ERR_THROTTLED},
    {"KMSThrottlingException", NR_ERR_THROTTLED},
    {"KMSAccessDeniedException", NR_ERR_DENIED},
    {"KMSDisabledException", NR_ERR_DENIED},
    {"KMSInvalidStateException", NR_ERR_DENIED},
    {"KMSNotFoundException", NR_ERR_DENIED},
    {"KMSOptInRequired", NR_ERR_DENIED},
    {"RequestTimeout", NR_ERR_UNAVAILABLE},
    {"RequestTimeoutException", NR_ERR_UNAVAILABLE},
};

enum nr_err_kind aws_wire_kind(const char *code, int status)
{
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        if (strcmp(codes[i].code, code) == 0)
            return codes[i].kind;
    if (status == 429)
        return NR_ERR_THROTTLED;
    if (status >= 500)
        return NR_ERR_UNAVAILABLE;
    return status == 401 || status == 403 ? NR_ERR_DENIED : NR_ERR_INVALID;
}

bool aws_wire_is_credentials(const char *code)
{
    static const char *const of_credentials[] = {"ExpiredToken",
                                                 "ExpiredTokenException",
                                                 "RequestExpired",
                                                 "SignatureDoesNotMatch",
                                                 "InvalidSignatureException",
                                                 "InvalidClientTokenId",
                                                 "UnrecognizedClientException"};

    for (size_t i = 0; i < sizeof(of_credentials) / sizeof(of_credentials[0]); i++)
        if (strcmp(code, of_credentials[i]) == 0)
            return true;
    return false;
}

static int find_endpoint(const struct aws_wire_request *request, const char *region, char *out, size_t cap,
                         struct nr_err *err)
{
    const char *given = nr_env_raw(request->endpoint_env);
    int n;

    if (!given)
        given = nr_env_raw("AWS_ENDPOINT_URL");
    if (given)
        n = snprintf(out, cap, "%s%s", given, given[strlen(given) - 1] == '/' ? "" : "/");
    else
        n = snprintf(out, cap, "https://%s.%s.amazonaws.com%s/", request->service, region,
                     strncmp(region, "cn-", 3) == 0 ? ".cn" : "");
    return n > 0 && (size_t)n < cap ? 0
                                    : nr_err_set(err, NR_ERR_INVALID, "Function.InvalidSetting",
                                                 "%s: too long", request->endpoint_env);
}

static const char *find_region(const struct aws_wire_request *request)
{
    const char *region = request->region;

    if (!region)
        region = nr_env_raw("AWS_REGION");
    return region ? region : nr_env_raw("AWS_DEFAULT_REGION");
}

/* A region becomes part of a host name, and may come from an event (an ARN): with a slash in it, the request,
 * and the session token in it, would go to whatever host stands before the slash. */
static bool is_region(const char *region)
{
    return region[0] && region[strspn(region, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0';
}

static int send_signed(const struct aws_wire_request *request, const char *url, const char *region,
                       const struct aws_credentials *keys, struct nr_http_reply *reply, struct nr_err *err)
{
    char token[sizeof(keys->session_token) + 32];
    char sigv4[128];
    const char *headers[AWS_WIRE_HEADERS_MAX + 2] = {0};
    size_t n = 0;

    for (; n < AWS_WIRE_HEADERS_MAX && request->headers[n]; n++)
        headers[n] = request->headers[n];
    snprintf(token, sizeof(token), "X-Amz-Security-Token: %s", keys->session_token);
    if (keys->session_token[0])
        headers[n] = token;
    snprintf(sigv4, sizeof(sigv4), "aws:amz:%s:%s", region, request->service);
    return nr_http_send(&(struct nr_http_request){.url = url,
                                                  .headers = headers,
                                                  .body = request->body,
                                                  .is_once = request->is_once,
                                                  .deadline_mono_ms = request->deadline_mono_ms,
                                                  .reply_max_bytes = request->reply_max_bytes,
                                                  .sigv4 = sigv4,
                                                  .access_key_id = keys->access_key_id,
                                                  .secret_access_key = keys->secret_access_key},
                        reply, err);
}

int aws_wire_send(const struct aws_wire_request *request, struct nr_http_reply *reply, struct nr_err *err)
{
    const char *region = find_region(request);
    const struct aws_credentials *keys;
    char url[1024];

    if (!region)
        return nr_err_set(err, NR_ERR_INVALID, "Function.MissingSetting", "AWS_REGION: not set");
    if (!is_region(region))
        return nr_err_set(err, NR_ERR_INVALID, "Function.InvalidSetting", "\"%.64s\" is no AWS region",
                          region);
    if (find_endpoint(request, region, url, sizeof(url), err) != 0 ||
        aws_credentials_get(request->deadline_mono_ms, &keys, err) != 0)
        return -1;
    return send_signed(request, url, region, keys, reply, err);
}
