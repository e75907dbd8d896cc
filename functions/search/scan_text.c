#include <string.h>

#include "functions/search/scan.h"
#include "functions/search/sixteen.h"
#include "functions/search/unescape_quick.h"

/* Length of the well-formed sequence at `at`, 2 to 4; 0 = none (RFC 3629 section 4). */
static size_t sequence(const unsigned char *at, size_t left)
{
    unsigned char low = 0x80;
    unsigned char high = 0xbf;
    size_t n = at[0] < 0xc2 ? 0 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : at[0] < 0xf5 ? 4 : 0;

    if (n == 0 || n > left)
        return 0;
    if (at[0] == 0xe0)
        low = 0xa0;
    else if (at[0] == 0xed)
        high = 0x9f; /* surrogates are no characters */
    else if (at[0] == 0xf0)
        low = 0x90;
    else if (at[0] == 0xf4)
        high = 0x8f;
    if (at[1] < low || at[1] > high)
        return 0;
    for (size_t i = 2; i < n; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    return n;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The four digits of \uXXXX; -1 when they are none. */
static int32_t hex4(const char *at, const char *end)
{
    int32_t value = 0;

    if (end - at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(at[i]);

        if (digit < 0)
            return -1;
        value = value << 4 | digit;
    }
    return value;
}

/* The character of the escape \uXXXX or \uXXXX\uXXXX whose first digit is at *at, which moves behind it; -1 =
 * none. */
static int32_t unicode_escape(const char **at, const char *end)
{
    int32_t high = hex4(*at, end);
    int32_t low;

    *at += 4;
    if (high < 0 || (high & 0xfc00) == 0xdc00)
        return -1;
    if ((high & 0xfc00) != 0xd800)
        return high;
    if (end - *at < 6 || (*at)[0] != '\\' || (*at)[1] != 'u')
        return -1;
    low = hex4(*at + 2, end);
    *at += 6;
    return low >= 0 && (low & 0xfc00) == 0xdc00 ? 0x10000 + ((high & 0x3ff) << 10 | (low & 0x3ff)) : -1;
}

/* What an escape of one letter means (RFC 8259 section 7). */
static const char meanings[256] = {['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
                                   ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t'};

static bool escape(struct scan *scan)
{
    const char *at = scan->at + 1;

    if (at == scan->end)
        return scan_fail(scan, "ends inside a string");
    if (*at != 'u') {
        if (!meanings[(unsigned char)*at])
            return scan_fail(scan, "has an escape that JSON does not know");
        scan->at += 2;
        return true;
    }
    at++;
    if (unicode_escape(&at, scan->end) < 0)
        return scan_fail(scan, "has an escape that is no character");
    scan->at = at;
    return true;
}

/* What plain_run() stopped at, if it is no quote. Characters beyond ASCII mostly come together. */
static bool one_special(struct scan *scan, bool *has_escapes)
{
    if (*scan->at == '\\') {
        *has_escapes = true;
        return escape(scan);
    }
    if ((unsigned char)*scan->at < 0x20)
        return scan_fail(scan, "has a control character in a string");
    do {
        size_t n = sequence((const unsigned char *)scan->at, (size_t)(scan->end - scan->at));

        if (n == 0)
            return scan_fail(scan, "is not UTF-8");
        scan->at += n;
    } while (scan->at < scan->end && (unsigned char)*scan->at >= 0x80);
    return true;
}

static inline bool is_plain(char c)
{
    return (signed char)c >= 0x20 && c != '"' && c != '\\'; /* and ASCII: char itself has no sign on arm64 */
}

/* Move over bytes that stand for themselves and escapes of one letter, of which JSON that travels in JSON is
 * full. What is found in sixteen bytes is worked off before the next sixteen are loaded: to look again behind
 * each escape would wait for the load each time. */
static const char *quick_run(const char *at, const char *end, bool *has_escapes)
{
    while (end - at > SIXTEEN) {
        sixteen bytes = sixteen_load(at);
        unsigned mask = sixteen_mask((bytes == '"') | (bytes == '\\') | (bytes < 0x20));
        bool is_split = false; /* the last byte is a backslash, what it escapes is behind */

        for (unsigned n; mask; mask &= ~(3u << n)) {
            n = (unsigned)__builtin_ctz(mask);
            if (at[n] != '\\' || !meanings[(unsigned char)at[n + 1]])
                return at + n;
            *has_escapes = true;
            is_split = n == SIXTEEN - 1;
        }
        at += SIXTEEN + is_split;
    }
    while (at < end && is_plain(*at))
        at++;
    return at;
}

bool scan_any_string(struct scan *scan, struct scan_text *out)
{
    struct scan_text text = {0};
    const char *start;

    if (scan_peek(scan) != SCAN_STRING)
        return scan_fail(scan, "has no string where one is wanted");
    start = ++scan->at;
    for (;;) {
        scan->at = quick_run(scan->at, scan->end, &text.has_escapes);
        if (scan->at == scan->end)
            return scan_fail(scan, "ends inside a string");
        if (*scan->at == '"')
            break;
        if (!one_special(scan, &text.has_escapes))
            return false;
    }
    text.raw = nr_view_n(start, (size_t)(scan->at++ - start));
    *out = text;
    return true;
}

/* --- what a string means -------------------------------------------------------------------------------- */

static size_t put_utf8(int32_t c, char *out)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xe0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3f));
        out[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3f));
    out[2] = (char)(0x80 | (c >> 6 & 0x3f));
    out[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

/* Copy up to the next escape that unescape_quick() leaves. */
static const char *copy_plain(const char *at, const char *end, char **to)
{
    at = unescape_quick(at, end, to);
    while (at < end && *at != '\\')
        *(*to)++ = *at++;
    return at;
}

bool scan_unescape_skimmed(struct nr_view raw, char *out, size_t *n)
{
    const char *at = raw.ptr;
    const char *end = at + raw.len;
    char *to = out;

    while ((at = copy_plain(at, end, &to)) < end) {
        char letter = at + 1 < end ? at[1] : 0;
        int32_t meaning = (unsigned char)meanings[(unsigned char)letter];

        at += 2;
        if (letter == 'u')
            meaning = unicode_escape(&at, end);
        else if (!meaning)
            return false;
        if (meaning < 0)
            return false;
        to += put_utf8(meaning, to);
    }
    *n = (size_t)(to - out);
    return true;
}

size_t scan_unescape(struct scan_text text, char *out)
{
    size_t n = 0;

    return scan_unescape_skimmed(text.raw, out, &n) ? n : 0; /* its escapes are known to be sound */
}
