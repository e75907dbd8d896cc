/* pace.h - when the next push may go.
 *
 * Is:      pure: a token bucket with a ramp, slowed by 429 and 503; and the quarter hours that FCM wants
 *          spared.
 * Is not:  shared between sandboxes: each has its share of the project's quota, so that the sum holds by
 *          itself.
 * Beware:  time is the caller's, in monotonic ms; only the quarter hours need the wall clock.
 * Source:  FCM "scale-fcm": ramp from 0 over at least 60 s, no spending of a minute's quota in its first
 *          seconds, not in the 2 minutes around :00, :15, :30 and :45.
 */
#ifndef NARAE_PUSH_PACE_H
#define NARAE_PUSH_PACE_H

#include <stdbool.h>
#include <stdint.h>

enum {
    /* What a sandbox may send at once after a pause: a small event must not wait for a ramp that is about
       load. */
    PACE_START_PUSHES = 100,
    PACE_IDLE_MS = 60 * 1000,  /* after such a pause the ramp begins anew */
    PACE_BURST_MS = 100,       /* of the rate: how far the bucket fills while nothing is sent */
    PACE_SLOWEST_PERCENT = 5,  /* of the rate: never slower, however often FCM says no */
    PACE_SPARE_MS = 60 * 1000, /* on both sides of a quarter hour */
};

struct pace {
    int64_t rate_per_s; /* target */
    int64_t ramp_ms;    /* 0 = none */
    int64_t begun_ms;   /* of the ramp; mono */
    int64_t filled_ms;  /* bucket is right for this time; mono */
    int64_t used_ms;    /* last push; mono */
    double tokens;      /* pushes that may go now */
    double percent;     /* of the rate: 100 unless FCM said no */
    int64_t slowed_ms;  /* last time FCM said no; mono; 0 = never */
    bool is_begun;
};

/* Returns nothing that can fail; rate_per_s is at least 1. */
void pace_init(struct pace *pace, int64_t rate_per_s, int64_t ramp_ms);

/* May one push go now? Returns 0 and counts it, or the ms after which to ask again, at least 1. */
int64_t pace_take(struct pace *pace, int64_t now_mono_ms);

/* FCM has refused a push for want of room: half the rate, but not again within a second. */
void pace_slow(struct pace *pace, int64_t now_mono_ms);

/* Milliseconds until the end of the quarter hour's spared time; 0 outside of it. */
int64_t pace_quarter_wait_ms(int64_t now_unix_ms);

#endif
