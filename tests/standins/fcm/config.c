#include <openssl/pem.h>
#include <stdio.h>

#include "tests/standins/fcm/config.h"

enum { TOKEN_LIFETIME_DEFAULT_S = 3599 /* what Google answers */ };

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

/* Without an account only fixed access_tokens are good. */
static int parse(struct config *config, char *why, size_t why_cap)
{
    json_t *account = NULL, *access_tokens = NULL, *fallback = NULL, *scripts = NULL;
    int refuses_unknown_names = 1;
    json_error_t error;

    config->token_lifetime_s = config->token_expires_in_s = TOKEN_LIFETIME_DEFAULT_S;
    if (json_unpack_ex(config->document, &error, 0, "{s:s, s?o, s?i, s?i, s?i, s?b, s?o, s?o, s?o !}",
                       "project", &config->project, "service_account", &account, "token_lifetime_s",
                       &config->token_lifetime_s, "token_expires_in_s", &config->token_expires_in_s,
                       "clock_skew_s", &config->clock_skew_s, "refuses_unknown_names", &refuses_unknown_names,
                       "access_tokens", &access_tokens, "default_verdict", &fallback, "registrations",
                       &scripts) != 0)
        return snprintf(why, why_cap, "%s", error.text), -1;
    if ((scripts && !json_is_object(scripts)) || (access_tokens && !json_is_array(access_tokens)))
        return snprintf(why, why_cap, "registrations is an object, access_tokens a list"), -1;
    if (!json_object_get(config->document, "token_expires_in_s"))
        config->token_expires_in_s = config->token_lifetime_s;
    config->refuses_unknown_names = refuses_unknown_names;
    config->access_tokens = access_tokens;
    if (account && account_parse(account, &config->account, why, why_cap) != 0)
        return -1;
    config->registry = registry_new(fallback, scripts, why, why_cap);
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
    EVP_PKEY_free(config->account.key);
    json_decref(config->document);
}
