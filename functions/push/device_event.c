#include <string.h>

#include <narae/rfc3339.h>

#include "functions/push/device_event.h"

enum { TIME_MAX_BYTES = 64 };

/* Which members an action takes beside those that all take. */
enum members { NOTHING = 0, OWNER = 1, TOPICS = 2, REPLACES = 4, MUST_OWN = 8, MUST_HAVE_TOPICS = 16 };

static const struct {
    const char *name;
    unsigned members;
    const char *const *accepted;
} actions[DEVICE_N_ACTIONS] = {
    [DEVICE_REGISTER] = {"register", OWNER | MUST_OWN | TOPICS,
                         (const char *const[]){"action", "app_id", "kind", "registration", "at", "platform",
                                               "user", "installation_id", "topics", NULL}},
    [DEVICE_REFRESH] = {"refresh", NOTHING,
                        (const char *const[]){"action", "app_id", "kind", "registration", "at", NULL}},
    [DEVICE_REPLACE] = {"replace", OWNER | REPLACES,
                        (const char *const[]){"action", "app_id", "kind", "registration", "at", "platform",
                                              "user", "installation_id", "replaces", NULL}},
    [DEVICE_UNREGISTER] = {"unregister", NOTHING,
                           (const char *const[]){"action", "app_id", "kind", "registration", "at", NULL}},
    [DEVICE_SUBSCRIBE] = {"subscribe", TOPICS | MUST_HAVE_TOPICS,
                          (const char *const[]){"action", "app_id", "kind", "registration", "at", "topics",
                                                NULL}},
    [DEVICE_UNSUBSCRIBE] = {"unsubscribe", TOPICS | MUST_HAVE_TOPICS,
                            (const char *const[]){"action", "app_id", "kind", "registration", "at", "topics",
                                                  NULL}},
};

static const char *const platforms[] = {"android", "ios", "web", NULL};
static const char *const kinds[] = {"token", "fid", NULL};

/* The position of text in names; -1 with `advice` when it is none of them. */
static int one_of(const struct nr_json_place *place, const char *const *names, const char *advice,
                  struct nr_view *out, struct nr_err *err)
{
    if (nr_json_want_text(place, 1, DEVICE_NAME_MAX_BYTES, out, err) != 0)
        return -1;
    for (int i = 0; names[i]; i++)
        if (nr_view_is(*out, nr_view(names[i])))
            return i;
    return nr_json_refuse(place, err, "must be %s", advice);
}

static int parse_action(const struct nr_json_place *body, enum device_action *out, struct nr_err *err)
{
    struct nr_json_place place = nr_json_member(body, "action");
    const char *names[DEVICE_N_ACTIONS + 1] = {NULL};
    struct nr_view text;
    int found;

    for (int i = 0; i < DEVICE_N_ACTIONS; i++)
        names[i] = actions[i].name;
    found =
        one_of(&place, names, "register, refresh, replace, unregister, subscribe or unsubscribe", &text, err);
    if (found < 0)
        return -1;
    *out = (enum device_action)found;
    return 0;
}

static int parse_key(const struct nr_json_place *above, struct device_key *out, struct nr_err *err)
{
    struct nr_json_place kind = nr_json_member(above, "kind");
    struct nr_json_place registration = nr_json_member(above, "registration");
    struct nr_view text;
    int found = one_of(&kind, kinds, "token or fid", &text, err);

    if (found < 0)
        return -1;
    out->is_fid = found == 1;
    return nr_json_want_text(&registration, 1, DEVICE_REGISTRATION_MAX_BYTES, &out->registration, err);
}

static int optional_name(const struct nr_json_place *body, const char *name, struct nr_view *out,
                         struct nr_err *err)
{
    struct nr_json_place place = nr_json_member(body, name);

    return nr_json_has(&place) ? nr_json_want_text(&place, 1, DEVICE_NAME_MAX_BYTES, out, err) : 0;
}

static int parse_owner(const struct nr_json_place *body, bool is_required, struct device_message *out,
                       struct nr_err *err)
{
    struct nr_json_place platform = nr_json_member(body, "platform");

    if (optional_name(body, "user", &out->user, err) != 0 ||
        optional_name(body, "installation_id", &out->installation_id, err) != 0)
        return -1;
    if (!is_required && !nr_json_has(&platform))
        return 0;
    return one_of(&platform, platforms, "android, ios or web", &out->platform, err) < 0 ? -1 : 0;
}

static bool is_topic(struct nr_view text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              strchr("-_.~%", c)))
            return false;
    }
    return true;
}

static int parse_topics(const struct nr_json_place *body, bool is_required, struct device_message *out,
                        struct nr_err *err)
{
    struct nr_json_place place = nr_json_member(body, "topics");
    size_t n;

    if (!is_required && !nr_json_has(&place))
        return 0;
    if (nr_json_want_array(&place, 1, DEVICE_TOPICS_MAX, &n, err) != 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        struct nr_json_place item = nr_json_item(&place, i);
        struct nr_view text;

        if (nr_json_want_text(&item, 1, DEVICE_TOPIC_MAX_BYTES, &text, err) != 0)
            return -1;
        if (!is_topic(text))
            return nr_json_refuse(&item, err, "may only contain letters, digits and - _ . ~ %%");
    }
    out->topics = place.value;
    return 0;
}

static int parse_replaces(const struct nr_json_place *body, struct device_message *out, struct nr_err *err)
{
    static const char *const names[] = {"kind", "registration", NULL};
    struct nr_json_place place = nr_json_member(body, "replaces");

    if (nr_json_want_object(&place, err) != 0 || nr_json_want_only(&place, names, err) != 0 ||
        parse_key(&place, &out->replaces, err) != 0)
        return -1;
    if (out->replaces.is_fid == out->device.is_fid &&
        nr_view_is(out->replaces.registration, out->device.registration))
        return nr_json_refuse(&place, err, "must be another registration");
    return 0;
}

static int parse_at(const struct nr_json_place *body, int64_t *out, struct nr_err *err)
{
    struct nr_json_place place = nr_json_member(body, "at");
    struct nr_view text;

    if (!nr_json_has(&place))
        return 0;
    if (nr_json_want_text(&place, 1, TIME_MAX_BYTES, &text, err) != 0)
        return -1;
    if (!nr_rfc3339_parse(text, out) || *out <= 0)
        return nr_json_refuse(&place, err, "must be a time such as 2026-12-01T09:00:00Z");
    return 0;
}

static int parse_members(const struct nr_json_place *body, unsigned members, struct device_message *out,
                         struct nr_err *err)
{
    if (optional_name(body, "app_id", &out->app_id, err) != 0 || parse_key(body, &out->device, err) != 0 ||
        parse_at(body, &out->at_unix_ms, err) != 0)
        return -1;
    if (members & OWNER && parse_owner(body, members & MUST_OWN, out, err) != 0)
        return -1;
    if (members & TOPICS && parse_topics(body, members & MUST_HAVE_TOPICS, out, err) != 0)
        return -1;
    return members & REPLACES ? parse_replaces(body, out, err) : 0;
}

int device_message_parse(const struct nr_json_place *place, struct device_message *out, struct nr_err *err)
{
    struct device_message message = {.app_id = NR_VIEW("default")};

    if (nr_json_want_object(place, err) != 0 || parse_action(place, &message.action, err) != 0 ||
        nr_json_want_only(place, actions[message.action].accepted, err) != 0 ||
        parse_members(place, actions[message.action].members, &message, err) != 0)
        return -1;
    *out = message;
    return 0;
}

const char *device_action_name(enum device_action action)
{
    return (unsigned)action < DEVICE_N_ACTIONS ? actions[action].name : "unknown";
}
