/* store_registry.h - the device registry as push_devices reads and changes it, every SQL as a named function.
 *
 * Is:      set-based: one statement reads the rows of all items, one makes all changes and what they mean for
 *          topics, each change whole or not at all.
 * Is not:  where it is decided what a message does; device_rule.h is.
 * Beware:  a change is made only if its rows still have the versions that it was decided on. What lost that
 *          race is not written, and has to be read and decided again. No registration may be in two items.
 */
#ifndef NARAE_PUSH_STORE_REGISTRY_H
#define NARAE_PUSH_STORE_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <narae/err.h>
#include <narae/pg.h>

#include "functions/push/device_event.h"
#include "functions/push/device_rule.h"

/* One message on its way through the registry. */
struct registry_item {
    const struct device_message *message; /* borrowed */
    int64_t sent_unix_ms;                 /* 0 = not known */
    struct device_row row, old;           /* what was read; borrowed from the rows */
    struct device_change change;
    int64_t device_id; /* of the message's registration, once it is known; 0 = none */
    bool is_done;      /* the change is made, or there is none to make */
};

/* Read the rows of all items that are not done.
 *
 * items  out  row and old; views borrow from *rows
 * rows   out  owned by the caller, nr_pg_rows_free()
 * Returns 0, or -1 as nr_pg_run(). */
int store_registry_read(struct nr_pg *pg, struct registry_item *const *items, size_t n_items,
                        int64_t deadline_mono_ms, struct nr_pg_rows **rows, struct nr_err *err) NR_MUST_CHECK;

/* Make the changes of all items that are not done; those that were made are done afterwards.
 *
 * Returns 0, or -1 as nr_pg_run(): then nothing is changed. */
int store_registry_write(struct nr_pg *pg, struct registry_item *const *items, size_t n_items,
                         int64_t deadline_mono_ms, struct nr_err *err) NR_MUST_CHECK;

#endif
