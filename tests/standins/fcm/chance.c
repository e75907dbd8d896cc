#include <stdatomic.h>
#include <stdlib.h>

#include "tests/standins/fcm/chance.h"

struct chance {
    atomic_uint_fast64_t state;
};

struct chance *chance_new(uint64_t seed)
{
    struct chance *chance = calloc(1, sizeof(*chance));

    if (chance)
        atomic_init(&chance->state, seed);
    return chance;
}

void chance_free(struct chance *chance)
{
    free(chance);
}

/* SplitMix64 (Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", 2014). */
static uint64_t next(struct chance *chance)
{
    uint64_t z = atomic_fetch_add(&chance->state, 0x9e3779b97f4a7c15U) + 0x9e3779b97f4a7c15U;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

double chance_draw(struct chance *chance)
{
    return (double)(next(chance) >> 11) / 9007199254740992.0; /* 2^53: every bit of a double */
}

int chance_between(struct chance *chance, int min, int max)
{
    return max > min ? min + (int)(chance_draw(chance) * (max - min + 1)) : min;
}
