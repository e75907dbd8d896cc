#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <narae/http_date.h>
#include <narae/json.h>

#include "functions/push/google_reply.h"

enum { SKEW_MIN_S = 30 /* a smaller difference is not what Google refuses */ };

#define CLOCK_REFUSAL "Invalid JWT: Token must be a short-lived token"

/* Google's words, and what to do about them (texts as seen in the field; a prefix is enough). */
static const struct {
    const char *text;
    const char *advice;
} refusals[] = {
    {"Invalid JWT Signature", "the key was revoked or rotated: put the new key file into the secret"},
    {"Invalid grant: account not found",
     "the service account was deleted: create one and put its key into the secret"},
    {"Invalid JWT: Failed audience check", "token_uri does not belong to this endpoint"},
    {CLOCK_REFUSAL,
     "the clock of this machine is wrong, and Google's answer had no usable Date to repair it by"},
    {"iat/exp is not set", "something on the way changes the request"},
    {"invalid_client", "client_email or private_key_id does not belong to this key: take the whole key file"},
    {"invalid_scope", "the FCM API is not enabled for this project"},
    {"unauthorized_client", "the service account may not use this scope"},
    {"disabled_client", "the service account is disabled"},
};

static int explain(const struct google_reply *reply, const json_t *doc, struct nr_err *err)
{
    const char *error = json_string_value(json_object_get(doc, "error"));
    const char *text = json_string_value(json_object_get(doc, "error_description"));

    if (reply->status >= 500 || reply->status == 429)
        return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.TokenUnavailable",
                          "the token endpoint answered %d", reply->status);
    error = error ? error : "no error code";
    text = text ? text : "";
    nr_err_set(err, NR_ERR_DENIED, "Function.TokenDenied", "the token endpoint answered %d: %.64s: %.200s",
               reply->status, error, text);
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
        if (strncmp(text, refusals[i].text, strlen(refusals[i].text)) == 0 ||
            strcmp(error, refusals[i].text) == 0)
            return nr_err_hint(err, "%s", refusals[i].advice);
    return -1;
}

static int read_token(const json_t *doc, int64_t now_unix_ms, struct google_token *out, struct nr_err *err)
{
    struct nr_json_place root = nr_json_root("token", doc);
    struct nr_json_place value = nr_json_member(&root, "access_token");
    struct nr_json_place expires = nr_json_member(&root, "expires_in");
    struct nr_view text;
    int64_t seconds;

    if (nr_json_want_text(&value, 1, sizeof(out->value) - 1, &text, err) != 0 ||
        nr_json_want_int(&expires, 1, INT32_MAX, &seconds, err) != 0)
        return -1;
    snprintf(out->value, sizeof(out->value), "%.*s", NR_VIEW_ARG(text));
    out->expires_wall_ms = now_unix_ms + seconds * 1000;
    return 0;
}

int google_reply_read(const struct google_reply *reply, int64_t now_unix_ms, struct google_token *token,
                      struct nr_err *err)
{
    NR_JSON_AUTO *doc = NULL;
    struct nr_err not_json = {0};

    if (nr_json_parse(reply->body, "token", &doc, &not_json) != 0)
        doc = NULL;
    if (reply->status != 200)
        return explain(reply, doc, err);
    if (!doc || read_token(doc, now_unix_ms, token, err) != 0) {
        nr_err_reset(err); /* its words could quote the token */
        return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.TokenUnavailable",
                          "the token endpoint answered 200 without a usable token");
    }
    return 0;
}

bool google_reply_skew(const struct google_reply *reply, int64_t now_unix_ms, int64_t *skew_s)
{
    NR_JSON_AUTO *doc = NULL;
    struct nr_err ignored = {0};
    const char *text;
    int64_t google_s;
    int64_t found_s;

    if (reply->status != 400 || nr_json_parse(reply->body, "refusal", &doc, &ignored) != 0)
        return false;
    text = json_string_value(json_object_get(doc, "error_description"));
    if (!text || strncmp(text, CLOCK_REFUSAL, sizeof(CLOCK_REFUSAL) - 1) != 0 ||
        !nr_http_date_parse(reply->date, &google_s))
        return false;
    found_s = google_s - now_unix_ms / 1000;
    if (llabs(found_s - *skew_s) < SKEW_MIN_S)
        return false;
    *skew_s = found_s;
    return true;
}
