/* fake_clock.h - time that moves only when a test says so.
 *
 * Beware:  one for the process; each Criterion test is a process of its own.
 */
#ifndef NARAE_SUPPORT_FAKE_CLOCK_H
#define NARAE_SUPPORT_FAKE_CLOCK_H

#include <stdint.h>

/* From now on nr_clock reads these. */
void fake_clock_set(int64_t wall_ms, int64_t mono_ms);

/* Both clocks go on by so much. */
void fake_clock_advance(int64_t ms);

#endif
