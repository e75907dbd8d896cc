/* sixteen.h - sixteen bytes at a time, on any machine that has vectors of them.
 *
 * Is:      pure; which of sixteen bytes is the first that a test flags. SSE2 or NEON: no instruction
 *          that a machine of the two architectures could lack.
 * Beware:  little-endian: the first byte is the lowest. Never loads beyond what the caller says is there.
 *
 *     sixteen bytes = sixteen_load(at);
 *     n = sixteen_first((bytes == '"') | (bytes == '\\'));
 */
#ifndef NARAE_SEARCH_SIXTEEN_H
#define NARAE_SEARCH_SIXTEEN_H

#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { SIXTEEN = 16 };

/* Signed: what is not ASCII is less than anything that is. A comparison flags a byte with all its bits. */
typedef signed char sixteen __attribute__((vector_size(SIXTEEN)));

static inline sixteen sixteen_load(const char *at)
{
    sixteen bytes;

    memcpy(&bytes, at, sizeof(bytes));
    return bytes;
}

/* A bit for each flagged byte, the lowest for the first. */
static inline unsigned sixteen_mask(sixteen flags)
{
#ifdef __SSE2__
    return (unsigned)_mm_movemask_epi8((__m128i)flags);
#else
    const uint64_t ones = 0x0101010101010101u;
    const uint64_t bits =
        0x8040201008040201u; /* of each byte its own one; their sum ends up in the highest byte */
    uint64_t half[2];

    memcpy(half, &flags, sizeof(half));
    return (unsigned)((half[0] & bits) * ones >> 56 | (half[1] & bits) * ones >> 56 << 8);
#endif
}

/* The index of the first flagged byte; SIXTEEN = there is none. */
static inline unsigned sixteen_first(sixteen flags)
{
    return (unsigned)__builtin_ctz(sixteen_mask(flags) | 1u << SIXTEEN);
}

#endif
