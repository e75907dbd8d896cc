#include <string.h>

#include <criterion/criterion.h>

#include <narae/crypto.h>

enum { EACH_MAX = 8, DATA_BYTES = 200, SHORT_MAX_BYTES = 55 /* what ends in one block */ };

static struct nr_crypto_mac *mac;
static char data[DATA_BYTES];

static void make_mac(void)
{
    struct nr_err why = {0};

    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (char)(i * 31);
    cr_assert_eq(nr_crypto_mac_new(NR_VIEW("Jefe"), &mac, &why), 0, "%s", why.message);
}

static void free_mac(void)
{
    nr_crypto_mac_free(mac);
    nr_crypto_mac_free(NULL);
}

TestSuite(crypto_mac, .init = make_mac, .fini = free_mac);

static void expect_hmac(struct nr_view message, const uint8_t found[NR_SHA256_BYTES])
{
    uint8_t wanted[NR_SHA256_BYTES];
    struct nr_err why = {0};

    cr_assert_eq(nr_crypto_hmac_sha256(NR_VIEW("Jefe"), message, wanted, &why), 0);
    cr_assert_arr_eq(found, wanted, NR_SHA256_BYTES, "%zu bytes", message.len);
}

Test(crypto_mac, makes_the_same_hmac_with_a_key_that_is_kept)
{
    for (size_t n = 0; n < sizeof(data); n++) {
        uint8_t found[NR_SHA256_BYTES];
        struct nr_err why = {0};

        cr_assert_eq(nr_crypto_mac_sign(mac, nr_view_n(data, n), found, &why), 0);
        expect_hmac(nr_view_n(data, n), found);
    }
}

static void check_each(const struct nr_view *messages, size_t n)
{
    uint8_t found[EACH_MAX][NR_SHA256_BYTES];
    struct nr_err why = {0};

    cr_assert_eq(nr_crypto_mac_sign_each(mac, messages, n, found, &why), 0);
    for (size_t i = 0; i < n; i++)
        expect_hmac(messages[i], found[i]);
}

/* However many there are, one of them too long for a block or none. */
Test(crypto_mac, signs_each_message_as_it_signs_one)
{
    for (size_t n = 0; n <= EACH_MAX; n++)
        for (size_t len = 0; len <= SHORT_MAX_BYTES; len++)
            for (size_t a_long_one = 0; a_long_one <= n; a_long_one++) {
                struct nr_view messages[EACH_MAX];

                for (size_t i = 0; i < n; i++)
                    messages[i] =
                        nr_view_n(data + i, i == a_long_one ? len + SHORT_MAX_BYTES + 1
                                                            : (len + 11 * i) % (SHORT_MAX_BYTES + 1));
                check_each(messages, n);
            }
}

Test(crypto_mac, takes_nothing_for_a_message)
{
    const struct nr_view messages[] = {{NULL, 0}, {NULL, 0}, {NULL, 0}, {NULL, 0}};

    check_each(messages, sizeof(messages) / sizeof(messages[0]));
}
