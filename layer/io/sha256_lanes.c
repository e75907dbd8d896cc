#include "layer/io/sha256_lanes.h"

#ifdef __x86_64__

#include <cpuid.h>
#include <immintrin.h>

#define SHA    __attribute__((target("sha,sse4.1")))
#define INLINE SHA static inline __attribute__((always_inline))

enum { CPUID_FEATURES = 7, ROUNDS = 64 };

static bool has_instructions(void)
{
    unsigned eax;
    unsigned ebx;
    unsigned ecx;
    unsigned edx;

    return __get_cpuid_count(CPUID_FEATURES, 0, &eax, &ebx, &ecx, &edx) && (ebx & bit_SHA) &&
           __builtin_cpu_supports("sse4.1");
}

bool sha256_lanes_can(void)
{
    static _Atomic int answer; /* 0: not asked yet. A virtual machine's host is woken by the question. */

    if (!answer)
        answer = has_instructions() ? 1 : -1;
    return answer > 0;
}

/* FIPS 180-4 section 4.2.2 */
static const uint32_t round_constants[ROUNDS] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

/* The state as the instructions want it: words a, b, e, f and c, d, g, h, the first of each in the
 * highest. */
struct state {
    __m128i abef, cdgh;
};

/* One lane: its state, and the last sixteen words of its message schedule. */
struct lane {
    struct state state;
    __m128i words[4];
};

static const uint8_t big_endian[16] = {3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12};

INLINE __m128i load(const void *from)
{
    return _mm_loadu_si128((const __m128i_u *)from);
}

INLINE struct state load_state(const uint32_t words[SHA256_STATE_WORDS])
{
    __m128i badc = _mm_shuffle_epi32(load(words), _MM_SHUFFLE(2, 3, 0, 1));
    __m128i hgfe = _mm_shuffle_epi32(load(words + 4), _MM_SHUFFLE(0, 1, 2, 3));

    return (struct state){_mm_alignr_epi8(badc, hgfe, 8), _mm_blend_epi16(hgfe, badc, 0xf0)};
}

INLINE void store_hash(const struct state *before, const struct state *after, uint8_t hash[SHA256_HASH_BYTES])
{
    __m128i abef = _mm_shuffle_epi32(_mm_add_epi32(before->abef, after->abef), _MM_SHUFFLE(0, 1, 2, 3));
    __m128i cdgh = _mm_shuffle_epi32(_mm_add_epi32(before->cdgh, after->cdgh), _MM_SHUFFLE(2, 3, 0, 1));
    __m128i order = load(big_endian);

    _mm_storeu_si128((__m128i_u *)hash, _mm_shuffle_epi8(_mm_blend_epi16(abef, cdgh, 0xf0), order));
    _mm_storeu_si128((__m128i_u *)(hash + 16), _mm_shuffle_epi8(_mm_alignr_epi8(cdgh, abef, 8), order));
}

/* The next four words of the message schedule take the place of the first four of the last sixteen. */
INLINE void extend(__m128i words[4], size_t i)
{
    __m128i last = words[(i + 3) & 3];
    __m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(words[i], words[(i + 1) & 3]),
                                _mm_alignr_epi8(last, words[(i + 2) & 3], 4));

    words[i] = _mm_sha256msg2_epu32(sum, last);
}

/* Four rounds of one lane. Two of them turn a, b, e, f into c, d, g, h, and make new ones where c, d, g, h were:
 * after four, each half is what its name says again. */
INLINE void step(struct lane *lane, const uint32_t *constants, size_t i, bool is_extended)
{
    struct state *state = &lane->state;
    __m128i both;

    if (is_extended)
        extend(lane->words, i);
    both = _mm_add_epi32(lane->words[i], load(&constants[4 * i]));
    state->cdgh = _mm_sha256rnds2_epu32(state->cdgh, state->abef, both);
    state->abef = _mm_sha256rnds2_epu32(state->abef, state->cdgh, _mm_shuffle_epi32(both, 0x0e));
}

/* Of all lanes: the next one's instructions wait for nothing that this one does. */
INLINE void steps(struct lane lanes[SHA256_LANES], const uint32_t *constants, size_t i, bool is_extended)
{
    step(&lanes[0], constants, i, is_extended);
    step(&lanes[1], constants, i, is_extended);
    step(&lanes[2], constants, i, is_extended);
}

/* Written out, so that each word has a register or a fixed place. */
INLINE void sixteen_rounds(struct lane lanes[SHA256_LANES], const uint32_t *constants, bool is_extended)
{
    steps(lanes, constants, 0, is_extended);
    steps(lanes, constants, 1, is_extended);
    steps(lanes, constants, 2, is_extended);
    steps(lanes, constants, 3, is_extended);
}

SHA void sha256_lanes(const uint32_t state[SHA256_STATE_WORDS],
                      const uint8_t blocks[SHA256_LANES][SHA256_BLOCK_BYTES],
                      uint8_t hashes[SHA256_LANES][SHA256_HASH_BYTES])
{
    const struct state before = load_state(state);
    struct lane lanes[SHA256_LANES];

    for (int n = 0; n < SHA256_LANES; n++) {
        lanes[n].state = before;
        for (size_t i = 0; i < 4; i++)
            lanes[n].words[i] = _mm_shuffle_epi8(load(&blocks[n][16 * i]), load(big_endian));
    }
    sixteen_rounds(lanes, round_constants, false);
    for (int n = 16; n < ROUNDS; n += 16)
        sixteen_rounds(lanes, round_constants + n, true);
    for (int n = 0; n < SHA256_LANES; n++)
        store_hash(&before, &lanes[n].state, hashes[n]);
}

#else

bool sha256_lanes_can(void)
{
    return false;
}

void sha256_lanes(const uint32_t state[SHA256_STATE_WORDS],
                  const uint8_t blocks[SHA256_LANES][SHA256_BLOCK_BYTES],
                  uint8_t hashes[SHA256_LANES][SHA256_HASH_BYTES])
{
    (void)state;
    (void)blocks;
    (void)hashes;
}

#endif
