#include <string.h>

#include <criterion/criterion.h>

#include <narae/buf.h>
#include <narae/json.h>

static json_t *parse(const char *text)
{
    struct nr_err err = {0};
    json_t *doc = NULL;

    cr_assert_eq(nr_json_parse(nr_view(text), "body", &doc, &err), 0, "%s", err.message);
    return doc;
}

/* What cannot be parsed, and the whole message. */
static const struct {
    const char *text;
    const char *message;
} broken[] = {
    {"", "body: not JSON: line 1, column 0: unexpected token near end of file"},
    {"{", "body: not JSON: line 1, column 1: string or '}' expected near end of file"},
    {"{}x", "body: not JSON: line 1, column 3: end of file expected"},
    {"{\"a\":1,\"a\":2}", "body: not JSON: line 1, column 10: duplicate object key"},
    {"\"\xFF\"", "body: not JSON: line 1, column 1: unable to decode byte 0xff"},
};

Test(json, parse_refuses_what_is_not_strictly_json)
{
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        struct nr_err err = {0};
        json_t *doc = NULL;

        cr_assert_eq(nr_json_parse(nr_view(broken[i].text), "body", &doc, &err), -1, "%s", broken[i].text);
        cr_assert_eq(err.kind, NR_ERR_INVALID);
        cr_assert_str_eq(err.type, "Function.InvalidJson");
        cr_assert_null(doc);
        cr_assert_str_eq(err.message, broken[i].message, "%s", err.message);
    }
}

Test(json, parse_survives_any_depth)
{
    enum { DEPTH = 100000 };
    static char deep[DEPTH];
    struct nr_err err = {0};
    json_t *doc = NULL;
    memset(deep, '[', sizeof(deep));

    cr_assert_eq(nr_json_parse(nr_view_n(deep, sizeof(deep)), "body", &doc, &err), -1);
    cr_assert_eq(err.kind, NR_ERR_INVALID);
}

Test(json, dump_is_compact_and_keeps_order)
{
    NR_JSON_AUTO *doc = parse("{ \"b\": [1, true, null], \"a\": \"\\u00e9\" }");
    struct nr_err err = {0};
    NR_BUF_AUTO out;
    nr_buf_init(&out, 1000);

    cr_assert_eq(nr_json_dump(doc, &out, &err), 0);

    cr_assert_str_eq(nr_buf_text(&out), "{\"b\":[1,true,null],\"a\":\"\xC3\xA9\"}");
}

Test(json, path_names_every_step)
{
    NR_JSON_AUTO *doc = parse("{\"to\":{\"users\":[1,2]}}");
    struct nr_json_place root = nr_json_root("Records[3].body", doc);
    struct nr_json_place to = nr_json_member(&root, "to");
    struct nr_json_place users = nr_json_member(&to, "users");
    struct nr_json_place item = nr_json_item(&users, 1);
    char path[100];

    nr_json_path(&item, path, sizeof(path));

    cr_assert_str_eq(path, "Records[3].body.to.users[1]");
}

Test(json, path_without_a_root_name_has_no_leading_dot)
{
    NR_JSON_AUTO *doc = parse("{\"to\":1}");
    struct nr_json_place root = nr_json_root("", doc);
    struct nr_json_place to = nr_json_member(&root, "to");
    char path[100];
    char tiny[4];

    nr_json_path(&to, path, sizeof(path));
    nr_json_path(&to, tiny, sizeof(tiny));

    cr_assert_str_eq(path, "to");
    cr_assert_str_eq(tiny, "to");
}

/* One document, one getter a row, and what it says. */
static int want_object(const struct nr_json_place *at, struct nr_err *err)
{
    return nr_json_want_object(at, err);
}

static int want_array(const struct nr_json_place *at, struct nr_err *err)
{
    size_t n;

    return nr_json_want_array(at, 1, 2, &n, err);
}

static int want_text(const struct nr_json_place *at, struct nr_err *err)
{
    struct nr_view text;

    return nr_json_want_text(at, 1, 3, &text, err);
}

static int want_int(const struct nr_json_place *at, struct nr_err *err)
{
    int64_t value;

    return nr_json_want_int(at, 1, 9, &value, err);
}

static int want_bool(const struct nr_json_place *at, struct nr_err *err)
{
    bool value;

    return nr_json_want_bool(at, &value, err);
}

static const struct {
    int (*want)(const struct nr_json_place *, struct nr_err *);
    const char *value;
    const char *message; /* NULL = accepted */
} wants[] = {
    {want_object, "{}", NULL},
    {want_object, "[]", "b.x: must be an object, is an array"},
    {want_object, "null", "b.x: missing; must be an object"},
    {want_array, "[1]", NULL},
    {want_array, "[]", "b.x: must have 1 to 2 items, has 0"},
    {want_array, "[1,2,3]", "b.x: must have 1 to 2 items, has 3"},
    {want_array, "{}", "b.x: must be an array, is an object"},
    {want_text, "\"abc\"", NULL},
    {want_text, "\"\"", "b.x: must be 1 to 3 bytes long, is 0"},
    {want_text, "\"abcd\"", "b.x: must be 1 to 3 bytes long, is 4"},
    {want_text, "1.5", "b.x: must be a string, is a number"},
    {want_int, "9", NULL},
    {want_int, "10", "b.x: must be from 1 to 9, is 10"},
    {want_int, "1.0", "b.x: must be a whole number, is a number"},
    {want_int, "\"1\"", "b.x: must be a whole number, is a string"},
    {want_bool, "true", NULL},
    {want_bool, "1", "b.x: must be a boolean, is a whole number"},
};

Test(json, getters_check_presence_type_and_range)
{
    for (size_t i = 0; i < sizeof(wants) / sizeof(wants[0]); i++) {
        char text[64];
        struct nr_err err = {0};

        snprintf(text, sizeof(text), "{\"x\":%s}", wants[i].value);
        NR_JSON_AUTO *doc = parse(text);
        struct nr_json_place root = nr_json_root("b", doc);
        struct nr_json_place x = nr_json_member(&root, "x");

        cr_assert_eq(wants[i].want(&x, &err), wants[i].message ? -1 : 0, "%s", text);
        cr_assert_str_eq(err.message, wants[i].message ? wants[i].message : "", "%s", err.message);
        cr_assert_eq(err.kind, wants[i].message ? NR_ERR_INVALID : NR_ERR_NONE);
    }
}

Test(json, text_with_a_nul_is_refused)
{
    json_t *doc = json_object();
    struct nr_err err = {0};
    struct nr_view out;
    json_object_set_new(doc, "x", json_stringn("a\0b", 3));
    struct nr_json_place root = nr_json_root("b", doc);
    struct nr_json_place x = nr_json_member(&root, "x");

    cr_assert_eq(nr_json_want_text(&x, 0, 10, &out, &err), -1);

    cr_assert_str_eq(err.message, "b.x: must not contain U+0000");
    json_decref(doc);
}

Test(json, a_member_of_what_is_no_object_is_absent)
{
    NR_JSON_AUTO *doc = parse("[1]");
    struct nr_json_place root = nr_json_root("b", doc);
    struct nr_json_place x = nr_json_member(&root, "x");
    struct nr_json_place y = nr_json_item(&x, 5);

    cr_assert_not(nr_json_has(&x));
    cr_assert_not(nr_json_has(&y));
}

Test(json, unknown_members_are_named_and_the_known_ones_hinted)
{
    static const char *const names[] = {"id", "to", NULL};
    NR_JSON_AUTO *doc = parse("{\"id\":1,\"tos\":2}");
    struct nr_json_place root = nr_json_root("body", doc);
    struct nr_err err = {0};

    cr_assert_eq(nr_json_want_only(&root, names, &err), -1);

    cr_assert_str_eq(err.message, "body.tos: unknown member");
    cr_assert_str_eq(err.hint, "accepted: id, to");
}
