/* SHA256_* are old names, but the only ones whose state can be copied without an allocation. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include <endian.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/sha.h>

#include <narae/crypto.h>
#include <narae/tls.h>

enum {
    RSA_MIN_BITS = 2048, /* RFC 7518 section 3.3 */
    RSA_MAX_BITS = 8192, /* longer ones only cost time: a signature grows with the cube */
    SIGNATURE_MAX_BYTES = RSA_MAX_BITS / 8
};

struct nr_crypto_key {
    EVP_PKEY *pkey;
};

static int out_of_memory(struct nr_err *err)
{
    return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.OutOfMemory", "no memory for cryptography");
}

int nr_crypto_sha256(struct nr_view data, uint8_t out[NR_SHA256_BYTES], struct nr_err *err)
{
    nr_tls_setup();
    if (!EVP_Digest(data.ptr ? data.ptr : "", data.len, out, NULL, EVP_sha256(), NULL))
        return out_of_memory(err);
    return 0;
}

int nr_crypto_hmac_sha256(struct nr_view key, struct nr_view data, uint8_t out[NR_SHA256_BYTES],
                          struct nr_err *err)
{
    if (key.len > INT_MAX)
        return nr_err_set(err, NR_ERR_BUG, NULL, "a key of %zu bytes", key.len);
    nr_tls_setup();
    if (!HMAC(EVP_sha256(), key.len ? key.ptr : "", (int)key.len,
              (const unsigned char *)(data.len ? data.ptr : ""), data.len, out, NULL))
        return out_of_memory(err);
    return 0;
}

/* The states that the key leaves behind, inside and outside: RFC 2104 section 4. Copied for each message; EVP
 * would allocate and look up an algorithm each time, which costs more than the hash. */
struct nr_crypto_mac {
    SHA256_CTX inner, outer;
};

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

/* What SHA-256 puts behind a message (FIPS 180-4 section 5.1.1): a bit, zeros, and how many bits there were.
 */
enum { PADDING_MIN_BYTES = 1 + 8 };

/* The hash of a message that ends in the block behind the key's: nothing of it need be gathered first. */
static void end_in_one_block(const SHA256_CTX *keyed, struct nr_view data, uint8_t out[NR_SHA256_BYTES])
{
    SHA256_CTX ctx = *keyed;
    uint8_t block[SHA256_CBLOCK] = {0};
    uint16_t n_bits = htobe16((uint16_t)((SHA256_CBLOCK + data.len) * 8));

    if (data.len)
        memcpy(block, data.ptr, data.len);
    block[data.len] = 0x80;
    memcpy(block + sizeof(block) - sizeof(n_bits), &n_bits, sizeof(n_bits));
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

    if (data.len <= SHA256_CBLOCK - PADDING_MIN_BYTES)
        end_in_one_block(&mac->inner, data, inside);
    else if (!end_in_blocks(&mac->inner, data, inside))
        return out_of_memory(err);
    end_in_one_block(&mac->outer, nr_view_n((const char *)inside, sizeof(inside)), out);
    return 0;
}

void nr_crypto_mac_free(struct nr_crypto_mac *mac)
{
    if (!mac)
        return;
    OPENSSL_cleanse(mac, sizeof(*mac));
    free(mac);
}

bool nr_crypto_is_same(const void *a, const void *b, size_t n)
{
    return CRYPTO_memcmp(a, b, n) == 0;
}

void nr_crypto_base64url(struct nr_buf *out, struct nr_view data)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const unsigned char *p = (const unsigned char *)data.ptr;

    for (size_t at = 0; at < data.len; at += 3) {
        size_t n = data.len - at < 3 ? data.len - at : 3;
        unsigned bits =
            (unsigned)p[at] << 16 | (n > 1 ? (unsigned)p[at + 1] << 8 : 0) | (n > 2 ? p[at + 2] : 0U);
        char four[4] = {digits[bits >> 18], digits[bits >> 12 & 63], digits[bits >> 6 & 63],
                        digits[bits & 63]};

        nr_buf_add(out, nr_view_n(four, n + 1));
    }
}

static int check_key(EVP_PKEY *pkey, struct nr_err *err)
{
    if (!EVP_PKEY_is_a(pkey, "RSA"))
        return nr_err_set(err, NR_ERR_INVALID, "Function.InvalidKey", "the private key is no RSA key");
    if (EVP_PKEY_get_bits(pkey) < RSA_MIN_BITS || EVP_PKEY_get_bits(pkey) > RSA_MAX_BITS)
        return nr_err_set(err, NR_ERR_INVALID, "Function.InvalidKey",
                          "the private key has %d bits, not %d to %d", EVP_PKEY_get_bits(pkey), RSA_MIN_BITS,
                          RSA_MAX_BITS);
    return 0;
}

/* An encrypted key must not make OpenSSL ask a terminal for its password. */
/* NOLINTNEXTLINE(readability-non-const-parameter): OpenSSL's signature */
static int no_password(char *out, int cap, int is_writing, void *ctx)
{
    (void)out;
    (void)cap;
    (void)is_writing;
    (void)ctx;
    return -1;
}

int nr_crypto_key_parse(struct nr_view pem, struct nr_crypto_key **out, struct nr_err *err)
{
    struct nr_crypto_key *key = calloc(1, sizeof(*key));
    BIO *bio;

    nr_tls_setup();
    bio = BIO_new_mem_buf(pem.ptr ? pem.ptr : "", (int)pem.len);
    if (!key || !bio) {
        free(key);
        BIO_free(bio);
        return out_of_memory(err);
    }
    key->pkey = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
    BIO_free(bio);
    ERR_clear_error(); /* what lies in the queue would pass for the next TLS call's error */
    if (!key->pkey)
        nr_err_set(err, NR_ERR_INVALID, "Function.InvalidKey", "the private key is no unencrypted PEM key");
    if (!key->pkey || check_key(key->pkey, err) != 0) {
        nr_crypto_key_free(key);
        return -1;
    }
    *out = key;
    return 0;
}

void nr_crypto_key_free(struct nr_crypto_key *key)
{
    if (!key)
        return;
    EVP_PKEY_free(key->pkey); /* clears the numbers itself */
    free(key);
}

int nr_crypto_rs256(const struct nr_crypto_key *key, struct nr_view data, struct nr_buf *out,
                    struct nr_err *err)
{
    unsigned char signature[SIGNATURE_MAX_BYTES];
    size_t len = sizeof(signature);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    int is_good = ctx && EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key->pkey) == 1 &&
                  EVP_DigestSign(ctx, signature, &len, (const unsigned char *)data.ptr, data.len) == 1;

    EVP_MD_CTX_free(ctx);
    ERR_clear_error();
    if (!is_good)
        return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.SigningFailed",
                          "signing with the private key failed");
    nr_crypto_base64url(out, nr_view_n((const char *)signature, len));
    return 0;
}
