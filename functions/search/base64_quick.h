/* base64_quick.h - the middle of a base64 text, many bytes at a time.
 *
 * Is:      pure; two ways that write the same: by sixteen, on any machine that has vectors, and by
 *          thirty-two, on one that has AVX2 (every x86_64 machine of Lambda; asked at run time).
 * Is not:  the whole text: each stops where too few bytes are left to be loaded at once (base64.h goes on).
 * Source:  W. Mula, D. Lemire: "Faster Base64 Encoding and Decoding Using AVX2 Instructions" (2018).
 */
#ifndef NARAE_SEARCH_BASE64_QUICK_H
#define NARAE_SEARCH_BASE64_QUICK_H

#include <stddef.h>

/* Write the digits of as many of the `len` bytes as they can do, four for each three.
 * Returns how many of the bytes are done: a multiple of 3; 0 when it is not the machine for it. */
size_t base64_quick_by_16(const unsigned char *bytes, size_t len, char *to);
size_t base64_quick_by_32(const unsigned char *bytes, size_t len, char *to);

#endif
