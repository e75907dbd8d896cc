#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <narae/buf.h>
#include <narae/json.h>

enum { PATH_MAX_BYTES = 256, DEPTH_MAX = 32 };

/* jansson's words without the bytes that it quotes: documents from outside may hold secrets. */
static int words_of(const json_error_t *at)
{
    const char *quote = strstr(at->text, " near '");

    return quote ? (int)(quote - at->text) : (int)strnlen(at->text, sizeof(at->text));
}

int nr_json_parse(struct nr_view text, const char *what, json_t **out, struct nr_err *err)
{
    json_error_t at;
    json_t *value =
        json_loadb(text.ptr ? text.ptr : "", text.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &at);

    if (value) {
        *out = value;
        return 0;
    }
    if (json_error_code(&at) == json_error_out_of_memory)
        return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.OutOfMemory", "%s: no memory to parse it", what);
    return nr_err_set(err, NR_ERR_INVALID, "Function.InvalidJson", "%s: not JSON: line %d, column %d: %.*s",
                      what, at.line, at.column, words_of(&at), at.text);
}

static int dump_piece(const char *bytes, size_t len, void *out)
{
    nr_buf_add(out, nr_view_n(bytes, len));
    return 0;
}

int nr_json_dump(const json_t *value, struct nr_buf *out, struct nr_err *err)
{
    if (json_dump_callback(value, dump_piece, out, JSON_COMPACT | JSON_ENCODE_ANY) != 0)
        return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.OutOfMemory", "no memory to write JSON");
    return nr_buf_check(out, "JSON", err);
}

struct nr_json_place nr_json_root(const char *name, const json_t *value)
{
    return (struct nr_json_place){NULL, name, 0, json_is_null(value) ? NULL : value};
}

struct nr_json_place nr_json_member(const struct nr_json_place *above, const char *name)
{
    const json_t *value = json_object_get(above->value, name);

    return (struct nr_json_place){above, name, 0, json_is_null(value) ? NULL : value};
}

struct nr_json_place nr_json_item(const struct nr_json_place *above, size_t index)
{
    const json_t *value = json_array_get(above->value, index);

    return (struct nr_json_place){above, NULL, index, json_is_null(value) ? NULL : value};
}

bool nr_json_has(const struct nr_json_place *place)
{
    return place->value != NULL;
}

static size_t add_step(const struct nr_json_place *place, char *out, size_t cap, size_t at)
{
    int n;

    if (at + 1 >= cap)
        return at;
    if (place->name)
        n = snprintf(out + at, cap - at, "%s%.64s", at && place->name[0] ? "." : "", place->name);
    else
        n = snprintf(out + at, cap - at, "[%zu]", place->index);
    return n < 0 || (size_t)n >= cap - at ? cap - 1 : at + (size_t)n;
}

void nr_json_path(const struct nr_json_place *place, char *out, size_t cap)
{
    const struct nr_json_place *steps[DEPTH_MAX];
    size_t n = 0;
    size_t at = 0;

    for (; place && n < DEPTH_MAX; place = place->above)
        steps[n++] = place;
    if (cap)
        out[0] = '\0';
    while (n > 0)
        at = add_step(steps[--n], out, cap, at);
}

int nr_json_record(const struct nr_json_place *place, struct nr_err *err, const char *format, ...)
{
    char path[PATH_MAX_BYTES];
    char what[NR_ERR_MESSAGE_MAX_BYTES - PATH_MAX_BYTES];
    va_list args;

    nr_json_path(place, path, sizeof(path));
    va_start(args, format);
    vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    return nr_err_set(err, NR_ERR_INVALID, "Function.InvalidMessage", "%s%s%s", path, path[0] ? ": " : "",
                      what);
}

static const char *type_name(const json_t *value)
{
    static const char *const names[] = {"an object", "an array",  "a string", "a whole number",
                                        "a number",  "a boolean", "a boolean"};
    int type = value ? (int)json_typeof(value) : -1;

    return type >= 0 && type < (int)(sizeof(names) / sizeof(names[0])) ? names[type] : "null";
}

static int refuse_type(const struct nr_json_place *place, const char *wanted, struct nr_err *err)
{
    if (!place->value)
        return nr_json_refuse(place, err, "missing; must be %s", wanted);
    return nr_json_refuse(place, err, "must be %s, is %s", wanted, type_name(place->value));
}

int nr_json_want_object(const struct nr_json_place *place, struct nr_err *err)
{
    return json_is_object(place->value) ? 0 : refuse_type(place, "an object", err);
}

int nr_json_want_array(const struct nr_json_place *place, size_t min_items, size_t max_items, size_t *n_items,
                       struct nr_err *err)
{
    size_t n;

    if (!json_is_array(place->value))
        return refuse_type(place, "an array", err);
    n = json_array_size(place->value);
    if (n < min_items || n > max_items)
        return nr_json_refuse(place, err, "must have %zu to %zu items, has %zu", min_items, max_items, n);
    *n_items = n;
    return 0;
}

int nr_json_want_text(const struct nr_json_place *place, size_t min_bytes, size_t max_bytes,
                      struct nr_view *out, struct nr_err *err)
{
    struct nr_view text;

    if (!json_is_string(place->value))
        return refuse_type(place, "a string", err);
    text = nr_view_n(json_string_value(place->value), json_string_length(place->value));
    if (text.len < min_bytes || text.len > max_bytes)
        return nr_json_refuse(place, err, "must be %zu to %zu bytes long, is %zu", min_bytes, max_bytes,
                              text.len);
    if (text.len && memchr(text.ptr, '\0', text.len))
        return nr_json_refuse(place, err, "must not contain U+0000");
    *out = text;
    return 0;
}

int nr_json_want_int(const struct nr_json_place *place, int64_t min, int64_t max, int64_t *out,
                     struct nr_err *err)
{
    int64_t value;

    if (!json_is_integer(place->value))
        return refuse_type(place, "a whole number", err);
    value = json_integer_value(place->value);
    if (value < min || value > max)
        return nr_json_refuse(place, err, "must be from %" PRId64 " to %" PRId64 ", is %" PRId64, min, max,
                              value);
    *out = value;
    return 0;
}

int nr_json_want_bool(const struct nr_json_place *place, bool *out, struct nr_err *err)
{
    if (!json_is_boolean(place->value))
        return refuse_type(place, "a boolean", err);
    *out = json_is_true(place->value);
    return 0;
}

static bool is_one_of(const char *name, const char *const *names)
{
    while (*names && strcmp(name, *names) != 0)
        names++;
    return *names != NULL;
}

static int refuse_member(const struct nr_json_place *place, const char *name, const char *const *names,
                         struct nr_err *err)
{
    struct nr_json_place stranger = {place, name, 0, NULL};
    char list[NR_ERR_HINT_MAX_BYTES - sizeof("accepted: ")] = "";
    size_t at = 0;

    for (; *names && at < sizeof(list); names++)
        at += (size_t)snprintf(list + at, sizeof(list) - at, "%s%s", at ? ", " : "", *names);
    nr_json_refuse(&stranger, err, "unknown member");
    return nr_err_hint(err, "accepted: %s", list);
}

int nr_json_want_only(const struct nr_json_place *place, const char *const *names, struct nr_err *err)
{
    const char *name;
    json_t *value;

    /* jansson's iterator is not const-correct; nothing is changed through it. */
    json_object_foreach(((union {
                            const json_t *in;
                            json_t *out;
                        }){place->value})
                            .out,
                        name, value)
    {
        if (!is_one_of(name, names))
            return refuse_member(place, name, names, err);
    }
    return 0;
}
