/* store.h - what push asks of PostgreSQL, every SQL statement as a named function.
 *
 * Is:      set-based: one statement for all messages of a batch, whatever their number.
 * Is not:  where it is decided what happens to a device.
 */
#ifndef NARAE_PUSH_STORE_H
#define NARAE_PUSH_STORE_H

#include <stddef.h>
#include <stdint.h>

#include <narae/err.h>
#include <narae/pg.h>

#include "functions/push/event.h"
#include "functions/push/plan.h"

/* The devices of a batch; views borrow from the rows inside. */
struct store_devices {
    struct plan_device *items; /* owned */
    size_t n;
    size_t n_unknown;        /* device ids asked for that are not in the registry, or not active */
    struct nr_pg_rows *rows; /* owned */
};

/* All active devices of the messages' users, and those named by id, each (message, device) once. Of an app
 * that registered as token and as fid, only the fid is taken.
 *
 * out  out  the caller's, store_devices_done()
 * Returns 0, or -1 as nr_pg_run(). Reads nothing when no message names users or devices. */
int store_find_devices(struct nr_pg *pg, const struct push_message *messages, const bool *is_skipped,
                       size_t n_messages, int64_t deadline_mono_ms, struct store_devices *out,
                       struct nr_err *err) NR_MUST_CHECK;

/* Accepts a zeroed value. */
void store_devices_done(struct store_devices *devices);

/* A device and the version it had when it was read. */
struct store_device_key {
    int64_t device_id;
    int64_t version;
};

/* Mark devices as unregistered, unless their client has registered again meanwhile.
 *
 * n_changed  out  how many were
 * Returns 0, or -1 as nr_pg_run(). */
int store_deactivate_unregistered(struct nr_pg *pg, const struct store_device_key *keys, size_t n_keys,
                                  int64_t deadline_mono_ms, size_t *n_changed,
                                  struct nr_err *err) NR_MUST_CHECK;

#endif
