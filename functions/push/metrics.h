/* metrics.h - what an invocation of push_send tells CloudWatch.
 *
 * Is:      one EMF line with counts by verdict, what became of the messages, latency and hygiene.
 * Is not:  per device or message: the ledger's view narae_push.trail answers that.
 */
#ifndef NARAE_PUSH_METRICS_H
#define NARAE_PUSH_METRICS_H

#include "functions/push/batch.h"
#include "functions/push/round.h"

/* Write the line; nothing when there was no message. pace_percent: how much of its rate the sandbox is at. */
void metrics_emit(const struct batch *batch, const struct round_counts *counts, double pace_percent);

#endif
