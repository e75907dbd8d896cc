#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include <narae/crypto.h>

#include "layer/io/sha256_lanes.h"

/* FIPS 180-4 section 5.3.3: what comes before the first block. */
static const uint32_t nothing[SHA256_STATE_WORDS] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                                     0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

/* Does the kernel list this instruction set? */
static bool has_flag(const char *flag)
{
    FILE *file = fopen("/proc/cpuinfo", "r");
    char line[8192];
    bool is_found = false;

    cr_assert_not_null(file);
    while (!is_found && fgets(line, sizeof(line), file))
        is_found = strstr(line, flag) != NULL;
    fclose(file);
    return is_found;
}

Test(sha256_lanes, says_what_the_processor_has)
{
    cr_expect_eq(sha256_lanes_can(), has_flag(" sha_ni"));
    cr_expect_eq(sha256_lanes_can(), has_flag(" sha_ni"), "asked again");
}

static void pad(const char *text, size_t len, uint8_t block[SHA256_BLOCK_BYTES])
{
    memset(block, 0, SHA256_BLOCK_BYTES);
    memcpy(block, text, len);
    block[len] = 0x80;
    block[SHA256_BLOCK_BYTES - 2] = (uint8_t)(len * 8 >> 8);
    block[SHA256_BLOCK_BYTES - 1] = (uint8_t)(len * 8);
}

/* What OpenSSL makes of three texts of different lengths, each in each lane. A processor that cannot has
 * nothing to get wrong: crypto_mac_test.c holds the way that is left. */
Test(sha256_lanes, hash_as_openssl_does)
{
    char text[SHA256_BLOCK_BYTES];

    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = (char)(i * 37 + 200);
    for (size_t len = 0; sha256_lanes_can() && len <= 55; len++) {
        const size_t lens[SHA256_LANES] = {len, 55 - len, len * 7 % 56};
        uint8_t blocks[SHA256_LANES][SHA256_BLOCK_BYTES];
        uint8_t hashes[SHA256_LANES][SHA256_HASH_BYTES];

        for (int i = 0; i < SHA256_LANES; i++)
            pad(text, lens[i], blocks[i]);
        sha256_lanes(nothing, blocks, hashes);
        for (int i = 0; i < SHA256_LANES; i++) {
            uint8_t wanted[NR_SHA256_BYTES];
            struct nr_err err = {0};

            cr_assert_eq(nr_crypto_sha256(nr_view_n(text, lens[i]), wanted, &err), 0);
            cr_assert_arr_eq(hashes[i], wanted, NR_SHA256_BYTES, "%zu bytes in lane %d", lens[i], i);
        }
    }
}
