#include <openssl/pem.h>
#include <stdio.h>

#include <narae/clock.h>

#include "tests/standins/fcm/config.h"

enum {
    TOKEN_LIFETIME_DEFAULT_S = 3599, /* what Google answers */
    QUOTA_WINDOW_DEFAULT_MS = 60000, /* [FCM throttling and quotas] */
    TOPICS_MAX_DEFAULT = 2000,       /* of one installation [FCM topic messaging] */
    STREAMS_DEFAULT = 100,           /* what SDKs assume of FCM */
};

static EVP_PKEY *key_parse(const char *text, const char *path)
{
    BIO *bio = text ? BIO_new_mem_buf(text, -1) : BIO_new_file(path, "r");
    EVP_PKEY *key = bio ? PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL) : NULL;

    BIO_free(bio);
    return key;
}

static int account_parse(json_t *value, struct jwt_rules *account, char *why, size_t why_cap)
{
    const char *key = NULL, *key_path = NULL;
    json_error_t error;

    if (json_unpack_ex(value, &error, 0, "{s:s, s?s, s:s, s?s, s?s !}", "client_email",
                       &account->client_email, "private_key_id", &account->key_id, "token_uri",
                       &account->audience, "public_key", &key, "public_key_file", &key_path) != 0)
        return snprintf(why, why_cap, "service_account: %s", error.text), -1;
    if (!key && !key_path)
        return snprintf(why, why_cap, "service_account: needs public_key or public_key_file"), -1;
    account->key = key_parse(key, key_path);
    if (!account->key)
        return snprintf(why, why_cap, "service_account: no PEM public key in %s",
                        key ? "public_key" : key_path),
               -1;
    return 0;
}

struct parts {
    json_t *account, *access_tokens, *token_script, *fallback, *scripts, *mishaps, *topic_mishaps, *http2;
};

static int unpack(struct config *config, struct parts *parts, char *why, size_t why_cap)
{
    int refuses_unknown_names = 1, is_camel = 0;
    json_int_t seed = 1, quota = 0, window_ms = QUOTA_WINDOW_DEFAULT_MS, topic_quota = 0, iid_ends = 0;
    json_int_t topics_max = TOPICS_MAX_DEFAULT;
    json_error_t error;

    if (json_unpack_ex(config->document, &error, 0,
                       "{s:s, s?o, s?i, s?i, s?i, s?b, s?o, s?o, s?o, s?o, s?o, s?o, s?I, s?i, s?i, s?I, "
                       "s?I, s?I, s?I, s?b, s?I, s?o !}",
                       "project", &config->project, "service_account", &parts->account, "token_lifetime_s",
                       &config->token_lifetime_s, "token_expires_in_s", &config->token_expires_in_s,
                       "clock_skew_s", &config->clock_skew_s, "refuses_unknown_names", &refuses_unknown_names,
                       "access_tokens", &parts->access_tokens, "token_script", &parts->token_script,
                       "default_verdict", &parts->fallback, "registrations", &parts->scripts, "mishaps",
                       &parts->mishaps, "topic_mishaps", &parts->topic_mishaps, "seed", &seed, "latency_ms",
                       &config->latency_ms, "latency_max_ms", &config->latency_max_ms, "quota", &quota,
                       "quota_window_ms", &window_ms, "topic_quota", &topic_quota, "topics_max", &topics_max,
                       "answers_in_camel_case", &is_camel, "iid_ends_unix_s", &iid_ends, "http2",
                       &parts->http2) != 0)
        return snprintf(why, why_cap, "%s", error.text), -1;
    config->seed = (uint64_t)seed;
    config->quota = quota;
    config->quota_window_ms = window_ms;
    config->topic_quota = topic_quota;
    config->topics_max = topics_max;
    config->iid_ends_unix_s = iid_ends;
    config->answers_in_camel_case = is_camel;
    config->refuses_unknown_names = refuses_unknown_names;
    return 0;
}

static int check(const struct config *config, const struct parts *parts, char *why, size_t why_cap)
{
    const struct {
        bool is_bad;
        const char *text;
    } rules[] = {
        {parts->scripts && !json_is_object(parts->scripts), "registrations is an object"},
        {parts->access_tokens && !json_is_array(parts->access_tokens), "access_tokens is a list"},
        {parts->token_script && !json_is_array(parts->token_script), "token_script is a list"},
        {config->quota < 0 || config->topic_quota < 0 || config->topics_max < 1, "a quota is not negative"},
        {config->quota_window_ms < 1, "quota_window_ms is at least 1"},
        {config->latency_ms < 0 || config->max_streams < 1 || config->refuses_above < 0 ||
             config->idle_close_ms < 0,
         "latency_ms, refuses_above and idle_close_ms are not negative, max_concurrent_streams is at least "
         "1"},
    };

    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        if (rules[i].is_bad)
            return snprintf(why, why_cap, "%s", rules[i].text), -1;
    return 0;
}

static int parse_http2(struct config *config, json_t *http2, char *why, size_t why_cap)
{
    json_error_t error;

    if (http2 &&
        json_unpack_ex(http2, &error, 0, "{s?i, s?i, s?i !}", "max_concurrent_streams", &config->max_streams,
                       "refuses_above", &config->refuses_above, "idle_close_ms", &config->idle_close_ms) != 0)
        return snprintf(why, why_cap, "http2: %s", error.text), -1;
    return 0;
}

/* Without an account only fixed access_tokens are good. */
static int parse(struct config *config, char *why, size_t why_cap)
{
    struct parts parts = {0};

    config->token_lifetime_s = config->token_expires_in_s = TOKEN_LIFETIME_DEFAULT_S;
    config->max_streams = STREAMS_DEFAULT;
    if (unpack(config, &parts, why, why_cap) != 0 || parse_http2(config, parts.http2, why, why_cap) != 0 ||
        check(config, &parts, why, why_cap) != 0)
        return -1;
    if (!json_object_get(config->document, "token_expires_in_s"))
        config->token_expires_in_s = config->token_lifetime_s;
    config->access_tokens = parts.access_tokens;
    config->token_script = parts.token_script;
    if (parts.account && account_parse(parts.account, &config->account, why, why_cap) != 0)
        return -1;
    config->mishaps = mishaps_new(parts.mishaps, why, why_cap);
    config->topic_mishaps = config->mishaps ? mishaps_new(parts.topic_mishaps, why, why_cap) : NULL;
    if (!config->topic_mishaps)
        return -1;
    config->registry = registry_new(parts.fallback, parts.scripts, nr_clock_mono_ms(), why, why_cap);
    return config->registry ? 0 : -1;
}

int config_load(const char *path, struct config *config)
{
    char why[512] = "";
    json_error_t error;

    *config = (struct config){.document = json_load_file(path, 0, &error)};
    if (!config->document) {
        fprintf(stderr, "fcm: %s: line %d: %s\n", path, error.line, error.text);
        return -1;
    }
    if (parse(config, why, sizeof(why)) == 0)
        return 0;
    fprintf(stderr, "fcm: %s: %s\n", path, why);
    return -1;
}

void config_done(struct config *config)
{
    registry_free(config->registry);
    mishaps_free(config->mishaps);
    mishaps_free(config->topic_mishaps);
    EVP_PKEY_free(config->account.key);
    json_decref(config->document);
}
