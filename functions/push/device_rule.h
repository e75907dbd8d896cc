/* device_rule.h - what a device message does to a row of the registry.
 *
 * Is:      pure: the message and the rows as they are -> the change to make, and its name for the client.
 * Is not:  the change itself (store_registry.h), which is made only if the rows are still as they were read.
 * Beware:  queues deliver late and twice: what registers, replaces or signs out is compared with the time of
 *          the last message that did so, and an older one changes nothing.
 */
#ifndef NARAE_PUSH_DEVICE_RULE_H
#define NARAE_PUSH_DEVICE_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include <narae/view.h>

#include "functions/push/device_event.h"

/* How a registration stands. */
enum device_standing {
    DEVICE_ABSENT = 0, /* no row */
    DEVICE_ACTIVE,
    DEVICE_SIGNED_OUT, /* logout: only a register brings it back */
    DEVICE_SUPERSEDED, /* replaced: the same */
    DEVICE_LAPSED      /* stale, or dead by FCM's word: any sign of life brings it back */
};

struct device_row {
    enum device_standing standing;
    int64_t device_id;
    int64_t version;
    struct nr_view user; /* ptr NULL = nobody */
    struct nr_view platform;
    struct nr_view installation_id; /* ptr NULL = not known */
    int64_t registered_unix_ms;     /* last register, replace or unregister; 0 = none */
};

/* What the client, the log and the metrics are told. */
enum device_outcome {
    DEVICE_REGISTERED,   /* a new row */
    DEVICE_REFRESHED,    /* known already */
    DEVICE_REACTIVATED,  /* was inactive */
    DEVICE_MOVED,        /* belongs to another user, or to nobody, now */
    DEVICE_REPLACED,     /* took the place of another registration, its user and its topics */
    DEVICE_UNREGISTERED, /* signed out */
    DEVICE_SUBSCRIBED,
    DEVICE_UNSUBSCRIBED,
    DEVICE_OUTDATED, /* a later message came first */
    DEVICE_IGNORED,  /* signed out, replaced or inactive: the app has to register */
    DEVICE_UNKNOWN,  /* no such registration: the app has to register */
    DEVICE_N_OUTCOMES
};

/* What becomes of the topics that the row has already. */
enum device_topics {
    DEVICE_TOPICS_KEEP,
    DEVICE_TOPICS_DROP, /* they were somebody else's */
    DEVICE_TOPICS_REARM /* subscribe again what is wanted and not sure to be there */
};

enum device_write { DEVICE_WRITE_NOTHING = 0, DEVICE_WRITE_INSERT, DEVICE_WRITE_UPDATE };

struct device_change {
    enum device_outcome outcome;
    enum device_write write;
    bool is_signing; /* registers, replaces or signs out: moves the time that later ones are compared with */
    bool is_alive;   /* the row is active afterwards; else, when is_signing, signed out */
    bool ends_old;   /* the replaced row becomes inactive, its topics pass on */
    bool sets_user;
    struct nr_view user;            /* when sets_user; ptr NULL = nobody */
    struct nr_view platform;        /* ptr NULL = as it is */
    struct nr_view installation_id; /* ptr NULL = as it is */
    enum device_topics topics;
    int64_t at_unix_ms; /* of the message, never after now */
};

/* Decide.
 *
 * row          in   of the message's registration
 * old          in   of the one it replaces; absent for other actions
 * sent_unix_ms in   when the message was sent: its time when it says none; 0 = now
 * Total: every message has a change. Views borrow from the message and the rows. */
struct device_change device_rule_decide(const struct device_message *message, const struct device_row *row,
                                        const struct device_row *old, int64_t sent_unix_ms,
                                        int64_t now_unix_ms);

/* "registered", "refreshed" ...; never NULL. */
const char *device_outcome_name(enum device_outcome outcome);

#endif
