/* prune_settings.h - how old is too old.
 *
 * Is:      the table of environment variables; README has the same one.
 */
#ifndef NARAE_PUSH_PRUNE_SETTINGS_H
#define NARAE_PUSH_PRUNE_SETTINGS_H

#include <stdint.h>

#include <narae/err.h>

#include "functions/push/prune.h"

struct prune_settings {
    int64_t stale_days[PRUNE_N_PLATFORMS]; /* without a sign of life */
    int64_t max_percent;                   /* of a platform's active devices, deactivated in one run */
    int64_t remove_days;                   /* inactive for so long: the row goes */
    int64_t ledger_days;
    int64_t parked_days;
};

/* Returns 0, or -1: INVALID, naming the variable. */
int prune_settings_read(struct prune_settings *out, struct nr_err *err) NR_MUST_CHECK;

#endif
