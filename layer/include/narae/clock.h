/* clock.h - wall and monotonic time, replaceable in tests.
 *
 * Is:      the only place that asks the kernel for the time.
 * Is not:  for pure code, which takes time as a value.
 * Beware:  wall time jumps (a sandbox thaws minutes later); measure durations and deadlines with mono time.
 *          CLOCK_MONOTONIC does not count while a virtual machine is suspended: never conclude from it how
 *          long a freeze lasted.
 */
#ifndef NARAE_CLOCK_H
#define NARAE_CLOCK_H

#include <stdint.h>

struct nr_clock {
    int64_t (*wall_ms)(void *self); /* ms since 1970-01-01 UTC */
    int64_t (*mono_ms)(void *self); /* ms since some fixed point, never backwards */
    void *self;
};

/* "No deadline": later than any mono time. */
#define NR_CLOCK_NEVER_MS INT64_MAX

int64_t nr_clock_wall_ms(void);
int64_t nr_clock_mono_ms(void);

/* Monotonic microseconds, for measuring short durations; follows a replaced clock at ms precision. */
int64_t nr_clock_mono_us(void);

/* Milliseconds from now to a mono deadline: never negative; NR_CLOCK_NEVER_MS stays itself. */
int64_t nr_clock_left_ms(int64_t deadline_mono_ms);

/* Tests only: use `fake` (borrowed until replaced) for both clocks; NULL returns to the kernel's. Not
 * thread-safe. */
void nr_clock_replace(const struct nr_clock *fake);

enum { NR_CLOCK_RFC3339_BYTES = sizeof("9999-12-31T23:59:59.999Z") };

/* wall_ms as RFC 3339 in UTC with milliseconds, e.g. "2026-11-24T15:06:48.123Z"; out has
 * NR_CLOCK_RFC3339_BYTES. */
void nr_clock_rfc3339(int64_t wall_ms, char *out);

#endif
