#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <narae/clock.h>
#include <narae/crypto.h>
#include <narae/http.h>
#include <narae/json.h>
#include <narae/secret.h>

#include "functions/push/google_token.h"
#include "functions/push/http_date.h"

enum {
    LIFETIME_S = 3600,         /* the most Google accepts: exp <= iat + 3600 */
    BACKDATE_S = 30,           /* our clock may be ahead of Google's */
    MARGIN_MS = 5 * 60 * 1000, /* as firebase-admin-node: TOKEN_EXPIRY_THRESHOLD_MILLIS */
    ASSERTION_MAX_BYTES = 8 * 1024,
    REPLY_MAX_BYTES = 64 * 1024,
    SKEW_MIN_S = 30, /* a smaller difference is not what Google refuses */
};

static const char scope[] = "https://www.googleapis.com/auth/firebase.messaging";

/* --- the assertion
 * ---------------------------------------------------------------------------------------------- */

static void add_member(struct nr_buf *out, const char *name, const char *value)
{
    nr_buf_printf(out, "\"%s\":", name);
    nr_buf_add_json_text(out, nr_view(value));
    nr_buf_add_char(out, ',');
}

static void add_header(const struct google_account *account, struct nr_buf *out)
{
    NR_BUF_AUTO header;

    nr_buf_init(&header, ASSERTION_MAX_BYTES);
    nr_buf_add_char(&header, '{');
    add_member(&header, "kid", account->private_key_id);
    nr_buf_add_text(&header, "\"alg\":\"RS256\",\"typ\":\"JWT\"}");
    nr_crypto_base64url(out, nr_buf_view(&header));
}

static void add_claims(const struct google_account *account, int64_t now_unix_s, struct nr_buf *out)
{
    NR_BUF_AUTO claims;
    int64_t iat = now_unix_s - BACKDATE_S;

    nr_buf_init(&claims, ASSERTION_MAX_BYTES);
    nr_buf_add_char(&claims, '{');
    add_member(&claims, "iss", account->client_email);
    add_member(&claims, "scope", scope);
    add_member(&claims, "aud", account->token_uri);
    nr_buf_printf(&claims, "\"iat\":%" PRId64 ",\"exp\":%" PRId64 "}", iat, iat + LIFETIME_S);
    nr_crypto_base64url(out, nr_buf_view(&claims));
}

int google_assertion(const struct google_account *account, int64_t now_unix_s, struct nr_buf *out,
                     struct nr_err *err)
{
    struct nr_crypto_key *key;
    size_t start = out->len;
    NR_BUF_AUTO signature;
    int result;

    nr_buf_init(&signature, ASSERTION_MAX_BYTES);
    add_header(account, out);
    nr_buf_add_char(out, '.');
    add_claims(account, now_unix_s, out);
    if (nr_buf_check(out, "assertion", err) != 0)
        return -1;
    if (nr_crypto_key_parse(nr_buf_view(&account->private_key), &key, err) != 0)
        return nr_err_context(err, "private_key");
    result = nr_crypto_rs256(key, nr_view_n(out->data + start, out->len - start), &signature, err);
    nr_crypto_key_free(key);
    if (result != 0)
        return -1;
    nr_buf_add_char(out, '.');
    nr_buf_add(out, nr_buf_view(&signature));
    return nr_buf_check(out, "assertion", err);
}

/* --- the exchange
 * ----------------------------------------------------------------------------------------------- */

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

static int explain(const struct nr_http_reply *reply, const json_t *doc, struct nr_err *err)
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

static int read_token(const json_t *doc, struct google_token *out, struct nr_err *err)
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
    out->expires_wall_ms = nr_clock_wall_ms() + seconds * 1000;
    return 0;
}

static int read_reply(const struct nr_http_reply *reply, struct google_token *token, struct nr_err *err)
{
    NR_JSON_AUTO *doc = NULL;
    struct nr_err not_json = {0};

    if (nr_json_parse(nr_buf_view(&reply->body), "token", &doc, &not_json) != 0)
        doc = NULL;
    if (reply->status != 200)
        return explain(reply, doc, err);
    if (!doc || read_token(doc, token, err) != 0) {
        nr_err_reset(err); /* its words could quote the token */
        return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.TokenUnavailable",
                          "the token endpoint answered 200 without a usable token");
    }
    return 0;
}

static int ask(const struct google_account *account, struct google_token *token, int64_t deadline_mono_ms,
               struct nr_http_reply *reply, struct nr_err *err)
{
    static const char *const headers[] = {"Content-Type: application/x-www-form-urlencoded", NULL};
    NR_SECRET_AUTO body;

    nr_buf_init(&body, ASSERTION_MAX_BYTES);
    /* base64url and dots need no escaping in a form. */
    nr_buf_add_text(&body, "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=");
    if (google_assertion(account, nr_clock_wall_ms() / 1000 + token->skew_s, &body, err) != 0)
        return -1;
    return nr_http_send(&(struct nr_http_request){.url = account->token_uri,
                                                  .headers = headers,
                                                  .body = nr_buf_view(&body),
                                                  .deadline_mono_ms = deadline_mono_ms,
                                                  .reply_max_bytes = REPLY_MAX_BYTES},
                        reply, err);
}

/* Was it our clock, and does Google's Date say how far off it is? Kept for the life of the token's owner. */
static bool repair_clock(const struct nr_http_reply *reply, struct google_token *token)
{
    NR_JSON_AUTO *doc = NULL;
    struct nr_err ignored = {0};
    const char *text;
    int64_t google_s;
    int64_t skew_s;

    if (reply->status != 400 || nr_json_parse(nr_buf_view(&reply->body), "refusal", &doc, &ignored) != 0)
        return false;
    text = json_string_value(json_object_get(doc, "error_description"));
    if (!text || strncmp(text, CLOCK_REFUSAL, sizeof(CLOCK_REFUSAL) - 1) != 0 ||
        !http_date_parse(nr_view(reply->date), &google_s))
        return false;
    skew_s = google_s - nr_clock_wall_ms() / 1000;
    if (llabs(skew_s - token->skew_s) < SKEW_MIN_S)
        return false;
    token->skew_s = skew_s;
    return true;
}

static int exchange(const struct google_account *account, struct google_token *token,
                    int64_t deadline_mono_ms, struct nr_err *err)
{
    struct nr_http_reply reply = {0};
    int result = ask(account, token, deadline_mono_ms, &reply, err);

    if (result == 0 && repair_clock(&reply, token)) {
        nr_secret_done(&reply.body);
        result = ask(account, token, deadline_mono_ms, &reply, err);
    }
    if (result == 0)
        result = read_reply(&reply, token, err);
    nr_secret_done(&reply.body);
    return result;
}

int google_token_ensure(const struct google_account *account, struct google_token *token, int64_t min_left_ms,
                        int64_t deadline_mono_ms, struct nr_err *err)
{
    int64_t needed = min_left_ms > MARGIN_MS && min_left_ms != NR_CLOCK_NEVER_MS ? min_left_ms : MARGIN_MS;

    if (token->expires_wall_ms - nr_clock_wall_ms() > needed)
        return 0;
    if (exchange(account, token, deadline_mono_ms, err) == 0)
        return 0;
    return nr_err_context(err, "NARAE_FCM_SERVICE_ACCOUNT");
}

void google_token_forget(struct google_token *token)
{
    token->expires_wall_ms = 0;
}
