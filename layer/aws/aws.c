#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <narae/aws.h>
#include <narae/clock.h>
#include <narae/http.h>
#include <narae/json.h>
#include <narae/rand.h>
#include <narae/retry.h>

#include "layer/aws/aws_credentials.h"
#include "layer/aws/aws_pause.h"
#include "layer/aws/aws_wire.h"

/* Attempts as the AWS SDKs' standard mode. */
static const struct nr_retry_policy retry_policy = {.max_attempts = 3, .base_ms = 100, .cap_ms = 2000};

enum {
    MESSAGE_MAX_BYTES = 300, /* of what AWS says beside the code */
    RETRY_AFTER_MAX_S = 3600,
};

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

/* In seconds, as AWS writes it; 0 when there is none. */
static int64_t retry_after_ms(const struct nr_http_reply *reply)
{
    int64_t seconds = 0;

    for (const char *at = reply->retry_after; *at && seconds < RETRY_AFTER_MAX_S; at++) {
        if (*at < '0' || *at > '9')
            return 0;
        seconds = seconds * 10 + (*at - '0');
    }
    return (seconds < RETRY_AFTER_MAX_S ? seconds : RETRY_AFTER_MAX_S) * 1000;
}

/* When a signature is wrong AWS goes on with the canonical request, and that holds the session token: nothing
 * behind the first line may get into an error. */
static int explain(const struct nr_aws_call *call, const struct nr_http_reply *reply, struct nr_err *err)
{
    NR_JSON_AUTO *doc = NULL;
    struct nr_err ignored = {0};
    char code[128];
    const char *message = NULL;
    size_t n;

    if (nr_json_parse(nr_buf_view(&reply->body), "error", &doc, &ignored) == 0) {
        bare_code(json_string_value(json_object_get(doc, "__type")), code, sizeof(code));
        message = json_string_value(json_object_get(doc, "message"));
        message = message ? message : json_string_value(json_object_get(doc, "Message"));
    } else {
        xml_code(nr_buf_view(&reply->body), code, sizeof(code));
    }
    if (aws_wire_is_credentials(code)) /* the container may have others by the next call */
        aws_credentials_forget();
    message = message ? message : "";
    n = strcspn(message, "\n");
    err->retry_after_ms = retry_after_ms(reply);
    return nr_err_set(err, aws_wire_kind(code, reply->status), NULL, "%s: %d%s%s%s%.*s", call->target,
                      reply->status, code[0] ? " " : "", code, n ? ": " : "",
                      (int)(n < MESSAGE_MAX_BYTES ? n : MESSAGE_MAX_BYTES), message);
}

/* One call; a status other than 200 is an error. is_once as nr_http_request's; reply_max_bytes 0 = http's own
 * default. */
static int call_once(const struct nr_aws_call *call, bool is_once, size_t reply_max_bytes,
                     struct nr_http_reply *reply, struct nr_err *err)
{
    char type[64];
    char target[128];

    snprintf(type, sizeof(type), "Content-Type: application/x-amz-json-%s", call->json_version);
    snprintf(target, sizeof(target), "X-Amz-Target: %s", call->target);
    if (aws_wire_send(&(struct aws_wire_request){.service = call->service,
                                                 .endpoint_env = call->endpoint_env,
                                                 .region = call->region,
                                                 .headers = {type, target},
                                                 .body = call->body,
                                                 .is_once = is_once,
                                                 .reply_max_bytes = reply_max_bytes,
                                                 .deadline_mono_ms = call->deadline_mono_ms},
                      reply, err) != 0)
        return -1;
    return reply->status == 200 ? 0 : explain(call, reply, err);
}

static int try_once(const struct nr_aws_call *call, json_t **out, struct nr_err *err)
{
    struct nr_http_reply reply = {0};
    int result = call_once(call, false, 0, &reply, err);

    if (result == 0)
        result = nr_json_parse(nr_buf_view(&reply.body), call->target, out, err);
    nr_http_reply_done(&reply);
    return result;
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
    int result = call_once(call, true, out->max_bytes, &reply, err);

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
    for (int attempt = 1;; attempt++) {
        struct nr_err why = {0};
        struct nr_retry_decision decision;

        if (try_once(call, out, &why) == 0)
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
