#include <stdio.h>

#include <narae/crypto.h>

#include "functions/snapshot/civil.h"
#include "functions/snapshot/slot.h"

enum {
    TIME_BYTES = sizeof("-20261124t1700z") - 1,
    RETRY_BYTES = sizeof("-r2") - 1, /* always kept free: where a name is cut must not depend on the retry */
    STEM_MAX_BYTES = SLOT_NAME_MAX_BYTES - TIME_BYTES - RETRY_BYTES,
    HASH_HEX_BYTES = 8,
};

int64_t slot_floor(int64_t unix_s, int64_t step_s)
{
    int64_t over = unix_s % step_s;

    return unix_s - over - (over < 0 ? step_s : 0);
}

/* What a number of so many digits leaves of a value, so that a text of fixed width has it. */
static unsigned digits(int value, unsigned below)
{
    return (unsigned)value % below;
}

void slot_text(int64_t slot_unix_s, char out[SLOT_TEXT_BYTES])
{
    struct civil at = civil_of(slot_unix_s);

    snprintf(out, SLOT_TEXT_BYTES, "%04u-%02u-%02uT%02u:%02u:%02uZ", digits(at.year, 10000),
             digits(at.month, 100), digits(at.day, 100), digits(at.hour, 100), digits(at.minute, 100),
             digits(at.second, 100));
}

static void time_text(int64_t slot_unix_s, char out[TIME_BYTES + 1])
{
    struct civil at = civil_of(slot_unix_s);

    snprintf(out, TIME_BYTES + 1, "-%04u%02u%02ut%02u%02uz", digits(at.year, 10000), digits(at.month, 100),
             digits(at.day, 100), digits(at.hour, 100), digits(at.minute, 100));
}

/* Lower-case letters and digits, single hyphens between them, at most max_bytes. Is anything lost but
 * case? */
static bool add_plain(char *out, size_t *len, size_t max_bytes, struct nr_view text)
{
    bool is_whole = true;

    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) {
            is_whole = false;
            c = '-';
        }
        if (c == '-' && (*len == 0 || out[*len - 1] == '-')) {
            is_whole = false;
        } else if (*len == max_bytes) {
            is_whole = false;
            break;
        } else {
            out[(*len)++] = c;
        }
    }
    return is_whole;
}

static void trim_hyphens(const char *out, size_t *len)
{
    while (*len && out[*len - 1] == '-')
        (*len)--;
}

/* "<prefix>-<head of the cluster id>-<8 hex>" */
static int hashed_stem(const struct slot_subject *subject, char *out, size_t *len, struct nr_err *err)
{
    uint8_t hash[NR_SHA256_BYTES];
    char hex[HASH_HEX_BYTES + 1];

    if (nr_crypto_sha256(subject->resource_id, hash, err) != 0)
        return -1;
    snprintf(hex, sizeof(hex), "%02x%02x%02x%02x", hash[0], hash[1], hash[2], hash[3]);
    *len = 0;
    (void)add_plain(out, len, SLOT_PREFIX_MAX_BYTES, subject->prefix);
    (void)add_plain(out, len, STEM_MAX_BYTES - HASH_HEX_BYTES - 1, NR_VIEW("-"));
    (void)add_plain(out, len, STEM_MAX_BYTES - HASH_HEX_BYTES - 1, subject->cluster_id);
    trim_hyphens(out, len);
    out[(*len)++] = '-';
    memcpy(out + *len, hex, HASH_HEX_BYTES);
    *len += HASH_HEX_BYTES;
    return 0;
}

int slot_name(const struct slot_subject *subject, int64_t slot_unix_s, int retry,
              char out[SLOT_NAME_MAX_BYTES + 1], struct nr_err *err)
{
    char time[TIME_BYTES + 1];
    char again[RETRY_BYTES + 1] = "";
    char stem[STEM_MAX_BYTES + 1];
    size_t len = 0;

    if (!add_plain(stem, &len, SLOT_PREFIX_MAX_BYTES, subject->prefix) ||
        !add_plain(stem, &len, STEM_MAX_BYTES, NR_VIEW("-")) ||
        !add_plain(stem, &len, STEM_MAX_BYTES, subject->cluster_id) || stem[len - 1] == '-')
        if (hashed_stem(subject, stem, &len, err) != 0)
            return -1;
    time_text(slot_unix_s, time);
    if (retry >= 2 && retry <= SLOT_RETRY_MAX)
        snprintf(again, sizeof(again), "-r%d", retry);
    snprintf(out, SLOT_NAME_MAX_BYTES + 1, "%.*s%s%s", (int)len, stem, time, again);
    return 0;
}

bool slot_is_named(struct nr_view name, int64_t slot_unix_s)
{
    char time[TIME_BYTES + 1];
    struct nr_view end;

    if (name.len > RETRY_BYTES && name.ptr[name.len - 2] == 'r' && name.ptr[name.len - 3] == '-' &&
        name.ptr[name.len - 1] >= '2' && name.ptr[name.len - 1] <= '0' + SLOT_RETRY_MAX)
        name.len -= RETRY_BYTES;
    if (name.len <= TIME_BYTES)
        return false;
    time_text(slot_unix_s, time);
    end = nr_view_n(name.ptr + name.len - TIME_BYTES, TIME_BYTES);
    return nr_view_is(end, nr_view(time));
}
