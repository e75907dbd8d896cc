/* glyph.h - a text as the eye reads it, for finding patterns in it.
 *
 * Is:      pure: UTF-8 in; one small sign for each visible character out, with its place in the text. Digits
 *          of any script are digits, full-width letters are letters, any dash is a dash, and what has no
 *          width is not there.
 * Is not:  normalisation of what is stored: the text itself stays as it is.
 * Source:  Unicode 15: general category Nd, blocks Halfwidth and Fullwidth Forms and General Punctuation,
 *          Default_Ignorable_Code_Point.
 */
#ifndef NARAE_SEARCH_GLYPH_H
#define NARAE_SEARCH_GLYPH_H

#include <stddef.h>
#include <stdint.h>

#include <narae/view.h>

/* Signs beside lower-case ASCII. */
enum { GLYPH_OTHER = 1, GLYPH_HANGUL = 2 };

struct glyph {
    uint16_t at;  /* byte offset of the character */
    uint16_t end; /* byte offset behind it */
    char sign;    /* lower-case ASCII, GLYPH_HANGUL, or GLYPH_OTHER */
};

/* More bytes than any text that is scrubbed: SEARCH_QUERY_MAX_CHARS of four bytes each. */
enum { GLYPHS_MAX = 4096 };

/* Read valid UTF-8 of at most GLYPHS_MAX bytes; returns how many were written to out. */
size_t glyphs_read(struct nr_view text, struct glyph out[GLYPHS_MAX]);

static inline int glyph_is_digit(struct glyph glyph)
{
    return glyph.sign >= '0' && glyph.sign <= '9';
}

static inline int glyph_is_letter(struct glyph glyph)
{
    return glyph.sign >= 'a' && glyph.sign <= 'z';
}

#endif
