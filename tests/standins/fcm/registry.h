/* registry.h - which answer a registration gets, and which one the next time.
 *
 * Is:      the scripts of the configuration: a step for each send, the last one for ever.
 * Is not:  the answers themselves (verdict.h).
 * Beware:  each send that reaches a script moves it on, dry runs (validate_only) included.
 */
#ifndef NARAE_STANDIN_FCM_REGISTRY_H
#define NARAE_STANDIN_FCM_REGISTRY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "tests/standins/fcm/verdict.h"

struct step {
    const struct verdict *verdict;
    int retry_after_s;        /* header instead of the verdict's; 0 = none */
    bool is_retry_after_date; /* as an HTTP date instead of seconds */
    int delay_ms;             /* wait so long before the answer */
    size_t until;             /* how many sends this step and those before it answer; the last: no limit */
};

struct registry;

/* Read "default_verdict" and "registrations" of the configuration.
 *
 * fallback  in   script of targets without one: text, object or list, NULL = accepted
 * scripts   in   object of target value to script; NULL = none
 * why       out  on failure what is wrong, why_cap bytes
 * Returns the registry, registry_free(); NULL when a script is malformed. */
struct registry *registry_new(const json_t *fallback, const json_t *scripts, char *why, size_t why_cap);
void registry_free(struct registry *registry);

/* The step that answers this send to `target`. Threads: safe. */
const struct step *registry_next(struct registry *registry, const char *target);

/* Every script at its first step again. Threads: safe. */
void registry_rewind(struct registry *registry);

#endif
