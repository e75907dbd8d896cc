#include <string.h>

#include <narae/crypto.h>

#include "functions/search/cursor.h"

/* version 1 | bucket 1 | source 1 | unused 1 | page 2 | rank 8 | id 8, big-endian; then the signature. */
enum {
    VERSION = 1,
    AT_BUCKET = 1,
    AT_SOURCE = 2,
    AT_PAGE = 4,
    AT_RANK = 6,
    AT_ID = 14,
    PAYLOAD_BYTES = 22,
    SIGNATURE_BYTES = 20, /* RFC 2104 section 5: at least half of the hash, here 160 bits of 256 */
    WHOLE_BYTES = PAYLOAD_BYTES + SIGNATURE_BYTES,
    SIGNED_MAX_BYTES = 4096,
};

_Static_assert(CURSOR_TEXT_BYTES == WHOLE_BYTES / 3 * 4 && WHOLE_BYTES % 3 == 0, "base64 without padding");

static void put(uint8_t *out, uint64_t value, int n_bytes)
{
    for (int i = n_bytes - 1; i >= 0; i--, value >>= 8)
        out[i] = (uint8_t)value;
}

static uint64_t take(const uint8_t *in, int n_bytes)
{
    uint64_t value = 0;

    for (int i = 0; i < n_bytes; i++)
        value = value << 8 | in[i];
    return value;
}

/* Over the payload, whose length is fixed, and the context behind it. */
static int sign(const uint8_t *payload, struct nr_view key, struct nr_view context, uint8_t *signature,
                struct nr_err *err)
{
    uint8_t whole[NR_SHA256_BYTES];
    NR_BUF_AUTO text;

    nr_buf_init(&text, SIGNED_MAX_BYTES);
    nr_buf_add(&text, nr_view_n((const char *)payload, PAYLOAD_BYTES));
    nr_buf_add(&text, context);
    if (nr_buf_check(&text, "cursor", err) != 0 ||
        nr_crypto_hmac_sha256(key, nr_buf_view(&text), whole, err) != 0)
        return -1;
    memcpy(signature, whole, SIGNATURE_BYTES);
    return 0;
}

int cursor_format(const struct cursor *cursor, struct nr_view key, struct nr_view context, struct nr_buf *out,
                  struct nr_err *err)
{
    uint8_t whole[WHOLE_BYTES] = {VERSION};

    whole[AT_BUCKET] = (uint8_t)cursor->after.bucket;
    whole[AT_SOURCE] = (uint8_t)cursor->after.source;
    put(whole + AT_PAGE, cursor->page, 2);
    put(whole + AT_RANK, (uint64_t)cursor->after.ranked_unix_us, 8);
    put(whole + AT_ID, (uint64_t)cursor->after.id, 8);
    if (sign(whole, key, context, whole + PAYLOAD_BYTES, err) != 0)
        return -1;
    nr_crypto_base64url(out, nr_view_n((const char *)whole, sizeof(whole)));
    return 0;
}

/* --- back ----------------------------------------------------------------------------------------------- */

static int digit_of(char c)
{
    static const struct {
        char first, last;
        int value;
    } ranges[] = {{'A', 'Z', 0}, {'a', 'z', 26}, {'0', '9', 52}, {'-', '-', 62}, {'_', '_', 63}};

    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
        if (c >= ranges[i].first && c <= ranges[i].last)
            return ranges[i].value + (c - ranges[i].first);
    return -1;
}

static bool decode(struct nr_view text, uint8_t whole[WHOLE_BYTES])
{
    if (text.len != CURSOR_TEXT_BYTES)
        return false;
    for (size_t at = 0; at < text.len; at += 4) {
        uint32_t bits = 0;

        for (size_t i = 0; i < 4; i++) {
            int digit = digit_of(text.ptr[at + i]);

            if (digit < 0)
                return false;
            bits = bits << 6 | (uint32_t)digit;
        }
        put(whole + at / 4 * 3, bits, 3);
    }
    return true;
}

/* What is signed is ours; another version of us may have signed it. */
static bool is_known(const uint8_t *whole)
{
    return whole[0] == VERSION && whole[AT_BUCKET] < SEARCH_N_BUCKETS && whole[AT_SOURCE] < SEARCH_N_SOURCES;
}

int cursor_parse(struct nr_view text, struct nr_view key, struct nr_view context, struct cursor *out,
                 struct nr_err *err)
{
    uint8_t whole[WHOLE_BYTES];
    uint8_t signature[SIGNATURE_BYTES];

    if (!decode(text, whole))
        return nr_err_set(err, NR_ERR_INVALID, "Function.InvalidCursor", "cursor: is none of ours");
    if (sign(whole, key, context, signature, err) != 0)
        return -1;
    if (!nr_crypto_is_same(signature, whole + PAYLOAD_BYTES, SIGNATURE_BYTES) || !is_known(whole)) {
        nr_err_set(err, NR_ERR_INVALID, "Function.InvalidCursor", "cursor: is not of this search");
        return nr_err_hint(err, "send it with the same q, in and mode, or start again without it");
    }
    *out = (struct cursor){.after = {.bucket = (enum search_bucket)whole[AT_BUCKET],
                                     .ranked_unix_us = (int64_t)take(whole + AT_RANK, 8),
                                     .source = (enum search_source)whole[AT_SOURCE],
                                     .id = (int64_t)take(whole + AT_ID, 8)},
                           .page = (uint16_t)take(whole + AT_PAGE, 2)};
    return 0;
}
