#include <stddef.h>

#include <narae/clock.h>

#include "tests/support/fake_clock.h"

static int64_t wall;
static int64_t mono;

static int64_t read_wall(void *self)
{
    (void)self;
    return wall;
}

static int64_t read_mono(void *self)
{
    (void)self;
    return mono;
}

void fake_clock_set(int64_t wall_ms, int64_t mono_ms)
{
    static const struct nr_clock fake = {read_wall, read_mono, NULL};

    wall = wall_ms;
    mono = mono_ms;
    nr_clock_replace(&fake);
}

void fake_clock_advance(int64_t ms)
{
    wall += ms;
    mono += ms;
}
