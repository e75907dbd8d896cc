#include <stdio.h>
#include <string.h>

#include <narae/json.h>
#include <narae/rfc3339.h>

#include "functions/push/event.h"
#include "functions/push/payload.h"

enum {
    TOPIC_MAX_BYTES = 900,
    CONDITION_MAX_BYTES = 1000,
    CONDITION_TOPICS_MAX = 5,
    DEVICE_ID_MAX_BYTES = 18 /* any such number fits into a bigint */
};

/* --- to ------------------------------------------------------------------------------------------------- */

static int check_user(const struct nr_json_place *item, struct nr_view text, struct nr_err *err)
{
    (void)item;
    (void)text;
    (void)err;
    return 0; /* any text within the length is somebody's user id */
}

static int check_device(const struct nr_json_place *item, struct nr_view text, struct nr_err *err)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < (i ? '0' : '1') || text.ptr[i] > '9')
            return nr_json_refuse(item, err, "must be a device_id, a whole number in a string");
    return 0;
}

static int parse_list(const struct nr_json_place *place, size_t item_max_bytes,
                      int (*check)(const struct nr_json_place *, struct nr_view, struct nr_err *),
                      struct push_message *out, struct nr_err *err)
{
    size_t n;

    if (nr_json_want_array(place, 1, PUSH_LIST_MAX, &n, err) != 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        struct nr_json_place item = nr_json_item(place, i);
        struct nr_view text;

        if (nr_json_want_text(&item, 1, item_max_bytes, &text, err) != 0 || check(&item, text, err) != 0)
            return -1;
    }
    out->list = place->value;
    return 0;
}

static int parse_users(const struct nr_json_place *place, struct push_message *out, struct nr_err *err)
{
    return parse_list(place, PUSH_USER_ID_MAX_BYTES, check_user, out, err);
}

static int parse_devices(const struct nr_json_place *place, struct push_message *out, struct nr_err *err)
{
    return parse_list(place, DEVICE_ID_MAX_BYTES, check_device, out, err);
}

static bool is_topic_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("-_.~%", c);
}

static int parse_topic(const struct nr_json_place *place, struct push_message *out, struct nr_err *err)
{
    if (nr_json_want_text(place, 1, TOPIC_MAX_BYTES, &out->name, err) != 0)
        return -1;
    for (size_t i = 0; i < out->name.len; i++)
        if (!is_topic_char(out->name.ptr[i]))
            return nr_json_refuse(place, err, "may only contain letters, digits and - _ . ~ %%");
    return 0;
}

static int parse_condition(const struct nr_json_place *place, struct push_message *out, struct nr_err *err)
{
    static const char operator[] = " in topics";
    size_t n = 0;

    if (nr_json_want_text(place, 1, CONDITION_MAX_BYTES, &out->name, err) != 0)
        return -1;
    for (const char *at = out->name.ptr; (at = strstr(at, operator)); at += sizeof(operator) - 1)
        n++;
    if (n > CONDITION_TOPICS_MAX)
        return nr_json_refuse(place, err, "names %zu topics, FCM takes %d", n, CONDITION_TOPICS_MAX);
    return 0;
}

/* Indexed by enum push_target. */
static const struct {
    const char *name;
    int (*parse)(const struct nr_json_place *, struct push_message *, struct nr_err *);
} targets[] = {
    [PUSH_TO_USERS] = {"users", parse_users},
    [PUSH_TO_DEVICES] = {"devices", parse_devices},
    [PUSH_TO_TOPIC] = {"topic", parse_topic},
    [PUSH_TO_CONDITION] = {"condition", parse_condition},
};

static int parse_to(const struct nr_json_place *to, struct push_message *out, struct nr_err *err)
{
    static const char *const names[] = {"users", "devices", "topic", "condition", NULL};

    if (nr_json_want_object(to, err) != 0 || nr_json_want_only(to, names, err) != 0)
        return -1;
    if (json_object_size(to->value) != 1)
        return nr_json_refuse(to, err, "must have exactly one of users, devices, topic, condition");
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        struct nr_json_place place = nr_json_member(to, targets[i].name);

        out->target = (enum push_target)i;
        if (json_object_get(to->value, targets[i].name))
            return targets[i].parse(&place, out, err);
    }
    return nr_json_refuse(to, err, "must have one of users, devices, topic, condition");
}

/* --- the rest ------------------------------------------------------------------------------------------- */

static int parse_expiry(const struct nr_json_place *place, struct push_message *out, struct nr_err *err)
{
    struct nr_view text;

    if (!nr_json_has(place))
        return 0;
    if (nr_json_want_text(place, 1, 64, &text, err) != 0)
        return -1;
    if (!nr_rfc3339_parse(text, &out->expires_unix_ms))
        return nr_json_refuse(place, err, "must be a time such as 2026-12-01T09:00:00Z");
    if (out->expires_unix_ms == 0)
        out->expires_unix_ms = 1; /* 0 means never */
    return 0;
}

static int parse_members(const struct nr_json_place *body, struct push_message *out, struct nr_err *err)
{
    static const char *const names[] = {"id", "to", "message", "expires_at", "validate_only", NULL};
    struct nr_json_place id = nr_json_member(body, "id");
    struct nr_json_place to = nr_json_member(body, "to");
    struct nr_json_place message = nr_json_member(body, "message");
    struct nr_json_place expires_at = nr_json_member(body, "expires_at");
    struct nr_json_place validate_only = nr_json_member(body, "validate_only");

    if (nr_json_want_object(body, err) != 0 || nr_json_want_only(body, names, err) != 0 ||
        nr_json_want_text(&id, 1, PUSH_ID_MAX_BYTES, &out->id, err) != 0 || parse_to(&to, out, err) != 0 ||
        payload_check(&message, err) != 0 || parse_expiry(&expires_at, out, err) != 0)
        return -1;
    if (nr_json_has(&validate_only) && nr_json_want_bool(&validate_only, &out->is_validate_only, err) != 0)
        return -1;
    out->message = message.value;
    return 0;
}

int push_message_parse(struct nr_view body, size_t position, struct push_message *out, struct nr_err *err)
{
    struct push_message message = {0};
    struct nr_json_place root;
    char name[40];

    snprintf(name, sizeof(name), "Records[%zu].body", position);
    if (nr_json_parse(body, name, &message.doc, err) != 0)
        return -1;
    root = nr_json_root(name, message.doc);
    if (parse_members(&root, &message, err) != 0) {
        push_message_done(&message);
        return -1;
    }
    *out = message;
    return 0;
}

void push_message_done(struct push_message *message)
{
    json_decref(message->doc);
    *message = (struct push_message){0};
}
