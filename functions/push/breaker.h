/* breaker.h - what stops a mistake of ours from deactivating every device.
 *
 * Is:      pure: a count of answers and of those that blame the registration, over the sandbox's recent past.
 * Is not:  for UNREGISTERED, which is FCM's own word and heals by itself when the app registers again.
 * Beware:  it works on shares, so single bad registrations pass while a wrong project or a payload that FCM
 *          mistakes for a bad registration is stopped after the first few.
 * Source:  FCM "manage-tokens": delete on INVALID_ARGUMENT only if the payload is certainly valid.
 */
#ifndef NARAE_PUSH_BREAKER_H
#define NARAE_PUSH_BREAKER_H

#include <stdbool.h>
#include <stddef.h>

enum {
    BREAKER_MIN_BLAMED = 10, /* fewer are no pattern */
    BREAKER_WINDOW = 2000,   /* answers; beyond it the past fades by halves */
};

/* Zeroed = nothing seen. */
struct breaker {
    size_t n_answered;
    size_t n_blamed;
};

/* Count what a run of sends brought. */
void breaker_add(struct breaker *breaker, size_t n_answered, size_t n_blamed);

/* Is the share of blamed ones above max_percent? 100 = never. */
bool breaker_is_open(const struct breaker *breaker, int max_percent);

#endif
