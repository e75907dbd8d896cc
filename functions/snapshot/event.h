/* event.h - what set the function off, and for which moment.
 *
 * Is:      pure; every shape in which a schedule, a person or RDS calls: an EventBridge rule's event,
 *          EventBridge Scheduler's (whose detail may be a string), a configured input, `{}`, an RDS event.
 * Is not:  a judge of the moment: whether it is too old, the main file asks.
 * Beware:  a trigger borrows from the event, and from the JSON in a string detail, which it owns.
 * Source:  EventBridge User Guide, "Scheduled events"; EventBridge Scheduler User Guide, "Context
 *          attributes"; Aurora User Guide, "Amazon RDS event categories and event messages".
 */
#ifndef NARAE_SNAPSHOT_EVENT_H
#define NARAE_SNAPSHOT_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include <narae/attr.h>
#include <narae/err.h>
#include <narae/view.h>

enum trigger_mode {
    TRIGGER_SNAPSHOT, /* make, prune, copy, share, report */
    TRIGGER_COPY,     /* share and copy what has become available since; nothing is made */
    TRIGGER_CHECK,    /* only look and report */
    TRIGGER_PLAN,     /* say what a run would do, and why */
    TRIGGER_VERIFY,   /* say how to restore the newest good snapshot beside its cluster */
    TRIGGER_N_MODES
};

struct trigger {
    enum trigger_mode mode;
    bool is_manual;            /* nobody said for when: the slot is now, and a retry would have another one */
    int64_t scheduled_unix_ms; /* unless manual */
    struct nr_view policy;     /* empty = all */
    struct nr_view cluster;    /* only this one; empty = all */
    struct nr_view source_id;  /* what an RDS event speaks of; empty = none */
    bool is_dry_run;           /* delete nothing, whatever the policy says */
    json_t *detail;            /* owned: JSON out of a string */
};

/* Read a trigger. `event` is borrowed and must outlive *out; *out is the caller's, trigger_done().
 * Returns 0, or -1: INVALID, Function.InvalidMessage or Function.InvalidJson, naming the member. */
int trigger_parse(const json_t *event, struct trigger *out, struct nr_err *err) NR_MUST_CHECK;

/* Accepts a zeroed trigger. */
void trigger_done(struct trigger *trigger);

/* "snapshot", "check" ... */
const char *trigger_mode_name(enum trigger_mode mode);

#endif
