#include <limits.h>
#include <stdlib.h>

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
