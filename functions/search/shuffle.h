/* shuffle.h - sixteen bytes in another order.
 *
 * Is:      pure; SSSE3's PSHUFB or NEON's TBL, for tables that say where each byte goes.
 * Beware:  x86_64 need not have SSSE3: functions that shuffle are declared SHUFFLES, and whoever calls them
 *          asks shuffle_can() first and has another way.
 */
#ifndef NARAE_SEARCH_SHUFFLE_H
#define NARAE_SEARCH_SHUFFLE_H

#include <stdbool.h>
#include <stdint.h>

#include "functions/search/sixteen.h"

#ifdef __x86_64__

#include <tmmintrin.h>

#define SHUFFLES __attribute__((target("ssse3")))

static inline bool shuffle_can(void)
{
    return __builtin_cpu_supports("ssse3");
}

/* Byte i of the result is byte order[i] of `bytes`; zero where order[i] is negative. */
SHUFFLES static inline sixteen shuffle(sixteen bytes, sixteen order)
{
    return (sixteen)_mm_shuffle_epi8((__m128i)bytes, (__m128i)order);
}

#else

#include <arm_neon.h>

#define SHUFFLES

static inline bool shuffle_can(void)
{
    return true;
}

static inline sixteen shuffle(sixteen bytes, sixteen order)
{
    return (sixteen)vqtbl1q_s8((int8x16_t)bytes, (uint8x16_t)order);
}

#endif

/* row(0u) to row(255u): a table that has something for each choice of eight bytes, a bit for each. */
#define SHUFFLE_ROWS(row)                                                                                    \
    SHUFFLE_ROWS_64(row, 0u), SHUFFLE_ROWS_64(row, 64u), SHUFFLE_ROWS_64(row, 128u),                         \
        SHUFFLE_ROWS_64(row, 192u)
#define SHUFFLE_ROWS_64(row, bits)                                                                           \
    SHUFFLE_ROWS_16(row, (bits)), SHUFFLE_ROWS_16(row, (bits) + 16), SHUFFLE_ROWS_16(row, (bits) + 32),      \
        SHUFFLE_ROWS_16(row, (bits) + 48)
#define SHUFFLE_ROWS_16(row, bits)                                                                           \
    SHUFFLE_ROWS_4(row, (bits)), SHUFFLE_ROWS_4(row, (bits) + 4), SHUFFLE_ROWS_4(row, (bits) + 8),           \
        SHUFFLE_ROWS_4(row, (bits) + 12)
#define SHUFFLE_ROWS_4(row, bits) row((bits)), row((bits) + 1), row((bits) + 2), row((bits) + 3)

#endif
