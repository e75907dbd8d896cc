/* store.h - what push_send tells PostgreSQL beside the ledger: verdicts on devices, and parked messages.
 *
 * Is:      set-based: one statement for a whole batch, whatever its size.
 * Is not:  where it is decided what happens to a device (fcm.h, evidence.h, breaker.h).
 */
#ifndef NARAE_PUSH_STORE_H
#define NARAE_PUSH_STORE_H

#include <stddef.h>
#include <stdint.h>

#include <narae/err.h>
#include <narae/pg.h>
#include <narae/view.h>

/* A device, the version it had when it was claimed, and what FCM said of it. */
struct store_device_verdict {
    int64_t device_id;
    int64_t version;
    const char *reason; /* a device.inactive_reason; NULL = FCM accepted a push to it */
};

/* Deactivate devices, unless their client has registered again meanwhile, and note when the others were last
 * reached (to the day: it spares most of the writes).
 *
 * n_deactivated  out  how many were
 * Returns 0, or -1 as nr_pg_run(). */
int store_note_devices(struct nr_pg *pg, const struct store_device_verdict *verdicts, size_t n,
                       int64_t deadline_mono_ms, size_t *n_deactivated, struct nr_err *err) NR_MUST_CHECK;

/* A message that can never be sent; all borrowed. */
struct store_parked {
    struct nr_view sqs_message_id;
    struct nr_view message_id; /* empty = the body has none */
    struct nr_view body;
    const char *reason;
    int64_t receive_count;
};

/* Keep messages; one that is kept already stays as it was. Returns 0, or -1 as nr_pg_run(). */
int store_park(struct nr_pg *pg, const struct store_parked *parked, size_t n, int64_t deadline_mono_ms,
               struct nr_err *err) NR_MUST_CHECK;

#endif
