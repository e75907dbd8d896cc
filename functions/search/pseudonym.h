/* pseudonym.h - who it was, without saying who.
 *
 * Is:      pure; HMAC-SHA-256 of an id under a secret key: the same person stays the same one, and nobody
 *          without the key can try all ids until one fits.
 * Is not:  anonymity: whoever has the key can. Rotate it; pseudonyms of different keys do not compare.
 * Source:  RFC 2104; the secret is {"id":"2026-11","key":"BASE64 OF 32 TO 64 RANDOM BYTES"}, without
 *          escapes.
 */
#ifndef NARAE_SEARCH_PSEUDONYM_H
#define NARAE_SEARCH_PSEUDONYM_H

#include <stddef.h>
#include <stdint.h>

#include <narae/err.h>
#include <narae/view.h>

enum {
    PSEUDONYM_CHARS = 32,         /* 128 bits in hexadecimal: two people share one among 2^64 */
    PSEUDONYM_KEY_MIN_BYTES = 32, /* as long as the hash: RFC 2104 section 3 */
    PSEUDONYM_KEY_MAX_BYTES = 64, /* a block of the hash: longer ones would be hashed first */
    PSEUDONYM_KEY_ID_MAX_BYTES = 64,
    PSEUDONYM_EACH_MAX = 3 /* ids of a search that are somebody's */
};

struct nr_crypto_mac;

struct pseudonym_key {
    char id[PSEUDONYM_KEY_ID_MAX_BYTES + 1];
    struct nr_crypto_mac *mac; /* owned */
};

/* Read a key. `setting` names it in errors. Returns 0, or -1: INVALID, Function.InvalidSetting, without a
 * byte of it; UNAVAILABLE (memory). */
int pseudonym_key_parse(const char *setting, struct nr_view secret, struct pseudonym_key *out,
                        struct nr_err *err) NR_MUST_CHECK;

/* Wipe and release. Accepts a zeroed key. */
void pseudonym_key_done(struct pseudonym_key *key);

/* An id, and what stands for it. */
struct pseudonym {
    struct nr_view realm; /* what kind of id: "user"; the same text as another kind has another pseudonym */
    struct nr_view id;    /* ptr NULL: there is none, and no text */
    char text[PSEUDONYM_CHARS];
};

/* Write the text of each. All ids of a search at once: where there are three, their hashes are made side by
 * side (narae/crypto.h).
 *
 * n  in  0 to PSEUDONYM_EACH_MAX; realms have up to 15 bytes, ids up to 400
 * Returns 0, or -1: UNAVAILABLE (memory), BUG (more or longer ones). */
int pseudonym_make(const struct pseudonym_key *key, struct pseudonym *each, size_t n,
                   struct nr_err *err) NR_MUST_CHECK;

#endif
