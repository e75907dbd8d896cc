#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include <narae/clock.h>
#include <narae/env.h>
#include <narae/http.h>
#include <narae/json.h>

#include "layer/aws/aws_credentials.h"

/* Container credentials live for hours; asking again this often needs no parsing of their expiry. */
enum { KEEP_MS = 5 * 60 * 1000 };

static bool copy(char *out, size_t cap, const char *value)
{
    return value && (size_t)snprintf(out, cap, "%s", value) < cap;
}

static bool from_environment(struct aws_credentials *out)
{
    const char *token = nr_env_raw("AWS_SESSION_TOKEN"); /* empty under `sam local`: must not be sent */

    return copy(out->access_key_id, sizeof(out->access_key_id), nr_env_raw("AWS_ACCESS_KEY_ID")) &&
           copy(out->secret_access_key, sizeof(out->secret_access_key),
                nr_env_raw("AWS_SECRET_ACCESS_KEY")) &&
           copy(out->session_token, sizeof(out->session_token), token ? token : "");
}

static bool from_json(const json_t *doc, struct aws_credentials *out)
{
    return copy(out->access_key_id, sizeof(out->access_key_id),
                json_string_value(json_object_get(doc, "AccessKeyId"))) &&
           copy(out->secret_access_key, sizeof(out->secret_access_key),
                json_string_value(json_object_get(doc, "SecretAccessKey"))) &&
           copy(out->session_token, sizeof(out->session_token),
                json_string_value(json_object_get(doc, "Token")));
}

static int read_reply(const struct nr_http_reply *reply, struct aws_credentials *out, struct nr_err *err)
{
    NR_JSON_AUTO *doc = NULL;

    if (reply->status != 200)
        return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.MissingCredentials",
                          "AWS_CONTAINER_CREDENTIALS_FULL_URI answered %d", reply->status);
    if (nr_json_parse(nr_buf_view(&reply->body), "container credentials", &doc, err) != 0)
        return -1;
    if (!from_json(doc, out))
        return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.MissingCredentials",
                          "AWS_CONTAINER_CREDENTIALS_FULL_URI gave no usable credentials");
    return 0;
}

static int from_container(const char *url, int64_t deadline_mono_ms, struct aws_credentials *out,
                          struct nr_err *err)
{
    char authorization[4096];
    const char *const headers[] = {authorization, NULL};
    const char *token = nr_env_raw("AWS_CONTAINER_AUTHORIZATION_TOKEN");
    struct nr_http_reply reply = {0};
    int result;

    snprintf(authorization, sizeof(authorization), "Authorization: %s", token ? token : "");
    result = nr_http_send(&(struct nr_http_request){.url = url,
                                                    .headers = token ? headers : NULL,
                                                    .deadline_mono_ms = deadline_mono_ms},
                          &reply, err);
    if (result == 0)
        result = read_reply(&reply, out, err);
    nr_http_reply_done(&reply);
    return result;
}

/* Of each thread, so that nobody changes what another is signing with. */
static _Thread_local int64_t fetched_wall_ms; /* 0 = nothing is kept */

void aws_credentials_forget(void)
{
    fetched_wall_ms = 0;
}

int aws_credentials_get(int64_t deadline_mono_ms, const struct aws_credentials **out, struct nr_err *err)
{
    static _Thread_local struct aws_credentials kept;
    static _Thread_local struct aws_credentials given;
    const char *url = nr_env_raw("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    int64_t now = nr_clock_wall_ms();

    if (from_environment(&given)) {
        *out = &given;
        return 0;
    }
    if (!url) {
        nr_err_set(err, NR_ERR_DENIED, "Function.MissingCredentials", "no AWS credentials");
        return nr_err_hint(
            err, "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_CONTAINER_CREDENTIALS_FULL_URI");
    }
    if (!fetched_wall_ms || now < fetched_wall_ms || now - fetched_wall_ms >= KEEP_MS) {
        fetched_wall_ms = 0; /* half a reply must not be used */
        if (from_container(url, deadline_mono_ms, &kept, err) != 0)
            return -1;
        fetched_wall_ms = now;
    }
    *out = &kept;
    return 0;
}
