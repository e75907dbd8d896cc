/* evidence.h - who is to blame for INVALID_ARGUMENT.
 *
 * Is:      pure: the verdicts of a run are weighed against each other; what stays open can be asked with a
 *          probe.
 * Is not:  the one who asks (round.c), nor the breaker.
 * Beware:  a payload that Android took may still be wrong for iOS: only a success on the same platform
 *          counts.
 * Source:  FCM "manage-tokens"; validate_only as the replacement for token validation
 *          (projects.messages.send).
 */
#ifndef NARAE_PUSH_EVIDENCE_H
#define NARAE_PUSH_EVIDENCE_H

#include <stddef.h>
#include <stdint.h>

#include <narae/err.h>
#include <narae/view.h>

#include "functions/push/fcm.h"
#include "functions/push/plan.h"

/* More open questions in one run are a sign of a bad payload, not of bad registrations: they cost quota. */
enum { EVIDENCE_PROBES_MAX = 20 };

/* Turn FCM_INVALID_ARGUMENT into FCM_INVALID_REGISTRATION where the same payload reached another device of
 * the same platform, and into FCM_INVALID_PAYLOAD where there is no registration.
 *
 * verdicts  inout  one for each send of the plan
 * probes    out    sends that are still open and worth a probe: room for EVIDENCE_PROBES_MAX
 * n_probes  out    how many
 * Returns 0, or -1: UNAVAILABLE (memory); the verdicts are then as they were. */
int evidence_weigh(const struct plan *plan, uint8_t *verdicts, size_t *probes, size_t *n_probes,
                   struct nr_err *err) NR_MUST_CHECK;

/* The request body of a probe: the same target, a payload that cannot be wrong, and nothing is delivered.
 * Borrows from send. */
void evidence_probe(const struct plan_send *send, struct nr_view body[PLAN_BODY_PARTS]);

/* What a probe's answer says about the send that it was for. */
enum fcm_verdict evidence_conclude(enum fcm_verdict of_probe);

#endif
