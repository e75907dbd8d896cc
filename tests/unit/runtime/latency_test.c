#include <criterion/criterion.h>

#include "runtime/latency.h"

static const char *format(const struct latency *latency)
{
    static struct nr_buf line;

    nr_buf_init(&line, 4096);
    latency_format(&line, latency);
    return nr_buf_text(&line);
}

Test(latency, takes_figures_that_were_seen)
{
    int64_t times_us[] = {900, 5, 3, 4, 2, 1, 8, 7, 6, 9};

    const struct latency latency = latency_of(times_us, 10);

    cr_expect_eq(latency.first_us, 900);
    cr_expect_eq(latency.min_us, 1);
    cr_expect_eq(latency.median_us, 5);
    cr_expect_eq(latency.p99_us, 900);
    cr_expect_eq(latency.max_us, 900);
}

Test(latency, leaves_one_in_a_hundred_above_p99)
{
    int64_t times_us[200];

    for (int i = 0; i < 200; i++)
        times_us[i] = 200 - i;

    cr_expect_eq(latency_of(times_us, 200).p99_us, 198);
}

Test(latency, makes_do_with_a_single_time)
{
    int64_t time_us = 42;

    const struct latency latency = latency_of(&time_us, 1);

    cr_expect_str_eq(format(&latency),
                     "1 invocation: first 0.042 ms, min 0.042, median 0.042, p99 0.042, max 0.042");
}

Test(latency, prints_milliseconds)
{
    const struct latency latency = {
        .n = 1000, .first_us = 12345, .min_us = 3, .median_us = 4, .p99_us = 11, .max_us = 12345};

    cr_expect_str_eq(format(&latency),
                     "1000 invocations: first 12.345 ms, min 0.003, median 0.004, p99 0.011, max 12.345");
}
