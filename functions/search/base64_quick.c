#include <stdint.h>
#include <string.h>

#include "functions/search/base64_quick.h"
#include "functions/search/sixteen.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

/* --- sixteen characters --------------------------------------------------------------------------------- */

/* Four numbers below 64 as the four bytes of a word, the first one in the lowest. */
typedef uint32_t words __attribute__((vector_size(SIXTEEN)));

/* The digit of each number below 64: its place in the alphabet, shifted by where its run of characters
 * lies. */
static sixteen digits_of(sixteen n)
{
    return n + ((n > 25) & ('a' - 'Z' - 1)) - ((n > 51) & ('z' - '0' + 1)) - ((n > 61) & ('9' - '+' + 1)) +
           ((n > 62) & ('/' - '+' - 1)) + 'A'; /* last: no sum leaves a signed byte */
}

/* Three bytes, the first one in the highest of the 24 bits; one more is read. */
static uint32_t three(const unsigned char *p)
{
    uint32_t word;

    memcpy(&word, p, sizeof(word));
    return __builtin_bswap32(word) >> 8;
}

/* Twelve bytes at a time, as long as thirteen are there. */
size_t base64_quick_by_16(const unsigned char *bytes, size_t len, char *to)
{
    size_t at = 0;

    for (; len - at > 12; at += 12, to += SIXTEEN) {
        words w = {three(bytes + at), three(bytes + at + 3), three(bytes + at + 6), three(bytes + at + 9)};
        sixteen text;

        w = w >> 18 | (w >> 4 & 0x3f00) | (w << 10 & 0x3f0000) | (w << 24 & 0x3f000000);
        text = digits_of((sixteen)w);
        memcpy(to, &text, sizeof(text));
    }
    return at;
}

/* --- thirty-two ----------------------------------------------------------------------------------------- */

#ifdef __x86_64__

#define AVX2 __attribute__((target("avx2")))

enum { HALF_BYTES = 12, LOADED_BYTES = HALF_BYTES + SIXTEEN };

/* Each half holds twelve bytes; of each three, every four bytes get two copies of the middle one, so that
 * every digit's six bits lie within sixteen. */
AVX2 static __m256i spread(__m256i bytes)
{
    const __m128i order = _mm_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10);

    return _mm256_shuffle_epi8(bytes, _mm256_broadcastsi128_si256(order));
}

/* A multiplication is a shift whose width differs from number to number. */
AVX2 static __m256i sixes(__m256i spread)
{
    __m256i odd = _mm256_mulhi_epu16(_mm256_and_si256(spread, _mm256_set1_epi32(0x0fc0fc00)),
                                     _mm256_set1_epi32(0x04000040));
    __m256i even = _mm256_mullo_epi16(_mm256_and_si256(spread, _mm256_set1_epi32(0x003f03f0)),
                                      _mm256_set1_epi32(0x01000010));

    return _mm256_or_si256(odd, even);
}

/* To each number below 64 what its run of the alphabet adds: 0 for a-z, 1 to 10 for digits, 11 and 12 for
 * + and /, 13 for A-Z. */
AVX2 static __m256i digits_of_32(__m256i n)
{
    const __m128i shifts =
        _mm_setr_epi8('a' - 26, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
                      '0' - 52, '0' - 52, '0' - 52, '+' - 62, '/' - 63, 'A', 0, 0);
    __m256i run = _mm256_subs_epu8(n, _mm256_set1_epi8(51));
    __m256i is_upper = _mm256_cmpgt_epi8(_mm256_set1_epi8(26), n);

    run = _mm256_or_si256(run, _mm256_and_si256(is_upper, _mm256_set1_epi8(13)));
    return _mm256_add_epi8(n, _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(shifts), run));
}

AVX2 static size_t by_32(const unsigned char *bytes, size_t len, char *to)
{
    size_t at = 0;

    for (; len - at >= LOADED_BYTES; at += 2 * (size_t)HALF_BYTES, to += 2 * (size_t)SIXTEEN) {
        __m128i low = _mm_loadu_si128((const __m128i_u *)(bytes + at));
        __m128i high = _mm_loadu_si128((const __m128i_u *)(bytes + at + HALF_BYTES));

        _mm256_storeu_si256((__m256i_u *)to, digits_of_32(sixes(spread(_mm256_set_m128i(high, low)))));
    }
    return at;
}

size_t base64_quick_by_32(const unsigned char *bytes, size_t len, char *to)
{
    return __builtin_cpu_supports("avx2") ? by_32(bytes, len, to) : 0;
}

#else

size_t base64_quick_by_32(const unsigned char *bytes, size_t len, char *to)
{
    (void)bytes;
    (void)len;
    (void)to;
    return 0;
}

#endif
