#include <stdio.h>
#include <time.h>

#include <narae/clock.h>

static const struct nr_clock *replaced;

static int64_t read_us(clockid_t id)
{
    struct timespec now;

    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t nr_clock_wall_ms(void)
{
    return replaced ? replaced->wall_ms(replaced->self) : read_us(CLOCK_REALTIME) / 1000;
}

int64_t nr_clock_mono_ms(void)
{
    return replaced ? replaced->mono_ms(replaced->self) : read_us(CLOCK_MONOTONIC) / 1000;
}

int64_t nr_clock_mono_us(void)
{
    return replaced ? replaced->mono_ms(replaced->self) * 1000 : read_us(CLOCK_MONOTONIC);
}

int64_t nr_clock_left_ms(int64_t deadline_mono_ms)
{
    int64_t left;

    if (deadline_mono_ms == NR_CLOCK_NEVER_MS)
        return NR_CLOCK_NEVER_MS;
    left = deadline_mono_ms - nr_clock_mono_ms();
    return left > 0 ? left : 0;
}

void nr_clock_replace(const struct nr_clock *fake)
{
    replaced = fake;
}

void nr_clock_rfc3339(int64_t wall_ms, char *out)
{
    time_t s = (time_t)(wall_ms / 1000);
    struct tm utc;

    if (wall_ms < 0 || !gmtime_r(&s, &utc) || utc.tm_year > 9999 - 1900) {
        gmtime_r(&(time_t){0}, &utc);
        wall_ms = 0;
    }
    snprintf(out, NR_CLOCK_RFC3339_BYTES, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ",
             (unsigned)(utc.tm_year + 1900) % 10000u, (unsigned)(utc.tm_mon + 1) % 100u,
             (unsigned)utc.tm_mday % 100u, (unsigned)utc.tm_hour % 100u, (unsigned)utc.tm_min % 100u,
             (unsigned)utc.tm_sec % 100u, (unsigned)(wall_ms % 1000));
}
