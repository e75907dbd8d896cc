#include "functions/push/pace.h"

enum {
    QUARTER_MS = 15 * 60 * 1000,
    RECOVERY_PERCENT_PER_S = 1, /* from half to whole in under a minute, as long as a ramp */
    SLOW_AGAIN_MS = 1000,       /* answers to what was in flight belong to the same refusal */
    WHOLE = 100,
};

void pace_init(struct pace *pace, int64_t rate_per_s, int64_t ramp_ms)
{
    *pace = (struct pace){.rate_per_s = rate_per_s, .ramp_ms = ramp_ms, .percent = WHOLE};
}

static void begin(struct pace *pace, int64_t now_ms)
{
    pace->is_begun = true;
    pace->begun_ms = pace->filled_ms = pace->used_ms = now_ms;
    pace->tokens = PACE_START_PUSHES;
}

/* Pushes per ms at this moment. */
static double rate_at(const struct pace *pace, int64_t now_ms)
{
    double rate = (double)pace->rate_per_s / 1000 * pace->percent / WHOLE;
    int64_t since_ms = now_ms - pace->begun_ms;

    return since_ms < pace->ramp_ms ? rate * (double)since_ms / (double)pace->ramp_ms : rate;
}

static double capacity(const struct pace *pace, double rate)
{
    double burst = rate * PACE_BURST_MS;
    double start = pace->tokens > PACE_START_PUSHES ? PACE_START_PUSHES : pace->tokens;

    if (burst < 1)
        burst = 1;
    return burst > start ? burst : start; /* what the start gave is not taken away by filling */
}

static void fill(struct pace *pace, int64_t now_ms)
{
    int64_t passed_ms = now_ms - pace->filled_ms;
    double rate = rate_at(pace, now_ms);
    /* Within the ramp the rate has grown since: the mean of both ends is exact, since it grows evenly. */
    double mean = (rate_at(pace, pace->filled_ms) + rate) / 2;
    double room = capacity(pace, rate);

    if (passed_ms <= 0)
        return;
    pace->tokens += mean * (double)passed_ms;
    if (pace->tokens > room)
        pace->tokens = room;
    pace->percent += (double)passed_ms / 1000 * RECOVERY_PERCENT_PER_S;
    if (pace->percent > WHOLE)
        pace->percent = WHOLE;
    pace->filled_ms = now_ms;
}

int64_t pace_take(struct pace *pace, int64_t now_mono_ms)
{
    double rate;
    double wait;

    if (!pace->is_begun || now_mono_ms - pace->used_ms > PACE_IDLE_MS)
        begin(pace, now_mono_ms);
    fill(pace, now_mono_ms);
    if (pace->tokens >= 1) {
        pace->tokens -= 1;
        pace->used_ms = now_mono_ms;
        return 0;
    }
    rate = rate_at(pace, now_mono_ms + 1);
    wait = rate > 0 ? (1 - pace->tokens) / rate : 1000;
    return wait < 1 ? 1 : wait > 1000 ? 1000 : (int64_t)wait; /* asking too early costs nothing */
}

void pace_slow(struct pace *pace, int64_t now_mono_ms)
{
    if (pace->slowed_ms && now_mono_ms - pace->slowed_ms < SLOW_AGAIN_MS)
        return;
    fill(pace, now_mono_ms);
    pace->slowed_ms = now_mono_ms;
    pace->tokens = 0;
    pace->percent /= 2;
    if (pace->percent < PACE_SLOWEST_PERCENT)
        pace->percent = PACE_SLOWEST_PERCENT;
}

int64_t pace_quarter_wait_ms(int64_t now_unix_ms)
{
    const int64_t spared_ms = INT64_C(2) * PACE_SPARE_MS;
    int64_t into_ms = (now_unix_ms + PACE_SPARE_MS) % QUARTER_MS;

    return into_ms < spared_ms ? spared_ms - into_ms : 0;
}
