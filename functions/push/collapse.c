#include <narae/json.h>

#include "functions/push/collapse.h"

/* What must be there for a key to mean something. */
enum presence { ALWAYS, WITH_ITS_OBJECT, WITH_THAT_OR_COMMON /* a top-level notification */ };

/* Where the key goes. */
static const struct {
    enum presence presence;
    int n_steps;
    char path[4][20];
    char not_with[12]; /* a top-level member that takes the place of the first; "" = none */
} keys[] = {
    {WITH_THAT_OR_COMMON, 3, {"android", "notification", "tag"}, "android_v2"},
    {WITH_ITS_OBJECT, 4, {"android_v2", "remote_notification", "notification", "tag"}, ""},
    {ALWAYS, 3, {"apns", "headers", "apns-collapse-id"}, ""},
    {WITH_THAT_OR_COMMON, 3, {"webpush", "notification", "tag"}, ""},
};

static const json_t *look(const json_t *value, size_t key, int n_steps)
{
    for (int i = 0; i < n_steps; i++)
        value = json_object_get(value, keys[key].path[i]);
    return value;
}

static bool applies(const json_t *message, size_t key)
{
    enum presence presence = keys[key].presence;

    if (keys[key].not_with[0] && json_object_get(message, keys[key].not_with))
        return false;
    if (look(message, key, keys[key].n_steps)) /* the caller's own */
        return false;
    return presence == ALWAYS || json_is_object(look(message, key, keys[key].n_steps - 1)) ||
           (presence == WITH_THAT_OR_COMMON && json_is_object(json_object_get(message, "notification")));
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

static int set(json_t *message, size_t key, struct nr_view id)
{
    json_t *at = message;
    int last = keys[key].n_steps - 1;

    for (int i = 0; i < last; i++)
        if (!(at = own_member(at, keys[key].path[i])))
            return 0;
    return json_object_set_new(at, keys[key].path[last], json_stringn(id.ptr, id.len));
}

int collapse_apply(const json_t *message, struct nr_view id, json_t **out, struct nr_err *err)
{
    union {
        const json_t *in;
        json_t *out;
    } same = {message}; /* json_copy() reads only */
    NR_JSON_AUTO *copy = json_copy(same.out);

    for (size_t i = 0; copy && i < sizeof(keys) / sizeof(keys[0]); i++)
        if (applies(message, i) && set(copy, i, id) != 0)
            json_decref(copy), copy = NULL;
    if (!copy)
        return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.OutOfMemory", "no memory for a message");
    *out = copy;
    copy = NULL;
    return 0;
}
