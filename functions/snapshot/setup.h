/* setup.h - what the environment says: the policies, and the quota of the account.
 *
 * Is:      read once at init; a policy behind a secret reference is read again at the first event when it
 *          cannot be reached.
 */
#ifndef NARAE_SNAPSHOT_SETUP_H
#define NARAE_SNAPSHOT_SETUP_H

#include <stdint.h>

#include <narae/attr.h>
#include <narae/err.h>

#include "functions/snapshot/policy.h"

struct setup {
    struct policy_set policies; /* n 0 = not read yet */
    int64_t quota;              /* manual cluster snapshots that the Region may hold */
    const char *region;         /* the function's own; borrowed from the environment */
};

/* Everything but the policies. Returns 0, or -1: INVALID, naming the variable. */
int setup_read(struct setup *out, struct nr_err *err) NR_MUST_CHECK;

/* The policies, unless they are there. Returns 0, or -1: as nr_secret_read() or policy_set_parse(). */
int setup_read_policies(struct setup *setup, int64_t deadline_mono_ms, struct nr_err *err) NR_MUST_CHECK;

#endif
