#include <string.h>
#include <strings.h>

#include "functions/push/payload_fields.h"

enum {
    TTL_MAX_S = 2419200, /* four weeks */
    TTL_DIGITS_MAX = 9,  /* on either side of the point */
    LABEL_MAX_BYTES = 50,
    TEXT_MAX_BYTES = 4096, /* a longer one is over FCM's limit for the whole */
    PATH_STEPS_MAX = 3,
};

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

static bool is_reserved(const char *key)
{
    static const char whole[][16] = {"from", "message_type", "gcm"};
    static const char prefixes[][20] = {"google.", "gcm.notification."};

    for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++)
        if (strcmp(key, whole[i]) == 0)
            return true;
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
        if (strncmp(key, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    return false;
}

int payload_fields_data(const struct nr_json_place *data, struct nr_err *err)
{
    const char *key;
    json_t *value;

    json_object_foreach(loosen(data->value), key, value)
    {
        struct nr_json_place place = nr_json_member(data, key);

        if (is_reserved(key))
            return nr_json_refuse(&place, err, "is a key that FCM reserves");
        if (!json_is_string(value))
            return nr_json_refuse(&place, err, "must be a string, as all values of data");
    }
    return 0;
}

/* --- one field each ------------------------------------------------------------------------------------- */

static int check_data_object(const struct nr_json_place *place, struct nr_err *err)
{
    return nr_json_want_object(place, err) != 0 ? -1 : payload_fields_data(place, err);
}

static int check_headers(const struct nr_json_place *place, struct nr_err *err)
{
    const char *key;
    json_t *value;

    if (nr_json_want_object(place, err) != 0)
        return -1;
    json_object_foreach(loosen(place->value), key, value)
    {
        struct nr_json_place header = nr_json_member(place, key);

        if (!json_is_string(value))
            return nr_json_refuse(&header, err, "must be a string, as all headers");
    }
    return 0;
}

static int check_priority(const struct nr_json_place *place, struct nr_err *err)
{
    struct nr_view text;

    if (nr_json_want_text(place, 1, TEXT_MAX_BYTES, &text, err) != 0)
        return -1;
    if (!nr_view_is_nocase(text, NR_VIEW("normal")) && !nr_view_is_nocase(text, NR_VIEW("high")))
        return nr_json_refuse(place, err, "must be \"NORMAL\" or \"HIGH\"");
    return 0;
}

static size_t count_digits(struct nr_view text)
{
    size_t n = 0;

    while (n < text.len && text.ptr[n] >= '0' && text.ptr[n] <= '9')
        n++;
    return n;
}

/* "3.5s": digits, perhaps a point and up to nine more, and the unit. */
static bool read_duration(struct nr_view text, int64_t *seconds, bool *has_rest)
{
    size_t n = count_digits(text);
    struct nr_view rest = nr_view_n(text.ptr + n, text.len - n);
    size_t n_rest = 0;

    *seconds = 0;
    *has_rest = false;
    if (n == 0 || n > TTL_DIGITS_MAX)
        return false;
    for (size_t i = 0; i < n; i++)
        *seconds = *seconds * 10 + (text.ptr[i] - '0');
    if (rest.len && rest.ptr[0] == '.') {
        rest = nr_view_n(rest.ptr + 1, rest.len - 1);
        n_rest = count_digits(rest);
        for (size_t i = 0; i < n_rest; i++)
            *has_rest |= rest.ptr[i] != '0';
        rest = nr_view_n(rest.ptr + n_rest, rest.len - n_rest);
        if (n_rest == 0 || n_rest > TTL_DIGITS_MAX)
            return false;
    }
    return nr_view_is(rest, NR_VIEW("s"));
}

static int check_ttl(const struct nr_json_place *place, struct nr_err *err)
{
    struct nr_view text;
    int64_t seconds;
    bool has_rest;

    if (nr_json_want_text(place, 1, TEXT_MAX_BYTES, &text, err) != 0)
        return -1;
    if (!read_duration(text, &seconds, &has_rest))
        return nr_json_refuse(place, err, "must be a duration in seconds such as \"3.5s\"");
    if (seconds > TTL_MAX_S || (seconds == TTL_MAX_S && has_rest))
        return nr_json_refuse(place, err, "must be at most \"%ds\", four weeks", TTL_MAX_S);
    return 0;
}

static int check_color(const struct nr_json_place *place, struct nr_err *err)
{
    struct nr_view text;

    if (nr_json_want_text(place, 1, TEXT_MAX_BYTES, &text, err) != 0)
        return -1;
    if (text.len != strlen("#rrggbb") || text.ptr[0] != '#' ||
        strspn(text.ptr + 1, "0123456789abcdefABCDEF") != strlen("rrggbb"))
        return nr_json_refuse(place, err, "must be a colour such as \"#00ff7f\"");
    return 0;
}

static int check_link(const struct nr_json_place *place, struct nr_err *err)
{
    struct nr_view text;

    if (nr_json_want_text(place, 1, TEXT_MAX_BYTES, &text, err) != 0)
        return -1;
    return nr_view_starts(text, NR_VIEW("https://")) ? 0
                                                     : nr_json_refuse(place, err, "must begin with https://");
}

static int check_label(const struct nr_json_place *place, struct nr_err *err)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~%";
    struct nr_view text;

    if (nr_json_want_text(place, 1, LABEL_MAX_BYTES, &text, err) != 0)
        return -1;
    if (strspn(text.ptr, allowed) != text.len)
        return nr_json_refuse(place, err, "may only contain letters, digits and - _ . ~ %%");
    return 0;
}

/* Arguments without the text that they belong into. */
static int check_args(const struct nr_json_place *place, struct nr_err *err)
{
    const bool is_title = strcmp(place->name, "title_loc_args") == 0;
    struct nr_json_place key = nr_json_member(place->above, is_title ? "title_loc_key" : "body_loc_key");

    return nr_json_has(&key) ? 0 : nr_json_refuse(place, err, "needs \"%s\" beside it", key.name);
}

static const struct {
    char path[PATH_STEPS_MAX][16]; /* "" = none */
    int (*check)(const struct nr_json_place *, struct nr_err *);
} fields[] = {
    {{"android", "priority"}, check_priority},
    {{"android", "ttl"}, check_ttl},
    {{"android", "data"}, check_data_object},
    {{"android", "notification", "color"}, check_color},
    {{"android", "notification", "title_loc_args"}, check_args},
    {{"android", "notification", "body_loc_args"}, check_args},
    {{"android", "fcm_options", "analytics_label"}, check_label},
    {{"android_v2", "ttl"}, check_ttl},
    {{"apns", "headers"}, check_headers},
    {{"apns", "fcm_options", "analytics_label"}, check_label},
    {{"webpush", "headers"}, check_headers},
    {{"webpush", "data"}, check_data_object},
    {{"webpush", "fcm_options", "link"}, check_link},
    {{"webpush", "fcm_options", "analytics_label"}, check_label},
    {{"fcm_options", "analytics_label"}, check_label},
};

int payload_fields_check(const struct nr_json_place *message, struct nr_err *err)
{
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        struct nr_json_place places[PATH_STEPS_MAX];
        const struct nr_json_place *at = message;

        for (int step = 0; step < PATH_STEPS_MAX && fields[i].path[step][0]; step++) {
            places[step] = nr_json_member(at, fields[i].path[step]);
            at = &places[step];
        }
        if (nr_json_has(at) && fields[i].check(at, err) != 0)
            return -1;
    }
    return 0;
}
