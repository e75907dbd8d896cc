#include <stdio.h>
#include <string.h>

#include <narae/aws.h>
#include <narae/clock.h>
#include <narae/env.h>
#include <narae/http.h>
#include <narae/json.h>
#include <narae/rand.h>
#include <narae/retry.h>

#include "layer/aws/aws_credentials.h"
#include "layer/aws/aws_pause.h"

/* Attempts as the AWS SDKs' standard mode. */
static const struct nr_retry_policy retry_policy = {.max_attempts = 3, .base_ms = 100, .cap_ms = 2000};

/* Error codes whose kind the status does not tell (service API references; the common errors of the JSON
 * protocols). */
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
    {"DecryptionFailure", NR_ERR_DENIED},
    {"ThrottlingException", NR_ERR_THROTTLED},
    {"Throttling", NR_ERR_THROTTLED},
    {"TooManyRequestsException", NR_ERR_THROTTLED},
    {"RequestThrottled", NR_ERR_THROTTLED},
    {"LimitExceededException", NR_ERR_THROTTLED},
    {"ProvisionedThroughputExceededException", NR_ERR_THROTTLED},
    {"KMSThrottlingException", NR_ERR_THROTTLED},
    {"KMSAccessDeniedException", NR_ERR_DENIED},
    {"KMSDisabledException", NR_ERR_DENIED},
    {"KMSInvalidStateException", NR_ERR_DENIED},
    {"KMSNotFoundException", NR_ERR_DENIED},
    {"KMSOptInRequired", NR_ERR_DENIED},
};

static enum nr_err_kind kind_of(const char *code, int status)
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

/* "com.amazonaws.secretsmanager#ResourceNotFoundException" and "Code:http://..." both carry one word. */
static void bare_code(const char *type, char *out, size_t cap)
{
    const char *hash = type ? strchr(type, '#') : NULL;

    type = hash ? hash + 1 : type ? type : "";
    snprintf(out, cap, "%.*s", (int)strcspn(type, ":"), type);
}

/* Proxies and emulators answer in XML where the service would send JSON: the code is still worth having. */
static void xml_code(struct nr_view body, char *out, size_t cap)
{
    static const struct nr_view tag = {"<Code>", 6};
    const char *start = body.len ? memmem(body.ptr, body.len, tag.ptr, tag.len) : NULL;
    size_t left = start ? body.len - (size_t)(start + tag.len - body.ptr) : 0;
    const char *end = left ? memchr(start + tag.len, '<', left) : NULL;

    snprintf(out, cap, "%.*s", end ? (int)(end - start - (ptrdiff_t)tag.len) : 0, end ? start + tag.len : "");
}

static int explain(const struct nr_aws_call *call, const struct nr_http_reply *reply, struct nr_err *err)
{
    NR_JSON_AUTO *doc = NULL;
    struct nr_err ignored = {0};
    char code[128];
    const char *message = NULL;

    if (nr_json_parse(nr_buf_view(&reply->body), "error", &doc, &ignored) == 0) {
        bare_code(json_string_value(json_object_get(doc, "__type")), code, sizeof(code));
        message = json_string_value(json_object_get(doc, "message"));
        message = message ? message : json_string_value(json_object_get(doc, "Message"));
    } else {
        xml_code(nr_buf_view(&reply->body), code, sizeof(code));
    }
    return nr_err_set(err, kind_of(code, reply->status), NULL, "%s: %d%s%s%s%.300s", call->target,
                      reply->status, code[0] ? " " : "", code, message ? ": " : "", message ? message : "");
}

static int find_endpoint(const struct nr_aws_call *call, const char *region, char *out, size_t cap,
                         struct nr_err *err)
{
    const char *given = nr_env_raw(call->endpoint_env);
    int n;

    if (!given)
        given = nr_env_raw("AWS_ENDPOINT_URL");
    if (given)
        n = snprintf(out, cap, "%s%s", given, given[strlen(given) - 1] == '/' ? "" : "/");
    else
        n = snprintf(out, cap, "https://%s.%s.amazonaws.com%s/", call->service, region,
                     strncmp(region, "cn-", 3) == 0 ? ".cn" : "");
    return n > 0 && (size_t)n < cap ? 0
                                    : nr_err_set(err, NR_ERR_INVALID, "Function.InvalidSetting",
                                                 "%s: too long", call->endpoint_env);
}

static const char *find_region(const struct nr_aws_call *call)
{
    const char *region = call->region;

    if (!region)
        region = nr_env_raw("AWS_REGION");
    return region ? region : nr_env_raw("AWS_DEFAULT_REGION");
}

static int send_signed(const struct nr_aws_call *call, const char *url, const char *region,
                       const struct aws_credentials *keys, size_t reply_max_bytes,
                       struct nr_http_reply *reply, struct nr_err *err)
{
    char type[64];
    char target[128];
    char token[sizeof(keys->session_token) + 32];
    char sigv4[128];
    const char *const headers[] = {type, target, keys->session_token[0] ? token : NULL, NULL};

    snprintf(type, sizeof(type), "Content-Type: application/x-amz-json-%s", call->json_version);
    snprintf(target, sizeof(target), "X-Amz-Target: %s", call->target);
    snprintf(token, sizeof(token), "X-Amz-Security-Token: %s", keys->session_token);
    snprintf(sigv4, sizeof(sigv4), "aws:amz:%s:%s", region, call->service);
    return nr_http_send(&(struct nr_http_request){.url = url,
                                                  .headers = headers,
                                                  .body = call->body,
                                                  .deadline_mono_ms = call->deadline_mono_ms,
                                                  .reply_max_bytes = reply_max_bytes,
                                                  .sigv4 = sigv4,
                                                  .access_key_id = keys->access_key_id,
                                                  .secret_access_key = keys->secret_access_key},
                        reply, err);
}

/* One call; a status other than 200 is an error. reply_max_bytes 0 = http's own default. */
static int call_once(const struct nr_aws_call *call, const char *url, const char *region,
                     size_t reply_max_bytes, struct nr_http_reply *reply, struct nr_err *err)
{
    const struct aws_credentials *keys;

    if (aws_credentials_get(call->deadline_mono_ms, &keys, err) != 0 ||
        send_signed(call, url, region, keys, reply_max_bytes, reply, err) != 0)
        return -1;
    return reply->status == 200 ? 0 : explain(call, reply, err);
}

static int try_once(const struct nr_aws_call *call, const char *url, const char *region, json_t **out,
                    struct nr_err *err)
{
    struct nr_http_reply reply = {0};
    int result = call_once(call, url, region, 0, &reply, err);

    if (result == 0)
        result = nr_json_parse(nr_buf_view(&reply.body), call->target, out, err);
    nr_http_reply_done(&reply);
    return result;
}

static int find_url(const struct nr_aws_call *call, char *url, size_t cap, const char **region,
                    struct nr_err *err)
{
    *region = find_region(call);
    if (!*region)
        return nr_err_set(err, NR_ERR_INVALID, "Function.MissingSetting", "AWS_REGION: not set");
    return find_endpoint(call, *region, url, cap, err);
}

/* Some emulators answer in CBOR whatever they were asked in. */
static int check_json(const struct nr_aws_call *call, const struct nr_http_reply *reply, struct nr_err *err)
{
    if (!strstr(reply->content_type, "cbor"))
        return 0;
    nr_err_set(err, NR_ERR_INVALID, "Function.InvalidReply", "%s: answered in CBOR", call->target);
    return nr_err_hint(err, "%s must speak JSON", call->endpoint_env);
}

int nr_aws_bytes(const struct nr_aws_call *call, struct nr_buf *out, struct nr_err *err)
{
    struct nr_http_reply reply = {0};
    const char *region;
    char url[1024];
    int result;

    if (find_url(call, url, sizeof(url), &region, err) != 0)
        return -1;
    result = call_once(call, url, region, out->max_bytes, &reply, err);
    if (result == 0)
        result = check_json(call, &reply, err);
    if (result == 0) {
        nr_buf_done(out);
        *out = reply.body; /* taken */
        reply.body = (struct nr_buf){0};
    }
    nr_http_reply_done(&reply);
    return result;
}

int nr_aws_json(const struct nr_aws_call *call, json_t **out, struct nr_err *err)
{
    const char *region;
    char url[1024];

    if (find_url(call, url, sizeof(url), &region, err) != 0)
        return -1;
    for (int attempt = 1;; attempt++) {
        struct nr_err why = {0};
        struct nr_retry_decision decision;

        if (try_once(call, url, region, out, &why) == 0)
            return 0;
        decision = nr_retry_decide(&retry_policy, attempt, &why, nr_clock_left_ms(call->deadline_mono_ms),
                                   nr_rand_below(1ULL << 32));
        if (!decision.is_again) {
            *err = why;
            return -1;
        }
        aws_pause(decision.wait_ms);
    }
}
