/* rand.h - randomness for jitter and identifiers, replaceable in tests.
 *
 * Is:      a small fast generator seeded from getrandom(2).
 * Is not:  for keys or signatures; those come from OpenSSL.
 * Beware:  two sandboxes thawed from one snapshot share its state until nr_rand_reseed().
 */
#ifndef NARAE_RAND_H
#define NARAE_RAND_H

#include <stdint.h>

/* A number in [0, below); 0 when below is 0 or 1. */
uint64_t nr_rand_below(uint64_t below);

/* Seed anew from the kernel; called by itself at first use. */
void nr_rand_reseed(void);

/* Tests only: a fixed seed, so that the sequence repeats. */
void nr_rand_fix(uint64_t seed);

#endif
