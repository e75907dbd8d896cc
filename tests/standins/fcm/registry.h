/* registry.h - which answer a registration gets, and which one the next time.
 *
 * Is:      the scripts of the configuration: step after step, each for so many sends or for so long, the last
 *          one for ever.
 * Is not:  the answers themselves (verdict.h, step.h).
 * Beware:  each send that reaches a script moves it on, dry runs (validate_only) included. Targets without a
 *          script share one, "default_verdict".
 */
#ifndef NARAE_STANDIN_FCM_REGISTRY_H
#define NARAE_STANDIN_FCM_REGISTRY_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/standins/fcm/step.h"

struct registry;

/* Read "default_verdict" and "registrations" of the configuration.
 *
 * fallback     in   script of targets without one: text, object or list, NULL = accepted
 * scripts      in   object of target value to script; NULL = none
 * now_mono_ms  in   when the first steps begin
 * why          out  on failure what is wrong, why_cap bytes
 * Returns the registry, registry_free(); NULL when a script is malformed. */
struct registry *registry_new(json_t *fallback, json_t *scripts, int64_t now_mono_ms, char *why,
                              size_t why_cap);
void registry_free(struct registry *registry);

/* Threads: all safe. */

/* The step that answers this send to `target`. */
struct step registry_next(struct registry *registry, const char *target, int64_t now_mono_ms);

/* The same without moving the script on: what FCM thinks of the registration. */
struct step registry_peek(struct registry *registry, const char *target, int64_t now_mono_ms);

/* Give the targets of `scripts` another script. Returns 0, or -1 with the reason in why: nothing has
 * changed. */
int registry_change(struct registry *registry, json_t *scripts, int64_t now_mono_ms, char *why,
                    size_t why_cap);

/* Every script at its first step again. */
void registry_rewind(struct registry *registry, int64_t now_mono_ms);

#endif
