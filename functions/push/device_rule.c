#include "functions/push/device_rule.h"

static const char *const outcome_names[DEVICE_N_OUTCOMES] = {
    [DEVICE_REGISTERED] = "registered",   [DEVICE_REFRESHED] = "refreshed",
    [DEVICE_REACTIVATED] = "reactivated", [DEVICE_MOVED] = "moved",
    [DEVICE_REPLACED] = "replaced",       [DEVICE_UNREGISTERED] = "unregistered",
    [DEVICE_SUBSCRIBED] = "subscribed",   [DEVICE_UNSUBSCRIBED] = "unsubscribed",
    [DEVICE_OUTDATED] = "outdated",       [DEVICE_IGNORED] = "ignored",
    [DEVICE_UNKNOWN] = "unknown",
};

const char *device_outcome_name(enum device_outcome outcome)
{
    return (unsigned)outcome < DEVICE_N_OUTCOMES ? outcome_names[outcome] : "unknown";
}

static int64_t time_of(const struct device_message *message, int64_t sent_unix_ms, int64_t now_unix_ms)
{
    int64_t at = message->at_unix_ms ? message->at_unix_ms : sent_unix_ms;

    /* A client whose clock is ahead would otherwise lock everybody else out until then. */
    return at && at < now_unix_ms ? at : now_unix_ms;
}

static bool is_outdated(const struct device_change *change, const struct device_row *row)
{
    return row->standing != DEVICE_ABSENT && change->at_unix_ms < row->registered_unix_ms;
}

static void write_row(struct device_change *change, const struct device_row *row)
{
    change->write = row->standing == DEVICE_ABSENT ? DEVICE_WRITE_INSERT : DEVICE_WRITE_UPDATE;
    change->is_alive = true;
}

static void set_owner(struct device_change *change, const struct device_message *message)
{
    change->is_signing = true;
    change->sets_user = true;
    change->user = message->user;
    change->platform = message->platform;
    change->installation_id = message->installation_id;
}

/* Somebody was signed in, and it is not who is signed in now. */
static bool is_other_user(const struct device_row *row, struct nr_view user)
{
    return row->user.ptr && !(user.ptr && nr_view_is(row->user, user));
}

static void decide_register(const struct device_message *message, const struct device_row *row,
                            struct device_change *change)
{
    if (is_outdated(change, row)) {
        change->outcome = DEVICE_OUTDATED;
        return;
    }
    write_row(change, row);
    set_owner(change, message);
    if (row->standing == DEVICE_ABSENT) {
        change->outcome = DEVICE_REGISTERED;
    } else if (is_other_user(row, message->user)) {
        change->outcome = DEVICE_MOVED;
        change->topics = DEVICE_TOPICS_DROP;
    } else {
        change->outcome = row->standing == DEVICE_ACTIVE ? DEVICE_REFRESHED : DEVICE_REACTIVATED;
        change->topics = DEVICE_TOPICS_REARM;
    }
}

static void decide_refresh(const struct device_row *row, struct device_change *change)
{
    if (row->standing == DEVICE_ABSENT) {
        change->outcome = DEVICE_UNKNOWN;
    } else if (row->standing == DEVICE_SIGNED_OUT || row->standing == DEVICE_SUPERSEDED) {
        change->outcome = DEVICE_IGNORED;
    } else if (is_outdated(change, row)) {
        change->outcome = DEVICE_OUTDATED;
    } else {
        write_row(change, row);
        change->outcome = row->standing == DEVICE_ACTIVE ? DEVICE_REFRESHED : DEVICE_REACTIVATED;
        change->topics = DEVICE_TOPICS_REARM;
    }
}

static void inherit(struct device_change *change, const struct device_row *old)
{
    if (!change->user.ptr)
        change->user = old->user;
    if (!change->platform.ptr)
        change->platform = old->platform;
    if (!change->installation_id.ptr)
        change->installation_id = old->installation_id;
}

/* Nothing is known of the registration before: what the message itself says must do. */
static void decide_orphan(const struct device_message *message, const struct device_row *row,
                          struct device_change *change)
{
    if (row->standing != DEVICE_ABSENT && !message->user.ptr)
        decide_refresh(row, change);
    else if (row->standing != DEVICE_ABSENT || message->platform.ptr)
        decide_register(message, row, change);
    else
        change->outcome = DEVICE_UNKNOWN;
}

static void decide_replace(const struct device_message *message, const struct device_row *row,
                           const struct device_row *old, struct device_change *change)
{
    if (old->standing == DEVICE_ABSENT) {
        decide_orphan(message, row, change);
    } else if (is_outdated(change, row) || is_outdated(change, old)) {
        change->outcome = DEVICE_OUTDATED;
    } else if (old->standing == DEVICE_SIGNED_OUT) {
        change->outcome = DEVICE_IGNORED;
    } else if (old->standing == DEVICE_SUPERSEDED && row->standing == DEVICE_ACTIVE) {
        change->outcome = DEVICE_REFRESHED; /* the same message again */
    } else {
        write_row(change, row);
        set_owner(change, message);
        inherit(change, old);
        change->ends_old = true;
        change->topics = is_other_user(row, change->user) ? DEVICE_TOPICS_DROP : DEVICE_TOPICS_REARM;
        change->outcome = DEVICE_REPLACED;
    }
}

static void decide_unregister(const struct device_row *row, struct device_change *change)
{
    if (row->standing == DEVICE_ABSENT) {
        change->outcome = DEVICE_UNKNOWN;
    } else if (is_outdated(change, row)) {
        change->outcome = DEVICE_OUTDATED;
    } else {
        change->write = DEVICE_WRITE_UPDATE;
        change->is_signing = true;
        change->sets_user = true;
        change->topics = DEVICE_TOPICS_DROP;
        change->outcome = DEVICE_UNREGISTERED;
    }
}

/* The topics themselves are the message's; each has a time of its own that an older wish is compared with.
 * Dropping a wish is never refused: a registration that comes back must not inherit it. */
static void decide_topics(bool is_wanted, const struct device_row *row, struct device_change *change)
{
    if (row->standing == DEVICE_ABSENT) {
        change->outcome = DEVICE_UNKNOWN;
    } else if (is_wanted && row->standing != DEVICE_ACTIVE) {
        change->outcome = DEVICE_IGNORED;
    } else {
        change->write = DEVICE_WRITE_UPDATE;
        change->is_alive = row->standing == DEVICE_ACTIVE;
        change->outcome = is_wanted ? DEVICE_SUBSCRIBED : DEVICE_UNSUBSCRIBED;
    }
}

struct device_change device_rule_decide(const struct device_message *message, const struct device_row *row,
                                        const struct device_row *old, int64_t sent_unix_ms,
                                        int64_t now_unix_ms)
{
    struct device_change change = {.at_unix_ms = time_of(message, sent_unix_ms, now_unix_ms)};

    switch (message->action) {
    case DEVICE_REGISTER:
        decide_register(message, row, &change);
        break;
    case DEVICE_REFRESH:
        decide_refresh(row, &change);
        break;
    case DEVICE_REPLACE:
        decide_replace(message, row, old, &change);
        break;
    case DEVICE_UNREGISTER:
        decide_unregister(row, &change);
        break;
    case DEVICE_SUBSCRIBE:
    case DEVICE_UNSUBSCRIBE:
    case DEVICE_N_ACTIONS:
        decide_topics(message->action == DEVICE_SUBSCRIBE, row, &change);
        break;
    }
    return change;
}
