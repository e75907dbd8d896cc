/* sixteen.h - sixteen bytes at a time, on any machine that has vectors of them.
 *
 * Is:      pure; which of sixteen bytes is the first that a test flags. SSE2 or NEON: no instruction that a
 *          machine of the two architectures could lack.
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

/* The first eight of n bytes, 1 at least, or all of them, as a number; zeros behind them. Pieces that overlap
 * make it without a loop. */
static inline uint64_t sixteen_low(const char *at, size_t n)
{
    const unsigned char *p = (const unsigned char *)at;
    uint64_t all;

    if (n >= 8) {
        memcpy(&all, at, 8);
    } else if (n >= 4) {
        uint32_t ends[2];

        memcpy(&ends[0], at, 4);
        memcpy(&ends[1], at + n - 4, 4);
        all = ends[0] | (uint64_t)ends[1] << 8 * (n - 4);
    } else {
        all = p[0] | (unsigned)p[n / 2] << 8 * (n / 2) | (unsigned)p[n - 1] << 8 * (n - 1);
    }
    return all;
}

/* Sixteen bytes of two halves, the first byte in the lowest. */
static inline sixteen sixteen_of(uint64_t low, uint64_t high)
{
    typedef uint64_t halves __attribute__((vector_size(SIXTEEN)));

    return (sixteen)(halves){low, high};
}

/* Fewer than sixteen bytes, 1 at least, and zeros behind them. */
static inline sixteen sixteen_load_part(const char *at, size_t n)
{
    uint64_t high = 0;

    if (n > 8) {
        memcpy(&high, at + n - 8, 8);
        high >>= 8 * (SIXTEEN - n);
    }
    return sixteen_of(sixteen_low(at, n), high);
}

/* The next sixteen of `left` bytes, or as many as there are, 1 at least, and zeros behind them. */
static inline sixteen sixteen_load_up_to(const char *at, size_t left)
{
    return left < SIXTEEN ? sixteen_load_part(at, left) : sixteen_load(at);
}

/* Flags control characters: bytes below a blank. */
static inline sixteen sixteen_controls(sixteen bytes)
{
    return (bytes & (signed char)0xe0) == 0;
}

/* Which bytes are from low to high, both signed? */
static inline sixteen sixteen_between(sixteen bytes, signed char low, signed char high)
{
    return (bytes > (signed char)(low - 1)) & (bytes < (signed char)(high + 1));
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

/* The bits of as many bytes as are `left`, sixteen at most: what was loaded behind them does not count. */
static inline unsigned sixteen_below(size_t left)
{
    return left < SIXTEEN ? (1u << left) - 1 : 0xffff;
}

/* The index of the first flagged byte; SIXTEEN = there is none. */
static inline unsigned sixteen_first(sixteen flags)
{
    return (unsigned)__builtin_ctz(sixteen_mask(flags) | 1u << SIXTEEN);
}

#endif
