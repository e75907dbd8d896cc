#include <criterion/criterion.h>

#include "functions/push/pace.h"

enum { SECOND_MS = 1000, MINUTE_MS = 60 * 1000, QUARTER_MS = 15 * MINUTE_MS };

/* Push as fast as it lets us, for so long; how many went. */
static int push_for(struct pace *pace, int64_t *now_ms, int64_t duration_ms)
{
    int64_t end_ms = *now_ms + duration_ms;
    int n = 0;

    while (*now_ms < end_ms) {
        int64_t wait_ms = pace_take(pace, *now_ms);

        if (wait_ms == 0)
            n++;
        *now_ms += wait_ms;
    }
    return n;
}

static void expect_between(int got, int least, int most, const char *what)
{
    cr_expect(got >= least && got <= most, "%s: %d, wanted %d to %d", what, got, least, most);
}

Test(pace, sends_a_small_event_at_once)
{
    struct pace pace;

    pace_init(&pace, 2500, MINUTE_MS);

    for (int i = 0; i < PACE_START_PUSHES; i++)
        cr_expect_eq(pace_take(&pace, 5000), 0);
    cr_expect_gt(pace_take(&pace, 5000), 0);
}

/* The area below the ramp is half of what the whole rate would give. */
Test(pace, ramps_evenly_from_nothing_to_the_rate)
{
    int64_t now_ms = 5000;
    struct pace pace;

    pace_init(&pace, 1000, MINUTE_MS);

    expect_between(push_for(&pace, &now_ms, 6 * SECOND_MS), 250, 410, "first tenth");
    expect_between(push_for(&pace, &now_ms, 54 * SECOND_MS), 29000, 30000, "the rest of the ramp");
    expect_between(push_for(&pace, &now_ms, 10 * SECOND_MS), 9900, 10200, "after the ramp");
}

Test(pace, holds_any_rate_without_a_ramp)
{
    static const int rates[] = {1, 7, 1000, 2500, 9999};

    for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
        int64_t now_ms = 5000;
        struct pace pace;

        pace_init(&pace, rates[i], 0);
        (void)push_for(&pace, &now_ms, 10 * SECOND_MS);

        expect_between(push_for(&pace, &now_ms, 20 * SECOND_MS), rates[i] * 20 * 98 / 100,
                       rates[i] * 20 * 102 / 100 + 1, "20 s");
    }
}

/* A full second of silence must not be made up for in one burst. */
Test(pace, does_not_save_up)
{
    int64_t now_ms = 5000;
    struct pace pace;

    pace_init(&pace, 1000, 0);
    (void)push_for(&pace, &now_ms, SECOND_MS);
    now_ms += 30 * SECOND_MS;

    expect_between(push_for(&pace, &now_ms, 1), 90, PACE_BURST_MS + 2, "at once");
}

Test(pace, ramps_again_after_a_pause)
{
    int64_t now_ms = 5000;
    struct pace pace;

    pace_init(&pace, 1000, MINUTE_MS);
    (void)push_for(&pace, &now_ms, 2 * MINUTE_MS);
    now_ms += PACE_IDLE_MS + 1000;

    expect_between(push_for(&pace, &now_ms, 6 * SECOND_MS), 250, 410, "after a pause");
}

Test(pace, halves_when_fcm_says_no_and_recovers)
{
    int64_t now_ms = 5000;
    struct pace pace;

    pace_init(&pace, 1000, 0);
    (void)push_for(&pace, &now_ms, SECOND_MS);
    for (int i = 0; i < 50; i++)
        pace_slow(&pace, now_ms + i); /* answers to what was in flight */

    expect_between(push_for(&pace, &now_ms, 2 * SECOND_MS), 900, 1100, "half");
    expect_between(push_for(&pace, &now_ms, 48 * SECOND_MS), 34000, 37000, "recovering");
    expect_between(push_for(&pace, &now_ms, 10 * SECOND_MS), 9900, 10200, "whole again");
}

Test(pace, never_stops_altogether)
{
    int64_t now_ms = 5000;
    struct pace pace;

    pace_init(&pace, 1000, 0);
    cr_expect_eq(pace_take(&pace, now_ms), 0);
    for (int i = 0; i < 20; i++) {
        pace_slow(&pace, now_ms);
        now_ms += 1000;
    }

    expect_between(push_for(&pace, &now_ms, 2 * SECOND_MS), 90, 150, "a twentieth");
}

Test(pace, spares_a_minute_on_both_sides_of_a_quarter_hour)
{
    static const struct {
        int64_t at_ms, wait_ms;
    } rows[] = {
        {0, MINUTE_MS},
        {MINUTE_MS - 1, 1},
        {MINUTE_MS, 0},
        {7 * MINUTE_MS, 0},
        {QUARTER_MS - MINUTE_MS - 1, 0},
        {QUARTER_MS - MINUTE_MS, 2 * MINUTE_MS},
        {3 * QUARTER_MS, MINUTE_MS},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        cr_expect_eq(pace_quarter_wait_ms(INT64_C(1795680000000) + rows[i].at_ms), rows[i].wait_ms,
                     "%zu: %lld", i, (long long)pace_quarter_wait_ms(INT64_C(1795680000000) + rows[i].at_ms));
}
