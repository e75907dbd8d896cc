#include <string.h>

#include "functions/search/mail.h"

static bool is_local(struct glyph glyph)
{
    return glyph_is_letter(glyph) || glyph_is_digit(glyph) || strchr("._%+-'", glyph.sign);
}

static bool is_label(struct glyph glyph)
{
    return glyph_is_letter(glyph) || glyph_is_digit(glyph) || glyph.sign == '-';
}

/* A word of another script than Latin: a name or a domain can be one too. */
static bool is_native(struct glyph glyph)
{
    return glyph.sign == GLYPH_HANGUL || glyph.sign == GLYPH_OTHER;
}

enum { BLANKS_MAX = 3 }; /* on either side of the sign */

static size_t blanks_behind(const struct glyph *glyphs, size_t n, size_t at)
{
    size_t count = 0;

    while (count < BLANKS_MAX && at + count < n && glyphs[at + count].sign == ' ')
        count++;
    return count;
}

static size_t blanks_before(const struct glyph *glyphs, size_t at)
{
    size_t count = 0;

    while (count < BLANKS_MAX && count < at && glyphs[at - count - 1].sign == ' ')
        count++;
    return count;
}

static size_t local_start(const struct glyph *glyphs, size_t end)
{
    size_t start = end;

    while (start > 0 && is_local(glyphs[start - 1]))
        start--;
    if (start == end)
        while (start > 0 && is_native(glyphs[start - 1]))
            start--;
    return start;
}

static size_t label_end(const struct glyph *glyphs, size_t n, size_t at)
{
    size_t end = at;

    while (end < n && is_label(glyphs[end]))
        end++;
    if (end == at)
        while (end < n && is_native(glyphs[end]))
            end++;
    return end;
}

/* The end of host.name.kr; `at` when there is no dot inside, or the last part is too short to be a domain. */
static size_t domain_end(const struct glyph *glyphs, size_t n, size_t at)
{
    size_t end = label_end(glyphs, n, at);
    size_t good = at;

    while (end > at && end < n && glyphs[end].sign == '.') {
        size_t next = label_end(glyphs, n, end + 1);

        if (next < end + 3)
            break;
        good = end = next;
    }
    return good;
}

bool mail_find(const struct glyph *glyphs, size_t n, size_t at, size_t *first, size_t *end)
{
    size_t host;
    size_t behind_name;
    size_t start;
    size_t stop;

    if (glyphs[at].sign != '@')
        return false;
    host = at + 1 + blanks_behind(glyphs, n, at + 1);
    /* "hello @user.name" is a mention. */
    behind_name = host > at + 1 ? at - blanks_before(glyphs, at) : at;
    start = local_start(glyphs, behind_name);
    stop = domain_end(glyphs, n, host);
    if (start == behind_name || stop == host)
        return false;
    *first = start;
    *end = stop;
    return true;
}
