/* step.h - one answer as the configuration writes it: a verdict, and how it comes.
 *
 * Is:      pure; "accepted", or {"verdict": ..., "retry_after_s": ..., "retry_after_date_s": ..., "delay_ms":
 *          ..., "fault": ..., "times": ..., "for_s": ...}, read strictly.
 * Is not:  the choice of the step that answers (registry.h, mishap.h).
 */
#ifndef NARAE_STANDIN_FCM_STEP_H
#define NARAE_STANDIN_FCM_STEP_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/standins/fcm/fault.h"
#include "tests/standins/fcm/verdict.h"

struct step {
    const struct verdict *verdict;
    int retry_after_s;        /* header instead of the verdict's; 0 = none */
    bool is_retry_after_date; /* as an HTTP date instead of seconds */
    int delay_ms;             /* wait so long before the answer */
    enum fault fault;
    int64_t n_sends; /* how many it answers; 0 = no limit */
    int64_t for_ms;  /* how long it holds; 0 = no limit */
};

/* Read one. Returns 0, or -1 with the reason in why. */
int step_parse(json_t *value, struct step *out, char *why, size_t why_cap);

#endif
