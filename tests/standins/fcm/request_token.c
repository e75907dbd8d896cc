/* request_token.c - POST /token: an assertion for an access token. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <narae/clock.h>

#include "tests/standins/fcm/request.h"

static const char grant[] = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer";

/* The value of a form field that needs no decoding (base64url does not); NULL when absent. The caller frees
 * it. */
static char *form_value(const char *form, const char *name)
{
    size_t len = strlen(name);

    for (const char *at = form; at && *at; at = strchr(at, '&') ? strchr(at, '&') + 1 : NULL)
        if (strncmp(at, name, len) == 0 && at[len] == '=')
            return strndup(at + len + 1, strcspn(at + len + 1, "&"));
    return NULL;
}

static void refuse(struct request *request, const char *error, const char *description)
{
    json_t *body = json_pack("{s:s,s:s}", "error", error, "error_description", description);

    request->answer.http_status = 400;
    request->answer.body = json_dumps(body, JSON_COMPACT);
    json_decref(body);
}

static void grant_token(struct request *request)
{
    const struct config *config = request->server->config;
    char token[ACCESS_TOKEN_BYTES];
    json_t *body;

    access_issue(request->server->access, request->mono_us / 1000 + config->token_lifetime_s * 1000LL, token);
    body = json_pack("{s:s,s:i,s:s}", "access_token", token, "expires_in", config->token_expires_in_s,
                     "token_type", "Bearer");
    request->answer.http_status = 200;
    request->answer.body = json_dumps(body, JSON_COMPACT);
    json_decref(body);
}

/* The refusal that the script has for this call; NULL = none. */
static const json_t *scripted(struct request *request)
{
    const json_t *script = request->server->config->token_script;
    size_t nth = atomic_fetch_add(&request->server->n_token_calls, 1);
    const json_t *step = json_array_get(script, nth);

    return json_is_object(step) ? step : NULL;
}

static const char *refuse_by_script(struct request *request, const json_t *step)
{
    const char *error = json_string_value(json_object_get(step, "error"));
    const char *description = json_string_value(json_object_get(step, "error_description"));
    int status = (int)json_integer_value(json_object_get(step, "http_status"));

    refuse(request, error ? error : "invalid_grant", description ? description : "");
    request->answer.http_status = status ? status : 400;
    request->answer.delay_ms = (int)json_integer_value(json_object_get(step, "delay_ms"));
    return error ? error : "invalid_grant";
}

static const char *judge(struct request *request, json_t **claims)
{
    const struct config *config = request->server->config;
    const json_t *step = scripted(request);
    const char *form = nr_buf_text(&request->body);
    char *assertion = form_value(form, "assertion");
    const struct jwt_fault *fault;

    if (step) {
        free(assertion);
        return refuse_by_script(request, step);
    }
    if (!strstr(form, grant) || !assertion) {
        free(assertion);
        refuse(request, "unsupported_grant_type", "Invalid grant_type: ");
        return "unsupported_grant_type";
    }
    fault = jwt_check(assertion, &config->account, request->wall_ms / 1000 + config->clock_skew_s, claims);
    free(assertion);
    if (fault) {
        refuse(request, fault->error, fault->description);
        return fault->error;
    }
    grant_token(request);
    return "token";
}

void request_token(struct request *request)
{
    struct journal_entry entry = request_entry(request, JOURNAL_TOKEN);
    json_t *claims = NULL;

    request->answer.content_type = "application/json; charset=utf-8";
    entry.verdict = judge(request, &claims);
    entry.http_status = request->answer.http_status;
    entry.body = claims; /* what was asked for; the signature stays out of the journal */
    journal_add(request->server->journal, &entry);
    json_decref(claims);
}
