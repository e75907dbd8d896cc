#include <narae/json.h>

#include "functions/push/collapse.h"

/* Where the key goes, and what must be there for it to mean something. A row whose `only_with` is NULL always
 * applies; paths end with NULL. */
static const struct {
    const char *path[4];
    const char *only_with[4]; /* this, or a top-level notification where is_common is set */
    bool is_common;
    const char *not_with; /* a top-level member that takes the place of the first */
} keys[] = {
    {{"android", "notification", "tag", NULL}, {"android", "notification", NULL}, true, "android_v2"},
    {{"android_v2", "remote_notification", "notification", "tag"},
     {"android_v2", "remote_notification", "notification", NULL},
     false,
     NULL},
    {{"apns", "headers", "apns-collapse-id", NULL}, {NULL}, true, NULL},
    {{"webpush", "notification", "tag", NULL}, {"webpush", "notification", NULL}, true, NULL},
};

enum { PATH_MAX_STEPS = 4 };

static const json_t *look(const json_t *value, const char *const *path)
{
    for (int i = 0; i < PATH_MAX_STEPS && path[i]; i++)
        value = json_object_get(value, path[i]);
    return value;
}

static bool applies(const json_t *message, size_t i)
{
    bool has_notification = json_is_object(json_object_get(message, "notification"));

    if (keys[i].not_with && json_object_get(message, keys[i].not_with))
        return false;
    if (look(message, keys[i].path)) /* the caller's own */
        return false;
    return !keys[i].only_with[0] || (keys[i].is_common && has_notification) ||
           json_is_object(look(message, keys[i].only_with));
}

/* The member as an object of our own: a copy of what was there, or a new one. NULL: no memory, or something
 * else is there, which FCM may judge. */
static json_t *own_member(json_t *object, const char *name)
{
    json_t *old = json_object_get(object, name);
    json_t *own = old && !json_is_null(old) ? json_copy(old) : json_object();

    if (!json_is_object(own) || json_object_set(object, name, own) != 0) {
        json_decref(own);
        return NULL;
    }
    json_decref(own); /* object has it */
    return own;
}

static int set(json_t *message, const char *const *path, struct nr_view id)
{
    json_t *at = message;
    int last = 0;

    while (last + 1 < PATH_MAX_STEPS && path[last + 1])
        last++;
    for (int i = 0; i < last; i++)
        if (!(at = own_member(at, path[i])))
            return 0;
    return json_object_set_new(at, path[last], json_stringn(id.ptr, id.len));
}

int collapse_apply(const json_t *message, struct nr_view id, json_t **out, struct nr_err *err)
{
    union {
        const json_t *in;
        json_t *out;
    } same = {message}; /* json_copy() reads only */
    NR_JSON_AUTO *copy = json_copy(same.out);

    for (size_t i = 0; copy && i < sizeof(keys) / sizeof(keys[0]); i++)
        if (applies(message, i) && set(copy, keys[i].path, id) != 0)
            json_decref(copy), copy = NULL;
    if (!copy)
        return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.OutOfMemory", "no memory for a message");
    *out = copy;
    copy = NULL;
    return 0;
}
