#include "functions/search/digits.h"

enum {
    JOINT_MAX = 3,  /* characters between two groups: ") -" */
    SPELLED_MIN = 8 /* single digits from which they are one number */
};

/* --- groups --------------------------------------------------------------------------------------------- */

static enum digits_joint mark_of(char sign)
{
    switch (sign) {
    case '-':
    case '_':
        return DIGITS_HYPHEN;
    case ' ':
        return DIGITS_SPACE;
    case '.':
    case '/':
    case '(':
    case ')':
        return DIGITS_MARK;
    default:
        return DIGITS_NO_JOINT;
    }
}

/* What stands at `at` up to the next digit; DIGITS_NO_JOINT when that is no joint. */
static enum digits_joint read_joint(const struct glyph *glyphs, size_t n, size_t *at)
{
    enum digits_joint joint = DIGITS_NO_JOINT;

    for (size_t i = *at; i < n && i <= *at + JOINT_MAX; i++) {
        enum digits_joint mark;

        if (glyph_is_digit(glyphs[i])) {
            *at = i;
            return joint;
        }
        mark = mark_of(glyphs[i].sign);
        if (mark == DIGITS_NO_JOINT)
            return mark;
        if (joint == DIGITS_NO_JOINT || joint == DIGITS_SPACE)
            joint = mark;
        else if (mark != DIGITS_SPACE && mark != joint)
            joint = DIGITS_MARK;
    }
    return DIGITS_NO_JOINT;
}

static size_t run_end(const struct glyph *glyphs, size_t n, size_t at)
{
    while (at < n && glyph_is_digit(glyphs[at]))
        at++;
    return at;
}

/* The end of single digits with one character between each two; `at` itself when they are too few. */
static size_t spelled_end(const struct glyph *glyphs, size_t n, size_t at)
{
    size_t count = 0;
    size_t i = at;

    while (i < n && glyph_is_digit(glyphs[i]) && (i + 1 == n || !glyph_is_digit(glyphs[i + 1]))) {
        count++;
        if (i + 2 >= n || mark_of(glyphs[i + 1].sign) == DIGITS_NO_JOINT || !glyph_is_digit(glyphs[i + 2]))
            return count >= SPELLED_MIN ? i + 1 : at;
        i += 2;
    }
    return count >= SPELLED_MIN ? i - 1 : at;
}

static void read_group(const struct glyph *glyphs, size_t n, size_t at, enum digits_joint joint,
                       struct digits_group *out)
{
    size_t end = spelled_end(glyphs, n, at);

    *out = (struct digits_group){.first = at, .joint = joint, .is_spelled = end > at};
    out->end = end > at ? end : run_end(glyphs, n, at);
}

/* "c++11" and "1+1" are no international numbers. */
static bool ends_a_word(struct glyph glyph)
{
    return glyph.sign == '+' || glyph_is_letter(glyph) || glyph_is_digit(glyph);
}

static void look_around(const struct glyph *glyphs, size_t n, size_t first, size_t end, struct digits *out)
{
    size_t stars = end;

    out->has_plus = first > 0 && glyphs[first - 1].sign == '+' && glyphs[first].sign != '0' &&
                    (first == 1 || !ends_a_word(glyphs[first - 2]));
    out->plus = first ? first - 1 : 0;
    while (stars < n && glyphs[stars].sign == '*')
        stars++;
    out->is_masked = stars > end;
    out->masked_end = stars;
    out->has_check_x =
        end < n && glyphs[end].sign == 'x' && (end + 1 == n || !glyph_is_letter(glyphs[end + 1]));
}

size_t digits_read(const struct glyph *glyphs, size_t n, size_t at, struct digits *out)
{
    size_t end = at;

    /* Groups are written before they count: to clear all of them would take longer than to read a number. */
    out->n_groups = 0;
    for (enum digits_joint joint = DIGITS_NO_JOINT; out->n_groups < DIGITS_GROUPS_MAX;) {
        read_group(glyphs, n, at, joint, &out->groups[out->n_groups++]);
        at = end = out->groups[out->n_groups - 1].end;
        joint = read_joint(glyphs, n, &at);
        if (joint == DIGITS_NO_JOINT)
            break;
    }
    look_around(glyphs, n, out->groups[0].first, end, out);
    return end;
}
