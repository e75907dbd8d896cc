/* judge.h - the last word on verdicts that blame a registration.
 *
 * Is:      evidence first, then a few probes for what stays open, then the breaker over all of it.
 * Is not:  what is done to a device (round.c, store.h).
 * Beware:  it changes the verdicts of a delivery; give them to nobody before.
 */
#ifndef NARAE_PUSH_JUDGE_H
#define NARAE_PUSH_JUDGE_H

#include <stdbool.h>

#include "functions/push/breaker.h"
#include "functions/push/delivery.h"

/* Judge what a delivery brought. breaker is the sandbox's, max_percent its threshold.
 * True when the breaker is open: what it concerned is FCM_STOPPED now. */
bool judge_verdicts(struct delivery *delivery, struct breaker *breaker, int max_percent);

#endif
