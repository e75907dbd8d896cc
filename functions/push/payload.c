#include <string.h>

#include "functions/push/payload.h"
#include "functions/push/payload_fields.h"

/* Walk an object that is only borrowed; jansson's iterators are not const-correct, nothing is changed through
 * them. */
static json_t *loosen(const json_t *value)
{
    union {
        const json_t *in;
        json_t *out;
    } same = {value};

    return same.out;
}

/* --- the checks, each on the whole message -------------------------------------------------------------- */

static int check_no_target(const struct nr_json_place *message, struct nr_err *err)
{
    static const char targets[][12] = {"token", "fid", "topic", "condition", "name"};

    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        struct nr_json_place place = nr_json_member(message, targets[i]);

        if (json_object_get(message->value, targets[i]))
            return nr_json_refuse(&place, err, "must not be given: push_send sets the target from \"to\"");
    }
    return 0;
}

static int check_one_android(const struct nr_json_place *message, struct nr_err *err)
{
    struct nr_json_place android = nr_json_member(message, "android");
    struct nr_json_place android_v2 = nr_json_member(message, "android_v2");

    if (nr_json_has(&android) && nr_json_has(&android_v2))
        return nr_json_refuse(&android_v2, err, "excludes \"android\"");
    return 0;
}

static int check_objects(const struct nr_json_place *message, struct nr_err *err)
{
    static const char objects[][16] = {"data", "notification", "android",    "android_v2",
                                       "apns", "webpush",      "fcm_options"};

    for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++) {
        struct nr_json_place place = nr_json_member(message, objects[i]);

        if (nr_json_has(&place) && nr_json_want_object(&place, err) != 0)
            return -1;
    }
    return 0;
}

static int check_data(const struct nr_json_place *message, struct nr_err *err)
{
    struct nr_json_place data = nr_json_member(message, "data");

    return payload_fields_data(&data, err);
}

static size_t text_bytes(const json_t *value)
{
    const char *key;
    json_t *item;
    size_t n = 0;
    size_t i;

    if (json_is_string(value))
        return json_string_length(value);
    json_object_foreach(loosen(value), key, item) n += strlen(key) + text_bytes(item);
    json_array_foreach(value, i, item) n += text_bytes(item);
    return n;
}

size_t payload_bytes(const json_t *message)
{
    return text_bytes(json_object_get(message, "data")) +
           text_bytes(json_object_get(message, "notification"));
}

static int check_size(const struct nr_json_place *message, struct nr_err *err)
{
    size_t n = payload_bytes(message->value);

    if (n > PAYLOAD_MAX_BYTES)
        return nr_json_refuse(message, err, "data and notification have %zu bytes, FCM takes %d", n,
                              PAYLOAD_MAX_BYTES);
    return 0;
}

static int (*const checks[])(const struct nr_json_place *, struct nr_err *) = {
    nr_json_want_object, check_no_target,      check_one_android, check_objects,
    check_data,          payload_fields_check, check_size,
};

int payload_check(const struct nr_json_place *message, struct nr_err *err)
{
    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
        if (checks[i](message, err) != 0)
            return -1;
    return 0;
}
