#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/standins/fcm/message.h"
#include "tests/standins/fcm/verdict.h"

/* jansson's iterators want a value that may change; nothing is changed through them. */
static json_t *loosen(const json_t *value)
{
    union {
        const json_t *in;
        json_t *out;
    } same = {value};

    return same.out;
}

__attribute__((format(printf, 4, 5))) static bool complain(struct complaint *complaint, const char *verdict,
                                                           const char *field, const char *format, ...)
{
    va_list args;

    complaint->verdict = verdict;
    snprintf(complaint->field, sizeof(complaint->field), "%s", field);
    va_start(args, format);
    vsnprintf(complaint->text, sizeof(complaint->text), format, args);
    va_end(args);
    return false;
}

/* --- names ---------------------------------------------------------------------------------------------- */

/* Both spellings of a name that has two are accepted. */
static const char *const request_names[] = {"message", "validate_only", "validateOnly", NULL};
static const char *const message_names[] = {
    "name",        "data",       "notification", "android", "android_v2", "androidV2", "webpush", "apns",
    "fcm_options", "fcmOptions", "token",        "fid",     "topic",      "condition", NULL};
static const char *const message_objects[] = {
    "data", "notification", "android",     "android_v2", "androidV2",
    "apns", "webpush",      "fcm_options", "fcmOptions", NULL};

static bool is_in(const char *name, const char *const *names)
{
    for (; *names; names++)
        if (strcmp(name, *names) == 0)
            return true;
    return false;
}

static bool has_only(const json_t *object, const char *const *names, const char *where,
                     struct complaint *complaint)
{
    const char *name;
    json_t *value;

    json_object_foreach(loosen(object), name, value)
    {
        if (!is_in(name, names))
            return complain(complaint, VERDICT_INVALID_JSON, "",
                            "Invalid JSON payload received. Unknown name \"%s\"%s: Cannot find field.", name,
                            where);
    }
    return true;
}

static bool is_absent(const json_t *value)
{
    return !value || json_is_null(value);
}

static bool check_objects(const json_t *body, struct message *out, struct complaint *complaint)
{
    char field[64];

    (void)out;
    for (const char *const *name = message_objects; *name; name++) {
        const json_t *value = json_object_get(body, *name);

        snprintf(field, sizeof(field), "message.%s", *name);
        if (!is_absent(value) && !json_is_object(value))
            return complain(complaint, VERDICT_INVALID_JSON, field, "Invalid value at '%s'", field);
    }
    return true;
}

/* --- target --------------------------------------------------------------------------------------------- */

bool message_is_topic(const char *text)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~%";
    size_t len = strlen(text);

    return len > 0 && len <= MESSAGE_TOPIC_MAX_BYTES && strspn(text, allowed) == len;
}

static size_t count(const char *text, const char *part)
{
    size_t n = 0;

    while ((text = strstr(text, part)) != NULL) {
        text += strlen(part);
        n++;
    }
    return n;
}

static bool check_target_text(const struct message *message, struct complaint *complaint)
{
    if (strcmp(message->kind, "topic") == 0 && !message_is_topic(message->target))
        return complain(complaint, VERDICT_INVALID_PAYLOAD, "message.topic", "Invalid topic name.");
    if (strcmp(message->kind, "condition") == 0) {
        size_t n = count(message->target, "in topics");

        if (n == 0 || n > MESSAGE_CONDITION_MAX_TOPICS)
            return complain(complaint, VERDICT_INVALID_PAYLOAD, "message.condition",
                            "Invalid condition expression provided.");
    }
    return true;
}

static bool check_target(const json_t *body, struct message *out, struct complaint *complaint)
{
    static const char *const kinds[] = {"token", "fid", "topic", "condition", NULL};

    for (const char *const *kind = kinds; *kind; kind++) {
        const json_t *value = json_object_get(body, *kind);
        char field[64];

        snprintf(field, sizeof(field), "message.%s", *kind);
        if (is_absent(value))
            continue;
        if (!json_is_string(value))
            return complain(complaint, VERDICT_INVALID_JSON, field, "Invalid value at '%s' (TYPE_STRING)",
                            field);
        if (out->target)
            return complain(
                complaint, VERDICT_INVALID_JSON, "message",
                "Invalid value at 'message' (oneof), oneof field 'target' is already set. Cannot set "
                "'%s'",
                *kind);
        out->kind = *kind;
        out->target = json_string_value(value);
    }
    if (!out->target || !*out->target)
        return complain(complaint, VERDICT_INVALID_PAYLOAD, "message",
                        "Recipient of the message is not set.");
    return check_target_text(out, complaint);
}

/* --- content -------------------------------------------------------------------------------------------- */

static bool is_reserved(const char *key)
{
    static const char *const whole[] = {"from", "message_type", "gcm", NULL};
    static const char *const prefixes[] = {"google.", "gcm.notification."};

    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
        if (strncmp(key, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    return is_in(key, whole);
}

static bool check_map(const json_t *data, const char *where, struct complaint *complaint)
{
    const char *key;
    json_t *value;
    char field[128];
    size_t i = 0;

    json_object_foreach(loosen(data), key, value)
    {
        if (!json_is_string(value)) {
            snprintf(field, sizeof(field), "%s[%zu].value", where, i);
            return complain(complaint, VERDICT_INVALID_PAYLOAD, field, "Invalid value at '%s' (TYPE_STRING)",
                            field);
        }
        if (is_reserved(key))
            return complain(complaint, VERDICT_INVALID_PAYLOAD, where, "Invalid data payload key: %s", key);
        i++;
    }
    return true;
}

static bool check_data(const json_t *body, struct message *out, struct complaint *complaint)
{
    const json_t *android = json_object_get(body, "android");

    (void)out;
    return check_map(json_object_get(body, "data"), "message.data", complaint) &&
           check_map(json_object_get(android, "data"), "message.android.data", complaint);
}

static bool check_android(const json_t *body, struct message *out, struct complaint *complaint)
{
    bool has_v2 =
        !is_absent(json_object_get(body, "android_v2")) || !is_absent(json_object_get(body, "androidV2"));

    (void)out;
    if (has_v2 && !is_absent(json_object_get(body, "android")))
        return complain(complaint, VERDICT_INVALID_PAYLOAD, "message.android_v2",
                        "Only one of android and android_v2 can be set.");
    return true;
}

/* A protobuf duration in JSON: decimal seconds, at most nine digits behind the point, "s". */
static bool check_ttl(const json_t *body, struct message *out, struct complaint *complaint)
{
    static const char field[] = "message.android.ttl";
    const json_t *value = json_object_get(json_object_get(body, "android"), "ttl");
    const char *text = json_string_value(value);
    char *end = NULL;
    double ttl_s;

    (void)out;
    if (is_absent(value))
        return true;
    ttl_s = text && text[strspn(text, "-0123456789.")] == 's' ? strtod(text, &end) : 0;
    if (!end || end == text || strcmp(end, "s") != 0)
        return complain(
            complaint, VERDICT_INVALID_JSON, field,
            "Invalid value at '%s' (type.googleapis.com/google.protobuf.Duration), Illegal duration "
            "format; duration must end with 's'",
            field);
    if (ttl_s < 0 || ttl_s > MESSAGE_TTL_MAX_S)
        return complain(complaint, VERDICT_INVALID_PAYLOAD, field,
                        "Invalid ttl: must be between 0 and %d seconds.", MESSAGE_TTL_MAX_S);
    return true;
}

/* Keys and texts, at all depths. */
static size_t weight(const json_t *value)
{
    const char *key;
    json_t *item;
    size_t n = json_string_length(value);
    size_t i;

    json_object_foreach(loosen(value), key, item) n += strlen(key) + weight(item);
    json_array_foreach(value, i, item) n += weight(item);
    return n;
}

static bool check_size(const json_t *body, struct message *out, struct complaint *complaint)
{
    const json_t *android = json_object_get(body, "android");
    size_t n = weight(json_object_get(body, "data")) + weight(json_object_get(body, "notification")) +
               weight(json_object_get(android, "data")) + weight(json_object_get(android, "notification"));

    (void)out;
    if (n > MESSAGE_PAYLOAD_MAX_BYTES)
        return complain(complaint, VERDICT_INVALID_PAYLOAD, "message", "Android message is too big");
    return true;
}

/* The order in which FCM would notice is not published; form comes before content. */
static bool (*const checks[])(const json_t *, struct message *, struct complaint *) = {
    check_objects, check_target, check_android, check_data, check_ttl, check_size,
};

static bool check_request(const json_t *root, bool refuses_unknown, struct message *out,
                          struct complaint *complaint)
{
    const json_t *dry_run = json_object_get(root, "validate_only");

    if (is_absent(dry_run))
        dry_run = json_object_get(root, "validateOnly");
    if (!json_is_object(root))
        return complain(complaint, VERDICT_INVALID_JSON, "",
                        "Invalid JSON payload received. Root element must be a message.");
    if (refuses_unknown && !has_only(root, request_names, "", complaint))
        return false;
    if (!is_absent(dry_run) && !json_is_boolean(dry_run))
        return complain(complaint, VERDICT_INVALID_JSON, "validate_only",
                        "Invalid value at 'validate_only' (TYPE_BOOL)");
    out->is_dry_run = json_is_true(dry_run);
    return true;
}

bool message_check(const json_t *root, bool refuses_unknown, struct message *out, struct complaint *complaint)
{
    const json_t *body = json_object_get(root, "message");

    *out = (struct message){0};
    if (!check_request(root, refuses_unknown, out, complaint))
        return false;
    if (is_absent(body))
        return complain(complaint, VERDICT_INVALID_PAYLOAD, "message",
                        "Recipient of the message is not set.");
    if (!json_is_object(body))
        return complain(complaint, VERDICT_INVALID_JSON, "message", "Invalid value at 'message'");
    if (refuses_unknown && !has_only(body, message_names, " at 'message'", complaint))
        return false;
    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
        if (!checks[i](body, out, complaint))
            return false;
    return true;
}
