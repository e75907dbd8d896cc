/* hangul.h - what Korean typing looks like half way.
 *
 * Is:      pure: first consonants, and the syllables that an unfinished one may still become.
 * Is not:  normalisation; code points come composed (NFC).
 * Source:  The Unicode Standard, section 3.12 (a syllable is 0xAC00 + (initial * 21 + vowel) * 28 + final),
 *          and its chart "Hangul Compatibility Jamo" (U+3131 to U+318E), which is what keyboards send.
 */
#ifndef NARAE_SEARCH_HANGUL_H
#define NARAE_SEARCH_HANGUL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HANGUL_INITIALS_MAX = 2 };

/* The first consonants that a lone consonant stands for, as compatibility jamo: one, or two for a cluster
 * (keyboards make one key's worth of two consonants). Returns how many; 0 = no consonant that begins
 * syllables. */
size_t hangul_initials(int32_t point, int32_t out[HANGUL_INITIALS_MAX]);

/* A syllable without final consonant may still get one, a lone first consonant may become any syllable that
 * it begins: *low to *high (not included) are what it may become. false = nothing else, out untouched. */
bool hangul_unfinished(int32_t point, int32_t *low, int32_t *high);

#endif
