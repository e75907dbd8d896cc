/* SHA256_* are old names, but the only ones whose state can be copied without an allocation. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <narae/crypto.h>
#include <narae/tls.h>

#include "layer/io/sha256_lanes.h"

/* What SHA-256 puts behind a message (FIPS 180-4 section 5.1.1): a bit, zeros, and how many bits there
 * were. */
enum { PADDING_MIN_BYTES = 1 + 8, SHORT_MAX_BYTES = SHA256_CBLOCK - PADDING_MIN_BYTES };

/* The states that the key leaves behind, inside and outside: RFC 2104 section 4. Copied for each message; EVP
 * would allocate and look up an algorithm each time, which costs more than the hash. */
struct nr_crypto_mac {
    SHA256_CTX inner, outer;
};

static int out_of_memory(struct nr_err *err)
{
    return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.OutOfMemory", "no memory for cryptography");
}

/* --- the key -------------------------------------------------------------------------------------------- */

static bool absorb_key(SHA256_CTX *ctx, const uint8_t key[SHA256_CBLOCK], uint8_t pad)
{
    uint8_t block[SHA256_CBLOCK];
    bool is_good;

    for (size_t i = 0; i < sizeof(block); i++)
        block[i] = key[i] ^ pad;
    is_good = SHA256_Init(ctx) && SHA256_Update(ctx, block, sizeof(block));
    OPENSSL_cleanse(block, sizeof(block));
    return is_good;
}

int nr_crypto_mac_new(struct nr_view key, struct nr_crypto_mac **out, struct nr_err *err)
{
    struct nr_crypto_mac *mac = calloc(1, sizeof(*mac));
    uint8_t block[SHA256_CBLOCK] = {0};
    bool is_good = mac != NULL;

    nr_tls_setup();
    if (key.len > sizeof(block))
        is_good = is_good && nr_crypto_sha256(key, block, err) == 0;
    else if (key.len)
        memcpy(block, key.ptr, key.len);
    is_good = is_good && absorb_key(&mac->inner, block, 0x36) && absorb_key(&mac->outer, block, 0x5c);
    OPENSSL_cleanse(block, sizeof(block));
    if (!is_good) {
        nr_crypto_mac_free(mac);
        return out_of_memory(err);
    }
    *out = mac;
    return 0;
}

void nr_crypto_mac_free(struct nr_crypto_mac *mac)
{
    if (!mac)
        return;
    OPENSSL_cleanse(mac, sizeof(*mac));
    free(mac);
}

/* --- one message ---------------------------------------------------------------------------------------- */

/* The one block behind the key's: the message, SHORT_MAX_BYTES at most, and its padding. */
static void last_block(struct nr_view data, uint8_t block[SHA256_CBLOCK])
{
    uint16_t n_bits = htobe16((uint16_t)((SHA256_CBLOCK + data.len) * 8));

    memset(block, 0, SHA256_CBLOCK);
    if (data.len)
        memcpy(block, data.ptr, data.len);
    block[data.len] = 0x80;
    memcpy(&block[SHA256_CBLOCK - sizeof(n_bits)], &n_bits, sizeof(n_bits));
}

/* The hash of a message that ends in one block: nothing of it need be gathered first. */
static void end_in_one_block(const SHA256_CTX *keyed, struct nr_view data, uint8_t out[NR_SHA256_BYTES])
{
    SHA256_CTX ctx = *keyed;
    uint8_t block[SHA256_CBLOCK];

    last_block(data, block);
    SHA256_Transform(&ctx, block);
    for (size_t i = 0; i < sizeof(ctx.h) / sizeof(ctx.h[0]); i++) {
        uint32_t word = htobe32(ctx.h[i]);

        memcpy(out + i * sizeof(word), &word, sizeof(word));
    }
}

static bool end_in_blocks(const SHA256_CTX *keyed, struct nr_view data, uint8_t out[NR_SHA256_BYTES])
{
    SHA256_CTX ctx = *keyed;

    return SHA256_Update(&ctx, data.ptr, data.len) && SHA256_Final(out, &ctx);
}

int nr_crypto_mac_sign(const struct nr_crypto_mac *mac, struct nr_view data, uint8_t out[NR_SHA256_BYTES],
                       struct nr_err *err)
{
    uint8_t inside[NR_SHA256_BYTES];

    if (data.len <= SHORT_MAX_BYTES)
        end_in_one_block(&mac->inner, data, inside);
    else if (!end_in_blocks(&mac->inner, data, inside))
        return out_of_memory(err);
    end_in_one_block(&mac->outer, nr_view_n((const char *)inside, sizeof(inside)), out);
    return 0;
}

/* --- several messages ----------------------------------------------------------------------------------- */

static bool fit_lanes(const struct nr_view *data, size_t n)
{
    if (n < SHA256_LANES || !sha256_lanes_can())
        return false;
    for (size_t i = 0; i < SHA256_LANES; i++)
        if (data[i].len > SHORT_MAX_BYTES)
            return false;
    return true;
}

static void sign_in_lanes(const struct nr_crypto_mac *mac, const struct nr_view *data,
                          uint8_t (*out)[NR_SHA256_BYTES])
{
    uint8_t blocks[SHA256_LANES][SHA256_CBLOCK];
    uint8_t inside[SHA256_LANES][NR_SHA256_BYTES];

    for (size_t i = 0; i < SHA256_LANES; i++)
        last_block(data[i], blocks[i]);
    sha256_lanes(mac->inner.h, blocks, inside);
    for (size_t i = 0; i < SHA256_LANES; i++)
        last_block(nr_view_n((const char *)inside[i], NR_SHA256_BYTES), blocks[i]);
    sha256_lanes(mac->outer.h, blocks, out);
}

int nr_crypto_mac_sign_each(const struct nr_crypto_mac *mac, const struct nr_view *data, size_t n,
                            uint8_t (*out)[NR_SHA256_BYTES], struct nr_err *err)
{
    while (n) {
        size_t n_done = 1;

        if (fit_lanes(data, n)) {
            sign_in_lanes(mac, data, out);
            n_done = SHA256_LANES;
        } else if (nr_crypto_mac_sign(mac, *data, *out, err) != 0) {
            return -1;
        }
        data += n_done;
        out += n_done;
        n -= n_done;
    }
    return 0;
}
