#include <string.h>

#include <criterion/criterion.h>

#include "functions/search/pseudonym.h"

#define KEY "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

static struct pseudonym_key key;
static struct nr_err err;

static int parse(const char *secret)
{
    nr_err_reset(&err);
    return pseudonym_key_parse("NARAE_SEARCH_PSEUDONYM_KEY", nr_view(secret), &key, &err);
}

static const char *make(const char *realm, const char *id)
{
    static char out[PSEUDONYM_CHARS + 1];

    cr_assert_eq(pseudonym_make(&key, realm, nr_view(id), out, &err), 0, "%s", err.message);
    return out;
}

Test(pseudonym, is_hmac_sha_256_cut_to_128_bits)
{
    cr_assert_eq(parse("{\"id\":\"2026-11\",\"key\":\"" KEY "\"}"), 0, "%s", err.message);
    cr_assert_str_eq(key.id, "2026-11");
    /* hmac.new(bytes(range(32)), b"user:17", "sha256").hexdigest()[:32] */
    cr_assert_str_eq(make("user", "17"), "879df28e2190a13c82f1ea836f785052");
}

Test(pseudonym, tells_kinds_of_ids_apart)
{
    char user[PSEUDONYM_CHARS + 1];

    cr_assert_eq(parse("{\"key\":\"" KEY "\",\"id\":\"k\",\"more\":1}"), 0);
    strcpy(user, make("user", "17"));
    cr_assert_str_neq(user, make("client", "17"));
    cr_assert_str_neq(user, make("user", "18"));
    cr_assert_str_eq(user, make("user", "17"));
}

Test(pseudonym, refuses_a_bad_secret_without_a_byte_of_it)
{
    static const struct {
        const char *secret, *message;
    } rows[] = {
        {"hush", "the secret is no JSON object"},
        {"{\"id\":\"k\"", "the secret is no JSON object"},
        {"{\"key\":\"" KEY "\"}", "the secret's id must have 1 to 64 visible ASCII characters"},
        {"{\"id\":\"a b\",\"key\":\"" KEY "\"}",
         "the secret's id must have 1 to 64 visible ASCII characters"},
        {"{\"id\":\"k\"}", "the secret's key must be base64 of 32 to 64 bytes"},
        {"{\"id\":\"k\",\"key\":\"aHVzaA==\"}", "the secret's key must be base64 of 32 to 64 bytes"},
        {"{\"id\":\"k\",\"key\":\"hush!\"}", "the secret's key must be base64 of 32 to 64 bytes"},
        {"{\"id\":\"k\",\"key\":\"" KEY KEY KEY "\"}", "the secret's key must be base64 of 32 to 64 bytes"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cr_assert_eq(parse(rows[i].secret), -1, "%s", rows[i].secret);
        cr_assert_str_eq(strchr(err.message, ':') + 2, rows[i].message);
        cr_assert_eq(strncmp(err.message, "NARAE_SEARCH_PSEUDONYM_KEY: ", 28), 0);
        cr_assert_null(strstr(err.message, "hush"));
        cr_assert_null(strstr(err.hint, "hush"));
    }
}

Test(pseudonym, takes_keys_up_to_a_block_of_the_hash)
{
    /* 64 bytes */
    cr_assert_eq(
        parse(
            "{\"id\":\"k\",\"key\":"
            "\"QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQQ==\"}"),
        0, "%s", err.message);
    pseudonym_key_done(&key);
    cr_assert_null(key.mac);
    cr_assert_str_eq(key.id, "");
}
