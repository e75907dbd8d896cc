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

/* "name @ host.kr": one space on both sides, or none. */
static bool is_spaced(const struct glyph *glyphs, size_t n, size_t at)
{
    return at >= 2 && at + 2 < n && glyphs[at - 1].sign == ' ' && glyphs[at + 1].sign == ' ';
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
    size_t gap;
    size_t start;
    size_t stop;

    if (glyphs[at].sign != '@')
        return false;
    gap = is_spaced(glyphs, n, at);
    start = local_start(glyphs, at - gap);
    stop = domain_end(glyphs, n, at + 1 + gap);
    if (start == at - gap || stop == at + 1 + gap)
        return false;
    *first = start;
    *end = stop;
    return true;
}
