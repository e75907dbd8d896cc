#include <string.h>

#include <narae/buf.h>
#include <narae/crypto.h>

#include "functions/search/base64.h"
#include "functions/search/pseudonym.h"
#include "functions/search/scan.h"
#include "functions/search/sixteen.h"

enum {
    REALM_MAX_BYTES = 15,
    ID_MAX_BYTES = 4 * 100, /* SEARCH_TEXT_MAX_CHARS of four bytes */
    MESSAGE_MAX_BYTES = REALM_MAX_BYTES + 1 + ID_MAX_BYTES
};

static int refuse(const char *setting, const char *why, struct nr_err *err)
{
    nr_err_set(err, NR_ERR_INVALID, "Function.InvalidSetting", "%s: %s", setting, why);
    return nr_err_hint(err,
                       "the secret must be {\"id\":\"2026-11\",\"key\":\"BASE64 OF 32 TO 64 RANDOM BYTES\"}");
}

/* The two members, as they stand. */
static bool read_members(struct nr_view secret, struct nr_view *id, struct nr_view *key)
{
    struct scan scan;
    struct scan_text name;
    struct scan_text text;

    scan_init(&scan, secret);
    if (!scan_enter(&scan, SCAN_OBJECT))
        return false;
    while (scan_member(&scan, &name)) {
        if (scan_peek(&scan) != SCAN_STRING)
            scan_skip(&scan);
        else if (scan_string(&scan, &text) && nr_view_is(name.raw, NR_VIEW("id")))
            *id = text.raw;
        else if (nr_view_is(name.raw, NR_VIEW("key")))
            *key = text.raw;
    }
    return scan_end(&scan);
}

static bool is_id(struct nr_view id)
{
    for (size_t i = 0; i < id.len; i++)
        if (id.ptr[i] <= ' ' || id.ptr[i] > '~' || id.ptr[i] == '"' || id.ptr[i] == '\\')
            return false;
    return id.len >= 1 && id.len <= PSEUDONYM_KEY_ID_MAX_BYTES;
}

/* The key itself is wiped before anything is left. */
static int make_mac(const char *setting, struct nr_view text, struct nr_crypto_mac **out, struct nr_err *err)
{
    char room[2 * PSEUDONYM_KEY_MAX_BYTES];
    struct nr_buf bytes = {.data = room, .cap = sizeof(room), .max_bytes = sizeof(room) - 1};
    bool is_read = text.len <= PSEUDONYM_KEY_MAX_BYTES * 4 / 3 + 4 && base64_read(text, &bytes);
    int result;

    if (is_read && bytes.len >= PSEUDONYM_KEY_MIN_BYTES && bytes.len <= PSEUDONYM_KEY_MAX_BYTES)
        result = nr_crypto_mac_new(nr_buf_view(&bytes), out, err);
    else
        result = refuse(setting, "the secret's key must be base64 of 32 to 64 bytes", err);
    explicit_bzero(room, sizeof(room));
    return result;
}

int pseudonym_key_parse(const char *setting, struct nr_view secret, struct pseudonym_key *out,
                        struct nr_err *err)
{
    struct nr_crypto_mac *mac;
    struct nr_view id = {0};
    struct nr_view key = {0};

    if (!read_members(secret, &id, &key))
        return refuse(setting, "the secret is no JSON object", err);
    if (!is_id(id))
        return refuse(setting, "the secret's id must have 1 to 64 visible ASCII characters", err);
    if (make_mac(setting, key, &mac, err) != 0)
        return -1;
    *out = (struct pseudonym_key){.mac = mac};
    memcpy(out->id, id.ptr, id.len);
    return 0;
}

void pseudonym_key_done(struct pseudonym_key *key)
{
    nr_crypto_mac_free(key->mac);
    *key = (struct pseudonym_key){0};
}

/* The digit of each number below 16. */
static sixteen hex_digits(sixteen n)
{
    return n + '0' + ((n > 9) & ('a' - '9' - 1));
}

/* The first sixteen bytes in hexadecimal: halves of bytes become digits, then take turns. */
static void write_hex(const uint8_t *bytes, char out[PSEUDONYM_CHARS])
{
    sixteen both = sixteen_load((const char *)bytes);
    sixteen high = hex_digits(both >> 4 & 15);
    sixteen low = hex_digits(both & 15);
    sixteen text = __builtin_shufflevector(high, low, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);

    memcpy(out, &text, sizeof(text));
    text = __builtin_shufflevector(high, low, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    memcpy(out + SIXTEEN, &text, sizeof(text));
}

/* What is hashed: the realm, a colon and the id. */
static int write_message(const struct pseudonym *one, char message[MESSAGE_MAX_BYTES], struct nr_view *out,
                         struct nr_err *err)
{
    size_t n = one->realm.len;

    if (n > REALM_MAX_BYTES || one->id.len > ID_MAX_BYTES)
        return nr_err_set(err, NR_ERR_BUG, NULL, "an id of %zu bytes", one->id.len);
    memcpy(message, one->realm.ptr, n);
    message[n++] = ':';
    memcpy(message + n, one->id.ptr, one->id.len);
    *out = nr_view_n(message, n + one->id.len);
    return 0;
}

int pseudonym_make(const struct pseudonym_key *key, struct pseudonym *each, size_t n, struct nr_err *err)
{
    char rooms[PSEUDONYM_EACH_MAX][MESSAGE_MAX_BYTES];
    struct nr_view messages[PSEUDONYM_EACH_MAX] = {0};
    uint8_t macs[PSEUDONYM_EACH_MAX][NR_SHA256_BYTES];
    size_t n_messages = 0;

    if (n > PSEUDONYM_EACH_MAX)
        return nr_err_set(err, NR_ERR_BUG, NULL, "%zu ids at once", n);
    for (size_t i = 0; i < n; i++) {
        if (!each[i].id.ptr)
            continue;
        if (write_message(&each[i], rooms[n_messages], &messages[n_messages], err) != 0)
            return -1;
        n_messages++;
    }
    if (nr_crypto_mac_sign_each(key->mac, messages, n_messages, macs, err) != 0)
        return -1;
    for (size_t i = n; i-- > 0;)
        if (each[i].id.ptr)
            write_hex(macs[--n_messages], each[i].text);
    return 0;
}
