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
    struct pseudonym one = {.realm = nr_view(realm), .id = nr_view(id)};

    cr_assert_eq(pseudonym_make(&key, &one, 1, &err), 0, "%s", err.message);
    memcpy(out, one.text, PSEUDONYM_CHARS);
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

/* Three short ids take another way than fewer, or than long ones. */
Test(pseudonym, of_several_ids_are_those_of_each)
{
    static const char *const realms[] = {"client", "session", "user"};
    char long_id[300] = "";
    const char *ids[] = {"c-17", "s-18", "19"};
    struct pseudonym each[PSEUDONYM_EACH_MAX];

    cr_assert_eq(parse("{\"id\":\"k\",\"key\":\"" KEY "\"}"), 0);
    memset(long_id, 'x', sizeof(long_id) - 1);
    for (int is_long = 0; is_long < 2; is_long++) {
        ids[1] = is_long ? long_id : ids[1];
        for (size_t n = 0; n <= PSEUDONYM_EACH_MAX; n++) {
            for (size_t i = 0; i < n; i++)
                each[i] = (struct pseudonym){.realm = nr_view(realms[i]), .id = nr_view(ids[i])};
            cr_assert_eq(pseudonym_make(&key, each, n, &err), 0, "%s", err.message);
            for (size_t i = 0; i < n; i++)
                cr_assert_arr_eq(each[i].text, make(realms[i], ids[i]), PSEUDONYM_CHARS);
        }
    }
    pseudonym_key_done(&key);
}

Test(pseudonym, of_an_id_that_is_not_there_is_none)
{
    struct pseudonym each[] = {{.realm = NR_VIEW("client"), .text = "?"},
                               {.realm = NR_VIEW("user"), .id = NR_VIEW("17")},
                               {.realm = NR_VIEW("session"), .text = "?"}};

    cr_assert_eq(parse("{\"id\":\"k\",\"key\":\"" KEY "\"}"), 0);
    cr_assert_eq(pseudonym_make(&key, each, 3, &err), 0, "%s", err.message);
    cr_expect_str_eq(each[0].text, "?");
    cr_expect_arr_eq(each[1].text, make("user", "17"), PSEUDONYM_CHARS);
    cr_expect_str_eq(each[2].text, "?");
    pseudonym_key_done(&key);
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
