#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "tests/standins/fcm/jwt.h"

enum { ASSERTION_MAX_BYTES = 16 * 1024 };

static const struct jwt_fault malformed = {"invalid_grant",
                                           "Invalid JWT: must have three parts of base64url."};
static const struct jwt_fault bad_header = {"invalid_grant", "Invalid JWT: alg must be RS256 and typ JWT."};
static const struct jwt_fault no_account = {"invalid_grant", "Invalid grant: account not found"};
static const struct jwt_fault bad_signature = {"invalid_grant", "Invalid JWT Signature."};
static const struct jwt_fault bad_audience = {"invalid_grant", "Invalid JWT: Failed audience check."};
static const struct jwt_fault no_times = {"invalid_grant", "Invalid JWT: iat/exp is not set"};
static const struct jwt_fault bad_times = {
    "invalid_grant",
    "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. "
    "Check your iat and exp values in the JWT claim."};
static const struct jwt_fault delegated = {
    "unauthorized_client",
    "Client is unauthorized to retrieve access tokens using this method, or client not "
    "authorized for any of the scopes requested."};
static const struct jwt_fault bad_scope = {"invalid_scope",
                                           "Invalid OAuth scope or ID token audience provided."};

struct part {
    const char *text;
    size_t len;
};

struct token {
    struct part header, claims, signature;
    struct part is_signed; /* header.claims */
};

static bool split(const char *assertion, struct token *out)
{
    const char *first = strchr(assertion, '.');
    const char *second = first ? strchr(first + 1, '.') : NULL;
    size_t len = strlen(assertion);

    if (!second || strchr(second + 1, '.') || len > ASSERTION_MAX_BYTES)
        return false;
    out->header = (struct part){assertion, (size_t)(first - assertion)};
    out->claims = (struct part){first + 1, (size_t)(second - first) - 1};
    out->signature = (struct part){second + 1, len - (size_t)(second - assertion) - 1};
    out->is_signed = (struct part){assertion, (size_t)(second - assertion)};
    return true;
}

/* Strict base64url: no padding, no other letters. Returns heap bytes, free(); NULL when malformed. */
static unsigned char *decode(struct part part, size_t *len)
{
    size_t padded = (part.len + 3) / 4 * 4;
    char *text = malloc(padded + 1);
    unsigned char *bytes = malloc(padded + 1);
    int n = -1;

    if (text && bytes && part.len > 0 && part.len % 4 != 1) {
        memset(text, '=', padded);
        for (size_t i = 0; i < part.len; i++) {
            char c = part.text[i];

            text[i] = c == '-' ? '+' : c == '_' ? '/' : c == '+' || c == '/' || c == '=' ? '!' : c;
        }
        n = EVP_DecodeBlock(bytes, (const unsigned char *)text, (int)padded);
    }
    free(text);
    if (n < 0) {
        free(bytes);
        return NULL;
    }
    *len = (size_t)n - (padded - part.len);
    return bytes;
}

static json_t *decode_object(struct part part)
{
    size_t len = 0;
    unsigned char *bytes = decode(part, &len);
    json_t *value = bytes ? json_loadb((const char *)bytes, len, JSON_REJECT_DUPLICATES, NULL) : NULL;

    free(bytes);
    if (json_is_object(value))
        return value;
    json_decref(value);
    return NULL;
}

static bool text_is(const json_t *object, const char *name, const char *expected)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text && strcmp(text, expected) == 0;
}

static bool is_signed_by(const struct token *token, EVP_PKEY *key)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    size_t len = 0;
    unsigned char *signature = decode(token->signature, &len);
    bool is_good = context && signature &&
                   EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
                   EVP_DigestVerify(context, signature, len, (const unsigned char *)token->is_signed.text,
                                    token->is_signed.len) == 1;

    free(signature);
    EVP_MD_CTX_free(context);
    return is_good;
}

static const struct jwt_fault *judge_times(const json_t *claims, int64_t now_unix_s)
{
    const json_t *iat = json_object_get(claims, "iat"), *exp = json_object_get(claims, "exp");
    int64_t from, to;

    if (!json_is_integer(iat) || !json_is_integer(exp))
        return &no_times;
    from = json_integer_value(iat);
    to = json_integer_value(exp);
    if (from > now_unix_s + JWT_TOLERANCE_S || to < now_unix_s - JWT_TOLERANCE_S || to <= from ||
        to - from > JWT_LIFETIME_MAX_S)
        return &bad_times;
    return NULL;
}

/* One of the scopes must allow to send. */
static bool may_send(const json_t *claims)
{
    static const char *const sufficient[] = {"https://www.googleapis.com/auth/firebase.messaging",
                                             "https://www.googleapis.com/auth/cloud-platform"};
    const char *scope = json_string_value(json_object_get(claims, "scope"));

    while (scope && *scope) {
        size_t len = strcspn(scope, " ");

        for (size_t i = 0; i < sizeof(sufficient) / sizeof(sufficient[0]); i++)
            if (len == strlen(sufficient[i]) && strncmp(scope, sufficient[i], len) == 0)
                return true;
        scope += len + strspn(scope + len, " ");
    }
    return false;
}

static const struct jwt_fault *judge(const struct token *token, const json_t *header, const json_t *claims,
                                     const struct jwt_rules *rules, int64_t now_unix_s)
{
    const struct jwt_fault *fault;

    if (!header || !claims)
        return &malformed;
    if (!text_is(header, "alg", "RS256") || !text_is(header, "typ", "JWT"))
        return &bad_header;
    if (!text_is(claims, "iss", rules->client_email))
        return &no_account;
    if ((rules->key_id && !text_is(header, "kid", rules->key_id)) || !is_signed_by(token, rules->key))
        return &bad_signature;
    if (!text_is(claims, "aud", rules->audience))
        return &bad_audience;
    fault = judge_times(claims, now_unix_s);
    if (fault)
        return fault;
    if (json_object_get(claims, "sub") && !text_is(claims, "sub", rules->client_email))
        return &delegated;
    return may_send(claims) ? NULL : &bad_scope;
}

const struct jwt_fault *jwt_check(const char *assertion, const struct jwt_rules *rules, int64_t now_unix_s,
                                  json_t **claims)
{
    const struct jwt_fault *fault;
    struct token token;
    json_t *header;

    *claims = NULL;
    if (!split(assertion, &token))
        return &malformed;
    header = decode_object(token.header);
    *claims = decode_object(token.claims);
    fault = judge(&token, header, *claims, rules, now_unix_s);
    json_decref(header);
    return fault;
}
