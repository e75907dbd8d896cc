/* slot.h - a scheduled moment, and the snapshot name that follows from it.
 *
 * Is:      pure; time -> slot -> name. The same slot of the same cluster has the same name whoever asks and
 *          whenever, so that a second delivery of one event finds what the first has made.
 * Is not:  a parser of names: whose a snapshot is and how old, its tags say.
 * Beware:  names may be 63 characters long, not 255 (that is for snapshots of instances).
 * Source:  RDS API, CreateDBClusterSnapshot: 1 to 63 letters, digits or hyphens, first a letter, no two
 *          hyphens in a row, no hyphen at the end; kept in lower case.
 */
#ifndef NARAE_SNAPSHOT_SLOT_H
#define NARAE_SNAPSHOT_SLOT_H

#include <stdbool.h>
#include <stdint.h>

#include <narae/attr.h>
#include <narae/err.h>
#include <narae/view.h>

enum {
    SLOT_NAME_MAX_BYTES = 63,
    SLOT_PREFIX_MAX_BYTES = 20, /* leaves 15 characters of a long cluster id readable */
    SLOT_RETRY_MAX = 9,         /* "-r9": one digit is reserved */
    SLOT_TEXT_BYTES = sizeof("2026-11-24T17:00:00Z"),
};

/* Everything is borrowed for the call. */
struct slot_subject {
    struct nr_view prefix; /* checked by policy.h: a letter first, then letters, digits, single hyphens */
    struct nr_view cluster_id;
    struct nr_view resource_id; /* DbClusterResourceId: what the hash of a cut name is made of */
};

/* The start of the step that holds unix_s; steps count from 1970-01-01 UTC. */
int64_t slot_floor(int64_t unix_s, int64_t step_s);

/* "<prefix>-<cluster>-<yyyymmdd>t<hhmm>z", with "-r<retry>" behind it for a second try (retry 2 to
 * SLOT_RETRY_MAX; else none). A cluster id that does not fit is cut and gets 8 hexadecimal digits of its
 * resource id's SHA-256. Returns 0, or -1: UNAVAILABLE (hash). */
int slot_name(const struct slot_subject *subject, int64_t slot_unix_s, int retry,
              char out[SLOT_NAME_MAX_BYTES + 1], struct nr_err *err) NR_MUST_CHECK;

/* RFC 3339 in UTC, as the slot's tag holds it. */
void slot_text(int64_t slot_unix_s, char out[SLOT_TEXT_BYTES]);

/* Could slot_name() have given this name to that slot, with whatever prefix and cluster? */
bool slot_is_named(struct nr_view name, int64_t slot_unix_s);

#endif
