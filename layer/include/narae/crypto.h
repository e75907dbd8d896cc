/* crypto.h - the few primitives that functions need, from the layer's OpenSSL.
 *
 * Is:      SHA-256, HMAC-SHA-256, base64url, RS256 (RSASSA-PKCS1-v1_5 with SHA-256).
 * Is not:  a wrapper of EVP; add a primitive when a function needs it.
 * Source:  RFC 7515 (base64url without padding), RFC 7518 section 3.3 (RS256), RFC 2104 (HMAC).
 */
#ifndef NARAE_CRYPTO_H
#define NARAE_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <narae/attr.h>
#include <narae/buf.h>
#include <narae/err.h>
#include <narae/view.h>

enum { NR_SHA256_BYTES = 32 };

/* Returns 0, or -1: UNAVAILABLE. */
int nr_crypto_sha256(struct nr_view data, uint8_t out[NR_SHA256_BYTES], struct nr_err *err) NR_MUST_CHECK;

/* HMAC-SHA-256 (RFC 2104).
 *
 * key  in  any length, none too; borrowed for the call
 * Returns 0, or -1: UNAVAILABLE. */
int nr_crypto_hmac_sha256(struct nr_view key, struct nr_view data, uint8_t out[NR_SHA256_BYTES],
                          struct nr_err *err) NR_MUST_CHECK;

/* HMAC-SHA-256 with one key again and again: a third of the cost of nr_crypto_hmac_sha256() for short data.
 * *out is the caller's, nr_crypto_mac_free(). Returns 0, or -1: UNAVAILABLE. */
struct nr_crypto_mac;
int nr_crypto_mac_new(struct nr_view key, struct nr_crypto_mac **out, struct nr_err *err) NR_MUST_CHECK;

/* Returns 0, or -1: UNAVAILABLE. */
int nr_crypto_mac_sign(const struct nr_crypto_mac *mac, struct nr_view data, uint8_t out[NR_SHA256_BYTES],
                       struct nr_err *err) NR_MUST_CHECK;

/* The same for each of n messages: where the processor has instructions for SHA-256 (x86_64), any three of up
 * to 55 bytes are hashed side by side, which takes two thirds of the time.
 *
 * data  in   of messages that do not depend on each other
 * out   out  one for each
 * Returns 0, or -1: UNAVAILABLE; what `out` holds is then no matter. */
int nr_crypto_mac_sign_each(const struct nr_crypto_mac *mac, const struct nr_view *data, size_t n,
                            uint8_t (*out)[NR_SHA256_BYTES], struct nr_err *err) NR_MUST_CHECK;

/* Wipe and release. Accepts NULL. */
void nr_crypto_mac_free(struct nr_crypto_mac *mac);

/* Are the n bytes the same? The time it takes says nothing about where they differ: for signatures that came
 * from outside. */
bool nr_crypto_is_same(const void *a, const void *b, size_t n);

/* Append base64url without padding (RFC 7515 section 2). */
void nr_crypto_base64url(struct nr_buf *out, struct nr_view data);

/* An RSA private key that can sign. */
struct nr_crypto_key;

/* Read a PEM private key ("PRIVATE KEY" or "RSA PRIVATE KEY", 2,048 to 8,192 bits). *out is the caller's,
 * nr_crypto_key_free(). Returns 0, or -1: INVALID, Function.InvalidKey (what is wrong, never the key). */
int nr_crypto_key_parse(struct nr_view pem, struct nr_crypto_key **out, struct nr_err *err) NR_MUST_CHECK;

/* Wipe and release. Accepts NULL. */
void nr_crypto_key_free(struct nr_crypto_key *key);

/* Append the base64url of the RS256 signature of `data`. Returns 0, or -1: UNAVAILABLE,
 * Function.SigningFailed. */
int nr_crypto_rs256(const struct nr_crypto_key *key, struct nr_view data, struct nr_buf *out,
                    struct nr_err *err) NR_MUST_CHECK;

#endif
