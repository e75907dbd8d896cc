/* quota.h - so many requests in each window, and all of them back at its end.
 *
 * Is:      FCM's bucket: full refill once a minute, the minute not aligned to the clock; a 429 is not
 *          charged.
 * Is not:  a clock; the time comes with each call.
 * Threads: all safe.
 * Source:  FCM "Throttling and quotas", November 2026: 600,000 sends a minute, 3,000 topic calls a second.
 */
#ifndef NARAE_STANDIN_FCM_QUOTA_H
#define NARAE_STANDIN_FCM_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

struct quota;

/* n_max 0 = no limit. The first window begins `phase_ms` after the start. */
struct quota *quota_new(int64_t n_max, int64_t window_ms, int64_t phase_ms);
void quota_free(struct quota *quota);

/* Take one; false when the window has none left. */
bool quota_take(struct quota *quota, int64_t now_mono_ms);

/* It was answered by 429 after all. */
void quota_give_back(struct quota *quota);

/* Until the bucket is full again. */
int64_t quota_left_ms(struct quota *quota, int64_t now_mono_ms);

#endif
