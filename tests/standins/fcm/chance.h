/* chance.h - the stand-in's luck: the same seed, the same story.
 *
 * Is:      a small generator without a lock.
 * Threads: all safe; the order of the calls decides who draws what.
 */
#ifndef NARAE_STANDIN_FCM_CHANCE_H
#define NARAE_STANDIN_FCM_CHANCE_H

#include <stdint.h>

struct chance;

struct chance *chance_new(uint64_t seed);
void chance_free(struct chance *chance);

/* 0 <= x < 1 */
double chance_draw(struct chance *chance);

/* min <= n <= max; min when max is not over it, and nothing is drawn then. */
int chance_between(struct chance *chance, int min, int max);

#endif
