#include <string.h>

#include "functions/search/digits.h"

enum {
    TOTAL_MAX = 20,      /* no number that we know is longer */
    LONG_MIN = 8,        /* from here on a run is a number of its own */
    LONG_JOINED_MIN = 10 /* with dashes: a date has eight */
};

/* --- some groups as one number -------------------------------------------------------------------------- */

/* Groups from..from+n_groups-1. */
struct number {
    char digits[TOTAL_MAX + 1];
    size_t n_digits; /* TOTAL_MAX + 1 = more */
    const struct digits_group *groups;
    size_t n_groups;
    bool is_whole; /* one run of digits */
    bool has_plus;
};

static size_t width(const struct digits_group *group)
{
    size_t glyphs = group->end - group->first;

    return group->is_spelled ? (glyphs + 1) / 2 : glyphs;
}

static struct number number_of(const struct glyph *glyphs, const struct digits *all, size_t from,
                               size_t n_groups)
{
    struct number number = {
        .groups = &all->groups[from], .n_groups = n_groups, .has_plus = all->has_plus && from == 0};

    for (size_t g = from; g < from + n_groups; g++)
        for (size_t i = all->groups[g].first; i < all->groups[g].end && number.n_digits <= TOTAL_MAX; i++)
            if (glyph_is_digit(glyphs[i]))
                number.digits[number.n_digits++] = glyphs[i].sign;
    number.is_whole = n_groups == 1 && !number.groups[0].is_spelled;
    return number;
}

static int value(const struct number *number, size_t at, size_t n)
{
    int result = 0;

    for (size_t i = at; i < at + n; i++)
        result = result * 10 + (number->digits[i] - '0');
    return result;
}

static bool starts(const struct number *number, const char *with)
{
    return memcmp(number->digits, with, strlen(with)) == 0;
}

/* Does a group end behind so many digits? One that is whole or spelled has no inner ends to go by. */
static bool has_end_at(const struct number *number, size_t n_digits)
{
    size_t at = 0;

    if (number->n_groups == 1)
        return true;
    for (size_t g = 0; g < number->n_groups; g++) {
        at += width(&number->groups[g]);
        if (at == n_digits)
            return true;
    }
    return false;
}

static bool joined_by(const struct number *number, enum digits_joint joint)
{
    for (size_t g = 1; g < number->n_groups; g++)
        if (number->groups[g].joint != joint)
            return false;
    return true;
}

/* --- what may stay -------------------------------------------------------------------------------------- */

static bool is_ean13(const struct number *number)
{
    int sum = 0;

    for (size_t i = 0; i < number->n_digits; i++)
        sum += (number->digits[i] - '0') * (i % 2 ? 3 : 1);
    return number->n_digits == 13 && sum % 10 == 0;
}

static bool is_isbn10(const struct number *number, bool has_check_x)
{
    size_t n = number->n_digits;
    int sum = has_check_x ? 10 : 0;

    if (n != (has_check_x ? 9 : 10))
        return false;
    for (size_t i = 0; i < n; i++)
        sum += (number->digits[i] - '0') * (int)(10 - i);
    return sum % 11 == 0;
}

/* A book's number is written whole or in its four parts, of which the last is the check digit. */
static bool has_book_groups(const struct number *number, bool has_check_x)
{
    const struct digits_group *last = &number->groups[number->n_groups - 1];

    if (number->is_whole)
        return true;
    return number->n_groups + has_check_x == 4 && (has_check_x || width(last) == 1) &&
           (joined_by(number, DIGITS_HYPHEN) || joined_by(number, DIGITS_SPACE));
}

/* A book or something in a shop. */
static bool may_stay(const struct number *number, const struct digits *all)
{
    bool is_last = number->groups + number->n_groups == all->groups + all->n_groups;
    bool has_check_x = is_last && all->has_check_x;

    if (is_ean13(number))
        return number->is_whole || starts(number, "978") || starts(number, "979");
    return is_isbn10(number, has_check_x) && has_book_groups(number, has_check_x);
}

/* --- resident numbers ----------------------------------------------------------------------------------- */

static bool is_birth(const struct number *number)
{
    int month = value(number, 2, 2);
    int day = value(number, 4, 2);

    return month >= 1 && month <= 12 && day >= 1 && day <= 31 && number->digits[6] >= '1' &&
           number->digits[6] <= '8';
}

static bool has_rrn_check(const struct number *number)
{
    static const int8_t weights[] = {2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5};
    int sum = 0;

    for (size_t i = 0; i < sizeof(weights); i++)
        sum += (number->digits[i] - '0') * weights[i];
    return (11 - sum % 11) % 10 == number->digits[12] - '0';
}

/* Could the digits of a barcode be a person's? Numbers issued after October 2020, to those born since, have
 * no check digit. Later than 2039 nobody is born yet. */
static bool has_bearer(const struct number *number)
{
    int year = value(number, 0, 2);
    bool is_this_century = strchr("3478", number->digits[6]);

    if (is_this_century && year > 39)
        return false;
    return has_rrn_check(number) || (is_this_century && year >= 20);
}

/* Goods of Korea begin with 880, which reads as 1988: thirteen digits in one run with the check digit of
 * goods and not that of people are goods. */
static bool is_rrn(const struct number *number)
{
    if (number->n_digits != 13 || number->n_groups > 4 || !has_end_at(number, 6) || !is_birth(number))
        return false;
    return !number->is_whole || !is_ean13(number) || has_bearer(number);
}

/* "900101-1******": the rest is no secret any more, but the birthday still is. */
static bool is_masked_rrn(const struct number *number, const struct digits *all, size_t from)
{
    return all->is_masked && from + 2 == all->n_groups && number->n_digits == 7 && has_end_at(number, 6) &&
           is_birth(number);
}

/* --- cards ---------------------------------------------------------------------------------------------- */

static bool has_luhn(const struct number *number)
{
    int sum = 0;

    for (size_t i = 0; i < number->n_digits; i++) {
        int digit = number->digits[number->n_digits - 1 - i] - '0';

        if (i % 2)
            digit = digit > 4 ? 2 * digit - 9 : 2 * digit;
        sum += digit;
    }
    return sum % 10 == 0;
}

/* Groups as they are printed on a card: 4-4-4-4, 4-6-5, 4-4-4-4-3. */
static bool has_card_groups(const struct number *number)
{
    if (number->n_groups == 1)
        return true;
    for (size_t g = 0; g < number->n_groups; g++)
        if (width(&number->groups[g]) < 3 || width(&number->groups[g]) > 6)
            return false;
    return joined_by(number, number->groups[1].joint);
}

static bool is_card(const struct number *number)
{
    return number->n_digits >= 13 && number->n_digits <= 19 && strchr("234569", number->digits[0]) &&
           !(number->is_whole && is_ean13(number)) && has_card_groups(number) && has_luhn(number);
}

/* --- telephones ----------------------------------------------------------------------------------------- */

/* Beginnings of Korean numbers, and how many digits the whole has. */
static const struct {
    const char *start;
    size_t min, max;
} plan[] = {
    {"010", 10, 11}, {"011", 10, 11},   {"016", 10, 11},   {"017", 10, 11}, {"018", 10, 11},
    {"019", 10, 11}, /* mobile */
    {"02", 9, 10},   /* Seoul */
    {"031", 10, 11}, {"032", 10, 11},   {"033", 10, 11},   {"041", 10, 11}, {"042", 10, 11},
    {"043", 10, 11}, {"044", 10, 11},   {"051", 10, 11},   {"052", 10, 11}, {"053", 10, 11},
    {"054", 10, 11}, {"055", 10, 11},   {"061", 10, 11},   {"062", 10, 11}, {"063", 10, 11},
    {"064", 10, 11}, {"070", 11, 11},   {"050", 11, 12}, /* internet, forwarded */
    {"07", 11, 11},  {"08", 10, 11},    {"09", 10, 11},  /* mobiles of the United Kingdom and Japan */
    {"821", 11, 12}, {"82010", 13, 13}, {"00821", 13, 14},
};

static bool is_in_plan(const struct number *number)
{
    for (size_t i = 0; i < sizeof(plan) / sizeof(plan[0]); i++)
        if (starts(number, plan[i].start) && number->n_digits >= plan[i].min &&
            number->n_digits <= plan[i].max)
            return true;
    return false;
}

/* "(415) 555-2671", perhaps with a 1 in front. Spaces alone are too little: "256 512 1024" is none. */
static bool is_american(const struct number *number)
{
    size_t at = number->n_groups == 4 && number->digits[0] == '1' && width(&number->groups[0]) == 1;

    return number->n_groups == at + 3 && width(&number->groups[at]) == 3 &&
           width(&number->groups[at + 1]) == 3 && width(&number->groups[at + 2]) == 4 &&
           number->digits[at] >= '2' && number->digits[at + 3] >= '2' && !joined_by(number, DIGITS_SPACE);
}

/* Dates end in a day, a year and an hour; numbers in four digits, or they have two parts. */
static bool has_phone_groups(const struct number *number)
{
    for (size_t g = 0; number->n_groups > 1 && g < number->n_groups; g++)
        if (width(&number->groups[g]) < 2)
            return false;
    return number->n_groups <= 2 ||
           (number->n_groups <= 5 && width(&number->groups[number->n_groups - 1]) == 4);
}

static bool is_phone(const struct number *number)
{
    if (number->has_plus)
        return number->n_digits >= 8 && number->n_digits <= 15;
    return is_american(number) || (is_in_plan(number) && has_phone_groups(number));
}

static bool is_mobile(const struct number *number)
{
    return starts(number, "01") && is_in_plan(number);
}

/* --- the rest ------------------------------------------------------------------------------------------- */

static bool is_long(const struct number *number)
{
    if (number->n_groups == 1)
        return number->is_whole && number->n_digits >= LONG_MIN;
    return number->n_digits >= LONG_JOINED_MIN && joined_by(number, DIGITS_HYPHEN);
}

/* A key that is all digits tells nothing, unless one can call it. */
static bool is_key(const struct number *number)
{
    return number->is_whole && !number->has_plus && !is_mobile(number);
}

/* What of a person it is; PRIVACY_N_KINDS = nothing. A long number is the last resort. */
static enum privacy_kind kind_of(const struct number *number, const struct digits *all, size_t from,
                                 bool is_id)
{
    if (is_rrn(number) || is_masked_rrn(number, all, from))
        return PRIVACY_RRN;
    if (is_card(number))
        return PRIVACY_CARD;
    if (is_phone(number))
        return PRIVACY_PHONE;
    return is_long(number) && !is_id && !may_stay(number, all) ? PRIVACY_NUM : PRIVACY_N_KINDS;
}

static struct digits_finding judge(const struct number *number, const struct digits *all, size_t from,
                                   bool is_id)
{
    const struct digits_finding stays = {.n_groups = number->n_groups};
    enum privacy_kind kind;

    if (is_id && is_key(number))
        return stays;
    kind = kind_of(number, all, from, is_id);
    if (kind != PRIVACY_N_KINDS)
        return (struct digits_finding){.is_personal = true, .kind = kind, .n_groups = number->n_groups};
    return may_stay(number, all) ? stays : (struct digits_finding){.n_groups = 0};
}

/* The longest reading wins: "010-1234-5678" is more than its first two groups. But a long number is the last
 * resort. */
struct digits_finding digits_judge(const struct glyph *glyphs, const struct digits *digits, size_t from,
                                   bool is_id)
{
    struct digits_finding best = {.n_groups = 0};

    for (size_t n = digits->n_groups - from; n > 0; n--) {
        struct number number = number_of(glyphs, digits, from, n);
        struct digits_finding found = number.n_digits <= TOTAL_MAX || n == 1
                                          ? judge(&number, digits, from, is_id)
                                          : (struct digits_finding){.n_groups = 0};

        if (found.n_groups && !(found.is_personal && found.kind == PRIVACY_NUM))
            return found;
        if (found.n_groups && !best.n_groups)
            best = found;
    }
    return best.n_groups ? best : (struct digits_finding){.n_groups = 1};
}
