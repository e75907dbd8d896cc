/* device_batch.h - the messages of one invocation of push_devices, from bytes to what became of each.
 *
 * Is:      the intake, the messages read from it, and the registry's word on each of them.
 * Is not:  topics (topic_job.h); what is logged is told to the caller.
 */
#ifndef NARAE_PUSH_DEVICE_BATCH_H
#define NARAE_PUSH_DEVICE_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <narae/err.h>
#include <narae/pg.h>

#include "functions/push/device_intake.h"
#include "functions/push/store_registry.h"

struct device_batch {
    struct device_intake intake;
    struct device_message *messages; /* owned; one for each input, zeroed where it is malformed */
    struct registry_item *items;     /* owned; of the same */
    bool *is_closed;                 /* owned; malformed, done, or given back */
    size_t n_malformed;
    size_t n_by_outcome[DEVICE_N_OUTCOMES];
};

/* Called once for each failure: of message i, or of all that are left when i is SIZE_MAX. */
typedef void (*device_complain_fn)(const struct device_batch *batch, size_t i, const struct nr_err *why);

/* Read an event. What is malformed is answered and told to `complain`.
 *
 * event  in   borrowed as long as the batch is used
 * out    out  the caller's, device_batch_done()
 * Returns 0, or -1: INVALID, Function.InvalidEvent; UNAVAILABLE (memory). */
int device_batch_read(const json_t *event, device_complain_fn complain, struct device_batch *out,
                      struct nr_err *err) NR_MUST_CHECK;

/* Is there anything for the registry to do? */
bool device_batch_is_open(const struct device_batch *batch);

/* Apply what is open, in the order in which it came. What cannot be applied is answered so, and told to
 * `complain`; in a FIFO group nothing overtakes what failed before it, but for what can never work. Returns
 * the error that ended it early, NR_ERR_NONE when none did. */
enum nr_err_kind device_batch_apply(struct device_batch *batch, struct nr_pg *pg, int64_t now_unix_ms,
                                    int64_t deadline_mono_ms, device_complain_fn complain);

/* Answer everything that is open with this error. */
void device_batch_give_back(struct device_batch *batch, const struct nr_err *why);

/* Accepts a zeroed batch. */
void device_batch_done(struct device_batch *batch);

#endif
