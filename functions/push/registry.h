/* registry.h - device messages applied to the registry.
 *
 * Is:      read, decide, write, and again for what somebody else changed in between.
 * Is not:  parsing or replying (push_devices.c), nor the SQL (store_registry.h).
 */
#ifndef NARAE_PUSH_REGISTRY_H
#define NARAE_PUSH_REGISTRY_H

#include <stddef.h>
#include <stdint.h>

#include <narae/err.h>
#include <narae/pg.h>

#include "functions/push/store_registry.h"

/* Apply a wave (device_wave.h).
 *
 * items  in/out  message and sent_unix_ms given; of those that are done afterwards, change.outcome and
 *                device_id say what came of them. What is not done lost the race for its rows again and
 *                again: to be tried later
 * Returns 0, or -1 as nr_pg_run(): what is not done was not changed. */
int registry_apply(struct nr_pg *pg, struct registry_item *const *items, size_t n_items, int64_t now_unix_ms,
                   int64_t deadline_mono_ms, struct nr_err *err) NR_MUST_CHECK;

#endif
