#include "functions/search/hangul.h"

enum {
    SYLLABLE_FIRST = 0xAC00,
    SYLLABLE_LAST = 0xD7A3,
    FINALS = 28,               /* no final among them */
    PER_INITIAL = 21 * 28,     /* vowels times finals */
    CONJOINING_FIRST = 0x1100, /* what decomposed text has in place of compatibility jamo */
    CONJOINING_LAST = 0x1112,
};

/* In the order of the syllables' numbers. */
static const uint16_t initials[] = {0x3131, 0x3132, 0x3134, 0x3137, 0x3138, 0x3139, 0x3141,
                                    0x3142, 0x3143, 0x3145, 0x3146, 0x3147, 0x3148, 0x3149,
                                    0x314A, 0x314B, 0x314C, 0x314D, 0x314E};

enum { N_INITIALS = sizeof(initials) / sizeof(initials[0]) };

static const struct {
    uint16_t cluster, first, second;
} clusters[] = {
    {0x3133, 0x3131, 0x3145}, {0x3135, 0x3134, 0x3148}, {0x3136, 0x3134, 0x314E}, {0x313A, 0x3139, 0x3131},
    {0x313B, 0x3139, 0x3141}, {0x313C, 0x3139, 0x3142}, {0x313D, 0x3139, 0x3145}, {0x313E, 0x3139, 0x314C},
    {0x313F, 0x3139, 0x314D}, {0x3140, 0x3139, 0x314E}, {0x3144, 0x3142, 0x3145},
};

/* The number of a first consonant; -1 = none. */
static int number_of(int32_t point)
{
    if (point >= CONJOINING_FIRST && point <= CONJOINING_LAST)
        return point - CONJOINING_FIRST;
    for (int i = 0; i < N_INITIALS; i++)
        if (initials[i] == point)
            return i;
    return -1;
}

size_t hangul_initials(int32_t point, int32_t out[HANGUL_INITIALS_MAX])
{
    int number = number_of(point);

    if (number >= 0) {
        out[0] = initials[number];
        return 1;
    }
    for (size_t i = 0; i < sizeof(clusters) / sizeof(clusters[0]); i++) {
        if (clusters[i].cluster != point)
            continue;
        out[0] = clusters[i].first;
        out[1] = clusters[i].second;
        return 2;
    }
    return 0;
}

bool hangul_unfinished(int32_t point, int32_t *low, int32_t *high)
{
    int number = number_of(point);

    if (number >= 0) {
        *low = SYLLABLE_FIRST + number * PER_INITIAL;
        *high = *low + PER_INITIAL;
        return true;
    }
    if (point < SYLLABLE_FIRST || point > SYLLABLE_LAST || (point - SYLLABLE_FIRST) % FINALS != 0)
        return false;
    *low = point;
    *high = point + FINALS;
    return true;
}
