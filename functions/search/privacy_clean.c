#include <stdint.h>
#include <string.h>

#include "functions/search/json_out.h"
#include "functions/search/privacy_clean.h"
#include "functions/search/sixteen.h"

enum {
    DIGITS_MIN = 7, /* a masked resident number shows seven; nothing that is replaced has fewer */
    MOBILE_MIN = 10 /* digits of a mobile number */
};

/* --- byte after byte ------------------------------------------------------------------------------------ */

/* What a byte may be the sign of. Scripts beside Latin, Hangul, kana and Han have digits and joints of their
 * own, and their lead bytes count for one; those of Hangul syllables, of kana and of Han (e3..ed) do not. But
 * ea begins the digits of Vai and Javanese as well as the first tenth of the syllables. */
enum { MAY_BE_DIGIT = 1, MAY_BE_JOINT = 2, MAY_BE_AT = 4 };

static const uint8_t looks[256] = {
    [0x00 ... 0x1f] = MAY_BE_JOINT, /* blanks, as glyph.c has it */
    [0x7f] = MAY_BE_JOINT,
    ['0' ... '9'] = MAY_BE_DIGIT,
    ['-'] = MAY_BE_JOINT,
    ['_'] = MAY_BE_JOINT,
    [' '] = MAY_BE_JOINT,
    ['.'] = MAY_BE_JOINT,
    ['/'] = MAY_BE_JOINT,
    ['('] = MAY_BE_JOINT,
    [')'] = MAY_BE_JOINT,
    ['+'] = MAY_BE_JOINT, /* in front of an international number */
    ['@'] = MAY_BE_AT,
    [0xc2 ... 0xe2] = MAY_BE_DIGIT | MAY_BE_JOINT,
    [0xe3] = MAY_BE_JOINT,
    [0xea] = MAY_BE_DIGIT | MAY_BE_JOINT,
    [0xef] = MAY_BE_DIGIT | MAY_BE_JOINT | MAY_BE_AT,
    [0xf0 ... 0xff] = MAY_BE_DIGIT | MAY_BE_JOINT,
};

/* Are there so many bytes in a row that may be digits? Looks at every n-th byte: a run cannot hide
 * between. */
static bool has_run(struct nr_view text, size_t n)
{
    for (size_t i = n - 1; i < text.len;) {
        size_t from = i + 1;

        while (from > i + 1 - n && looks[(unsigned char)text.ptr[from - 1]] & MAY_BE_DIGIT)
            from--;
        if (from == i + 1 - n)
            return true;
        i = from - 1 + n;
    }
    return false;
}

/* In a key a number matters only when it has joints, or can be called. */
bool privacy_is_clean_by_1(struct nr_view text, enum privacy_scope scope)
{
    size_t n_digits = 0;
    unsigned seen = 0;

    for (size_t i = 0; i < text.len; i++) {
        unsigned look = looks[(unsigned char)text.ptr[i]];

        seen |= look;
        n_digits += look & MAY_BE_DIGIT;
    }
    if (seen & MAY_BE_AT)
        return false;
    return n_digits < DIGITS_MIN ||
           (scope == PRIVACY_KEY && !(seen & MAY_BE_JOINT) && !has_run(text, MOBILE_MIN));
}

/* --- sixteen at a time ---------------------------------------------------------------------------------- */

/* What there is in a text. */
struct findings {
    uint64_t digits; /* a bit for each byte that may be one */
    bool has_joint, has_at;
    bool has_escapes; /* JSON would need some */
};

/* Digits and joints beside those of ASCII. As signed bytes c2..ff are -62..-1. */
static sixteen is_foreign(sixteen c)
{
    sixteen is_asian = sixteen_between(c, (signed char)0xe3, (signed char)0xee) & (c != (signed char)0xea);

    return sixteen_between(c, (signed char)0xc2, -1) & ~is_asian;
}

static sixteen is_joint(sixteen c)
{
    return sixteen_between(c, 0, ' ') | (sixteen_between(c, '(', '/') & (c != '*') & (c != ',')) |
           (c == '_') | (c == 0x7f) | (c == (signed char)0xe3) | is_foreign(c);
}

static sixteen is_at(sixteen c)
{
    return (c == '@') | (c == (signed char)0xef);
}

static bool has_any(sixteen flags, unsigned below)
{
    return (sixteen_mask(flags) & below) != 0;
}

/* The rows of `looks` as comparisons: one is enough for letters and digits of ASCII, of which ids and much
 * else consist. `left` bytes are of the text, behind them are zeros. */
static void look(struct findings *found, sixteen c, size_t at, size_t left)
{
    unsigned below = sixteen_below(left);
    sixteen is_digit = sixteen_between(c, '0', '9');

    if (has_any(~(is_digit | sixteen_between(c | 0x20, 'a', 'z')), below)) {
        is_digit |= is_foreign(c);
        found->has_joint |= has_any(is_joint(c), below);
        found->has_at |= has_any(is_at(c), below);
        found->has_escapes |= has_any(json_out_escaped(c), below);
    }
    found->digits |= (uint64_t)sixteen_mask(is_digit) << at;
}

/* Are there fewer bits than n? Takes the lowest away n - 1 times. */
static bool has_fewer(uint64_t bits, int n)
{
    for (int i = 1; i < n; i++)
        bits &= bits - 1;
    return bits == 0;
}

/* Ten in a row: a bit stays where as many behind it are set as were shifted over it. */
static bool has_run_of_10(uint64_t bits)
{
    bits &= bits >> 1;       /* two */
    bits &= bits >> 2;       /* four */
    bits &= bits >> 4;       /* eight */
    return bits & bits >> 2; /* ten */
}

static bool is_clean(const struct findings *found, enum privacy_scope scope)
{
    _Static_assert(MOBILE_MIN == 10, "has_run_of_10() looks for a number that can be called");
    if (found->has_at)
        return false;
    return has_fewer(found->digits, DIGITS_MIN) ||
           (scope == PRIVACY_KEY && !found->has_joint && !has_run_of_10(found->digits));
}

bool privacy_is_clean_by_16(struct nr_view text, enum privacy_scope scope)
{
    struct findings found = {0};

    for (size_t at = 0; at < text.len; at += SIXTEEN)
        look(&found, sixteen_load_up_to(text.ptr + at, text.len - at), at, text.len - at);
    return is_clean(&found, scope);
}

bool privacy_is_clean(struct nr_view text, enum privacy_scope scope)
{
    return text.len <= PRIVACY_SHORT_BYTES ? privacy_is_clean_by_16(text, scope)
                                           : privacy_is_clean_by_1(text, scope);
}

/* Copied while it is looked at, with its quotes; it does not count before it is known to be good. */
bool privacy_add_clean(struct nr_view text, enum privacy_scope scope, struct nr_buf *out)
{
    struct findings found = {0};
    char *to;

    if (text.len > PRIVACY_SHORT_BYTES || out->is_bad || out->cap - out->len <= PRIVACY_SHORT_BYTES + SIXTEEN)
        return false;
    to = out->data + out->len;
    for (size_t at = 0; at < text.len; at += SIXTEEN) {
        sixteen c = sixteen_load_up_to(text.ptr + at, text.len - at);

        memcpy(to + 1 + at, &c, sizeof(c));
        look(&found, c, at, text.len - at);
    }
    if (found.has_escapes || !is_clean(&found, scope))
        return false;
    to[0] = to[text.len + 1] = '"';
    out->len += text.len + 2;
    return true;
}
