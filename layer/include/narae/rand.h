/* rand.h - randomness for jitter and identifiers, replaceable in tests.
 *
 * Is:      a small fast generator seeded from getrandom(2).
 * Is not:  for keys or signatures; those come from OpenSSL.
 * Beware:  two sandboxes thawed from one snapshot, and a process and its fork, share its state until
 *          nr_rand_reseed(). Each thread has a sequence of its own.
 */
#ifndef NARAE_RAND_H
#define NARAE_RAND_H

#include <stdint.h>

/* A number in [0, below); 0 when below is 0 or 1. */
uint64_t nr_rand_below(uint64_t below);

/* Seed anew from the kernel; called by itself at first use. */
void nr_rand_reseed(void);

/* Tests only: a fixed seed for this thread, so that the sequence repeats. */
void nr_rand_fix(uint64_t seed);

#endif
