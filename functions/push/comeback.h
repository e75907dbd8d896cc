/* comeback.h - when a message comes back, from when its sends are due.
 *
 * Is:      pure: waits are added in any order; then one is chosen.
 * Is not:  how long a send must wait (backoff.h).
 * Beware:  each return costs one of the receives that the queue counts (12; then the dead-letter queue), due
 *          or not. A return for each send would use them up; a single one for all makes the soonest wait for
 *          the last. Hence first for what is due first, and for all together once half of the receives are
 *          gone.
 */
#ifndef NARAE_PUSH_COMEBACK_H
#define NARAE_PUSH_COMEBACK_H

#include <stdbool.h>
#include <stdint.h>

enum { COMEBACK_SOON_RECEIVES = 6 /* of maxReceiveCount, 12 in template.yaml */ };

/* Zeroed = nothing is due. */
struct comeback {
    bool is_due;
    int64_t first_ms;    /* from now until the soonest */
    int64_t together_ms; /* until the last of those that failed with it, and were spread by jitter */
    int64_t last_ms;     /* until the last of all */
};

void comeback_add(struct comeback *comeback, int64_t wait_ms);

/* Add what another one knows. */
void comeback_join(struct comeback *comeback, const struct comeback *other);

/* From now, how long the message should stay away. receive_count: of this receive, from 1. */
int64_t comeback_wait_ms(const struct comeback *comeback, int64_t receive_count);

#endif
