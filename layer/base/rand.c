#include <stdbool.h>
#include <sys/random.h>

#include <narae/clock.h>
#include <narae/rand.h>

/* One sequence for each thread, so that none waits for another or repeats it. */
static _Thread_local uint64_t state __attribute__((tls_model("initial-exec")));
static _Thread_local bool is_seeded __attribute__((tls_model("initial-exec")));

void nr_rand_fix(uint64_t seed)
{
    state = seed;
    is_seeded = true;
}

void nr_rand_reseed(void)
{
    uint64_t seed;

    /* getrandom cannot fail here once the kernel is up; the clock is for the sandbox that forbids the call.
     */
    if (getrandom(&seed, sizeof(seed), 0) != (ssize_t)sizeof(seed))
        seed = (uint64_t)nr_clock_mono_us();
    nr_rand_fix(seed);
}

/* SplitMix64: small, fast, no bad seeds. Source: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number
 * Generators". */
static uint64_t draw(void)
{
    uint64_t z = (state += 0x9e3779b97f4a7c15ULL);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

uint64_t nr_rand_below(uint64_t below)
{
    if (!is_seeded)
        nr_rand_reseed();
    return below < 2 ? 0 : draw() % below;
}
