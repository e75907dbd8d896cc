#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <narae/clock.h>
#include <narae/crypto.h>
#include <narae/http.h>
#include <narae/json.h>
#include <narae/secret.h>

#include "functions/push/google_token.h"

enum {
    LIFETIME_S = 3600,         /* the most Google accepts: exp <= iat + 3600 */
    BACKDATE_S = 30,           /* our clock may be ahead of Google's */
    MARGIN_MS = 5 * 60 * 1000, /* as firebase-admin-node: TOKEN_EXPIRY_THRESHOLD_MILLIS */
    ASSERTION_MAX_BYTES = 8 * 1024,
    REPLY_MAX_BYTES = 64 * 1024,
    KEY_MAX_BYTES = 16 * 1024,
};

static const char scope[] = "https://www.googleapis.com/auth/firebase.messaging";

/* --- the account
 * ------------------------------------------------------------------------------------------------ */

static int take_text(const struct nr_json_place *root, const char *name, char *out, size_t cap,
                     struct nr_err *err)
{
    struct nr_json_place place = nr_json_member(root, name);
    struct nr_view text;

    if (nr_json_want_text(&place, 1, cap - 1, &text, err) != 0)
        return -1;
    snprintf(out, cap, "%.*s", NR_VIEW_ARG(text));
    return 0;
}

static bool is_private_key(struct nr_view pem)
{
    return (nr_view_starts(pem, NR_VIEW("-----BEGIN PRIVATE KEY-----\n")) ||
            nr_view_starts(pem, NR_VIEW("-----BEGIN RSA PRIVATE KEY-----\n"))) &&
           memmem(pem.ptr, pem.len, "\n-----END ", strlen("\n-----END "));
}

static int take_key(const struct nr_json_place *root, struct nr_buf *out, struct nr_err *err)
{
    struct nr_json_place place = nr_json_member(root, "private_key");
    struct nr_view pem;

    if (nr_json_want_text(&place, 1, KEY_MAX_BYTES, &pem, err) != 0)
        return -1;
    if (!is_private_key(pem))
        return nr_json_refuse(&place, err, "must be an unencrypted private key in PEM");
    nr_buf_add(out, pem);
    return nr_buf_check(out, "private_key", err);
}

/* It becomes part of a path. Project ids have a-z, 0-9 and '-'; those of a company's domain "example.com:" in
 * front. */
static int check_project_id(const struct nr_json_place *root, const char *project_id, struct nr_err *err)
{
    struct nr_json_place place = nr_json_member(root, "project_id");

    if (project_id[strspn(project_id, "abcdefghijklmnopqrstuvwxyz0123456789-.:")] == '\0')
        return 0;
    return nr_json_refuse(&place, err, "may only contain a-z, 0-9, '-', '.' and ':'");
}

/* "http://127.0.0.1:PORT/": the whole authority is compared, as "127.0.0.1:80@elsewhere" begins the same way.
 */
static bool is_loopback(const char *uri)
{
    static const char start[] = "http://127.0.0.1:";
    const char *port = uri + sizeof(start) - 1;

    return strncmp(uri, start, sizeof(start) - 1) == 0 && port[strspn(port, "0123456789")] == '/';
}

/* The token endpoint gets a signed assertion: over plain HTTP only where a test or a sandbox listens. */
static int check_token_uri(const struct nr_json_place *root, const char *uri, struct nr_err *err)
{
    struct nr_json_place place = nr_json_member(root, "token_uri");

    if (strncmp(uri, "https://", strlen("https://")) == 0 || is_loopback(uri))
        return 0;
    return nr_json_refuse(&place, err, "must be an https:// address");
}

static int read_account(const json_t *doc, struct google_account *out, struct nr_err *err)
{
    struct nr_json_place root = nr_json_root("", doc);

    if (nr_json_want_object(&root, err) != 0 ||
        take_text(&root, "project_id", out->project_id, sizeof(out->project_id), err) != 0 ||
        take_text(&root, "client_email", out->client_email, sizeof(out->client_email), err) != 0 ||
        take_text(&root, "private_key_id", out->private_key_id, sizeof(out->private_key_id), err) != 0 ||
        take_text(&root, "token_uri", out->token_uri, sizeof(out->token_uri), err) != 0)
        return -1;
    if (check_project_id(&root, out->project_id, err) != 0 ||
        check_token_uri(&root, out->token_uri, err) != 0)
        return -1;
    return take_key(&root, &out->private_key, err);
}

int google_account_parse(const char *setting, struct nr_view text, struct google_account *out,
                         struct nr_err *err)
{
    NR_JSON_AUTO *doc = NULL;
    struct google_account account = {0};
    struct nr_err why = {0};

    nr_buf_init(&account.private_key, KEY_MAX_BYTES);
    if (nr_json_parse(text, "service account", &doc, &why) == 0 && read_account(doc, &account, &why) == 0) {
        *out = account;
        return 0;
    }
    google_account_done(&account);
    /* jansson quotes what it stumbled over, and that may be a part of the key. */
    if (!doc)
        nr_err_set(err, NR_ERR_INVALID, "Function.InvalidSetting", "%s: not JSON", setting);
    else
        nr_err_set(err, why.kind, "Function.InvalidSetting", "%s: %s", setting, why.message);
    return nr_err_hint(err, "the JSON key file of a Google service account is expected");
}

void google_account_done(struct google_account *account)
{
    nr_secret_done(&account->private_key);
}

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

/* Google's words, and what to do about them (texts as seen in the field; a prefix is enough). */
static const struct {
    const char *text;
    const char *advice;
} refusals[] = {
    {"Invalid JWT Signature", "the key was revoked or rotated: put the new key file into the secret"},
    {"Invalid grant: account not found",
     "the service account was deleted: create one and put its key into the secret"},
    {"Invalid JWT: Failed audience check", "token_uri does not belong to this endpoint"},
    {"Invalid JWT: Token must be a short-lived token", "the clock of this machine is off by minutes"},
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

static int exchange(const struct google_account *account, struct google_token *token,
                    int64_t deadline_mono_ms, struct nr_err *err)
{
    static const char *const headers[] = {"Content-Type: application/x-www-form-urlencoded", NULL};
    struct nr_http_reply reply = {0};
    NR_SECRET_AUTO body;
    int result;

    nr_buf_init(&body, ASSERTION_MAX_BYTES);
    /* base64url and dots need no escaping in a form. */
    nr_buf_add_text(&body, "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=");
    if (google_assertion(account, nr_clock_wall_ms() / 1000, &body, err) != 0)
        return -1;
    result = nr_http_send(&(struct nr_http_request){.url = account->token_uri,
                                                    .headers = headers,
                                                    .body = nr_buf_view(&body),
                                                    .deadline_mono_ms = deadline_mono_ms,
                                                    .reply_max_bytes = REPLY_MAX_BYTES},
                          &reply, err);
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
