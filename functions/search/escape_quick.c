#include <stdint.h>
#include <string.h>

#include "functions/search/escape_quick.h"
#include "functions/search/shuffle.h"

enum { STEP = 8 };

/* --- where bytes go ------------------------------------------------------------------------------------- */

/* Of eight bytes, those whose bit is set get a backslash in front, a negative index. Each row is an order of
 * shuffle.h in its two halves. */
#define PLACE(bits, i)          ((i) + (unsigned)__builtin_popcount((bits) & ((2u << (i)) - 1)))
#define PUT(index, place, half) ((place) / 8 == (half) ? (uint64_t)(index) << 8 * ((place) % 8) : 0)
#define INDEX(bits, i, half)                                                                                 \
    (PUT(i, PLACE(bits, i), half) | (1u & (bits) >> (i) ? PUT(0x80, PLACE(bits, i) - 1, half) : 0))
#define HALF(bits, half)                                                                                     \
    (INDEX(bits, 0, half) | INDEX(bits, 1, half) | INDEX(bits, 2, half) | INDEX(bits, 3, half) |             \
     INDEX(bits, 4, half) | INDEX(bits, 5, half) | INDEX(bits, 6, half) | INDEX(bits, 7, half))
#define ORDER(bits)                                                                                          \
    {                                                                                                        \
        HALF(bits, 0), HALF(bits, 1)                                                                         \
    }
#define N_WRITTEN(bits) (STEP + __builtin_popcount(bits))

static const uint64_t orders[256][2] = {SHUFFLE_ROWS(ORDER)};
static const uint8_t n_written[256] = {SHUFFLE_ROWS(N_WRITTEN)};

/* --- text ----------------------------------------------------------------------------------------------- */

/* What is loaded behind the end is blanks, which are written as well, and taken back. */
static inline sixteen load(const char *at, size_t left)
{
    const uint64_t blanks = 0x2020202020202020u;
    uint64_t bytes;

    if (left < STEP)
        bytes = sixteen_low(at, left) | blanks << 8 * left;
    else
        memcpy(&bytes, at, sizeof(bytes));
    return sixteen_of(bytes, blanks);
}

SHUFFLES static const char *copy(const char *at, const char *end, char **to)
{
    char *out = *to;

    for (; at < end; at += STEP) {
        sixteen bytes = load(at, (size_t)(end - at));
        unsigned bits = sixteen_mask((bytes == '"') | (bytes == '\\'));
        sixteen order = sixteen_of(orders[bits][0], orders[bits][1]);
        sixteen text = shuffle(bytes, order) | ((order < 0) & '\\');

        if (sixteen_mask((bytes == 0x7f) | sixteen_controls(bytes)))
            break;
        memcpy(out, &text, sizeof(text));
        out += n_written[bits];
    }
    *to = at > end ? out - (at - end) : out;
    return at > end ? end : at;
}

const char *escape_quick(const char *at, const char *end, char **to)
{
    return shuffle_can() ? copy(at, end, to) : at;
}
