#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <narae/clock.h>
#include <narae/crypto.h>
#include <narae/http.h>
#include <narae/secret.h>

#include "functions/push/google_reply.h"
#include "functions/push/google_token.h"

enum {
    LIFETIME_S = 3600,         /* the most Google accepts: exp <= iat + 3600 */
    BACKDATE_S = 30,           /* our clock may be ahead of Google's */
    MARGIN_MS = 5 * 60 * 1000, /* as firebase-admin-node: TOKEN_EXPIRY_THRESHOLD_MILLIS */
    ASSERTION_MAX_BYTES = 8 * 1024,
    REPLY_MAX_BYTES = 64 * 1024,
};

static const char scope[] = "https://www.googleapis.com/auth/firebase.messaging";

/* --- the assertion -------------------------------------------------------------------------------------- */

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

/* --- the exchange --------------------------------------------------------------------------------------- */

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

static struct google_reply reply_of(const struct nr_http_reply *http)
{
    return (struct google_reply){http->status, nr_buf_view(&http->body), nr_view(http->date)};
}

static int exchange(const struct google_account *account, struct google_token *token,
                    int64_t deadline_mono_ms, struct nr_err *err)
{
    struct nr_http_reply http = {0};
    struct google_reply reply;
    int result = ask(account, token, deadline_mono_ms, &http, err);

    reply = reply_of(&http);
    if (result == 0 && google_reply_skew(&reply, nr_clock_wall_ms(), &token->skew_s)) {
        nr_secret_done(&http.body);
        result = ask(account, token, deadline_mono_ms, &http, err);
        reply = reply_of(&http);
    }
    if (result == 0)
        result = google_reply_read(&reply, nr_clock_wall_ms(), token, err);
    nr_secret_done(&http.body);
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
