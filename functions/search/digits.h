/* digits.h - groups of digits, and what they are.
 *
 * Is:      pure: the groups that stand together in a text ("010-1234-5678" is three), and the judgement
 *          whether some of them are a resident number, a payment card, a telephone number, a long number, or
 *          one that may stay.
 * Is not:  the replacement (privacy.h).
 * Beware:  a group ends where the digits end: no pattern matches inside a longer run of digits.
 * Source:  resident registration numbers: month, day and the digit 1 to 8 for sex and century; their last
 *          digit checks the others only when issued before October 2020. Cards: ISO/IEC 7812-1 (Luhn).
 *          Telephone numbers: the Korean numbering plan (KCC), ITU-T E.164, the North American Numbering
 *          Plan. Books and goods: ISO 2108 (ISBN-10, ISBN-13), GS1 (EAN-13).
 */
#ifndef NARAE_SEARCH_DIGITS_H
#define NARAE_SEARCH_DIGITS_H

#include <stdbool.h>
#include <stddef.h>

#include "functions/search/glyph.h"

/* What a text may hold of a person; the names of the placeholders. */
enum privacy_kind { PRIVACY_EMAIL, PRIVACY_RRN, PRIVACY_CARD, PRIVACY_PHONE, PRIVACY_NUM, PRIVACY_N_KINDS };

/* What stands between a group and the one before it. */
enum digits_joint {
    DIGITS_NO_JOINT, /* it is the first */
    DIGITS_HYPHEN,   /* a dash, perhaps with spaces around it */
    DIGITS_SPACE,
    DIGITS_MARK /* a dot, slash or bracket, perhaps with spaces */
};

struct digits_group {
    size_t first, end; /* glyphs */
    enum digits_joint joint;
    bool is_spelled; /* single digits with something between each two, taken together */
};

enum { DIGITS_GROUPS_MAX = 16 };

/* Groups that stand together. Of more than fit, the first ones: the last of them may be cut off from what
 * they belong to. */
struct digits {
    struct digits_group groups[DIGITS_GROUPS_MAX];
    size_t n_groups;
    bool has_plus;     /* right in front of the first: an international number */
    size_t plus;       /* its glyph */
    bool is_masked;    /* "900101-1******": stars follow the last group */
    size_t masked_end; /* glyph behind the stars */
    bool has_check_x;  /* an X follows the last group: the check digit of an ISBN-10 */
};

/* The groups that begin at glyph `at`, which is a digit. Returns the glyph behind them. */
size_t digits_read(const struct glyph *glyphs, size_t n, size_t at, struct digits *out);

struct digits_finding {
    bool is_personal; /* false: nothing, or something that may stay */
    enum privacy_kind kind;
    size_t n_groups; /* how many groups it takes; at least 1 */
};

/* What begins at group `from`.
 *
 * is_id  in  the text is somebody's key, not words: plain numbers stay, telephone numbers do not */
struct digits_finding digits_judge(const struct glyph *glyphs, const struct digits *digits, size_t from,
                                   bool is_id);

#endif
