#include <stdint.h>
#include <string.h>

#include "functions/search/shuffle.h"
#include "functions/search/unescape_quick.h"

enum { HALF = 8 };

/* --- which bytes stay ----------------------------------------------------------------------------------- */

/* Of eight bytes, the indices of those whose bit is not set, from the lowest byte on. */
#define N_BELOW(bits, i) ((unsigned)__builtin_popcount((bits) & ((1u << (i)) - 1)))
#define INDEX(bits, i)   (1u & (bits) >> (i) ? 0 : (uint64_t)(i) << 8 * ((i)-N_BELOW(bits, i)))
#define KEPT(bits)                                                                                           \
    (INDEX(bits, 1) | INDEX(bits, 2) | INDEX(bits, 3) | INDEX(bits, 4) | INDEX(bits, 5) | INDEX(bits, 6) |   \
     INDEX(bits, 7))
#define N_KEPT(bits) (HALF - __builtin_popcount(bits))

static const uint64_t kept_bytes[256] = {SHUFFLE_ROWS(KEPT)};
static const uint8_t n_kept[256] = {SHUFFLE_ROWS(N_KEPT)};

/* Write those of sixteen bytes whose bit is not set. Returns behind them; sixteen bytes may be written. */
SHUFFLES static inline char *keep(sixteen bytes, unsigned dropped, char *to)
{
    const uint64_t of_high_half = 0x0808080808080808u;
    unsigned low = dropped & 0xff;
    unsigned high = dropped >> HALF & 0xff;
    sixteen kept = shuffle(bytes, sixteen_of(kept_bytes[low], 0));

    memcpy(to, &kept, HALF);
    to += n_kept[low];
    kept = shuffle(bytes, sixteen_of(kept_bytes[high] | of_high_half, 0));
    memcpy(to, &kept, HALF);
    return to + n_kept[high];
}

/* --- where escapes begin -------------------------------------------------------------------------------- */

/* A backslash takes its meaning from the one behind it. */
static inline unsigned escapes_of(unsigned backslashes)
{
    unsigned escapes = 0;

    if (!(backslashes & backslashes << 1))
        return backslashes;
    while (backslashes) {
        unsigned first = backslashes & -backslashes;

        escapes |= first;
        backslashes &= ~(first | first << 1);
    }
    return escapes;
}

/* What is loaded behind the end is zeros, which are kept as well, and taken back. */
SHUFFLES static const char *copy(const char *at, const char *end, char **to)
{
    unsigned is_open = 0; /* 1: the byte before `at` is a backslash, left out, and an escape's first */
    char *out = *to;

    for (; at < end; at += SIXTEEN) {
        size_t left = (size_t)(end - at);
        sixteen bytes = sixteen_load_up_to(at, left);
        unsigned letters = sixteen_mask((bytes == '"') | (bytes == '\\') | (bytes == '/'));
        unsigned escapes = escapes_of(sixteen_mask(bytes == '\\') & ~is_open);
        unsigned others = (escapes << 1 | is_open) & 0xffff & ~letters;

        if (others & 1)
            break; /* the open one is none that can be resolved */
        if (others) {
            unsigned n = (unsigned)__builtin_ctz(others) - 1; /* its backslash: up to there */

            *to = keep(bytes, escapes | ~0u << n, out);
            return at + n;
        }
        out = keep(bytes, escapes, out);
        is_open = escapes >> (SIXTEEN - 1);
    }
    *to = at > end ? out - (at - end) : out;
    return (at > end ? end : at) - is_open;
}

const char *unescape_quick(const char *at, const char *end, char **to)
{
    return shuffle_can() ? copy(at, end, to) : at;
}
