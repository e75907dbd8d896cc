#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include <narae/buf.h>

#include "functions/push/event.h"

#define MESSAGE "\"message\":{\"notification\":{\"title\":\"hi\"}}"
#define TO      "\"to\":{\"users\":[\"17\"]}"

static int parse(const char *body, size_t position, struct push_message *out, struct nr_err *err)
{
    return push_message_parse(nr_view(body), position, out, err);
}

static void expect_text(struct nr_view got, const char *wanted)
{
    cr_expect(nr_view_is(got, nr_view(wanted)), "got \"%.*s\", wanted \"%s\"", NR_VIEW_ARG(got), wanted);
}

Test(event, reads_every_member)
{
    struct push_message message = {0};
    struct nr_err err = {0};

    cr_assert_eq(parse("{\"id\":\"c0ffee-42\",\"to\":{\"users\":[\"17\",\"18\"]}," MESSAGE
                       ",\"expires_at\":\"2026-12-01T09:00:00Z\",\"validate_only\":true}",
                       0, &message, &err),
                 0, "%s", err.message);

    expect_text(message.id, "c0ffee-42");
    cr_expect_eq(message.target, PUSH_TO_USERS);
    cr_expect_eq(json_array_size(message.list), 2);
    cr_expect_str_eq(json_string_value(json_array_get(message.list, 1)), "18");
    cr_expect_eq(message.expires_unix_ms, 1796115600000);
    cr_expect(message.is_validate_only);
    cr_expect_str_eq(
        json_string_value(json_object_get(json_object_get(message.message, "notification"), "title")), "hi");
    push_message_done(&message);
    cr_expect_null(message.doc);
}

Test(event, optional_members_have_quiet_defaults)
{
    struct push_message message = {0};
    struct nr_err err = {0};

    cr_assert_eq(parse("{\"id\":\"a\"," TO "," MESSAGE ",\"expires_at\":null,\"validate_only\":null}", 0,
                       &message, &err),
                 0, "%s", err.message);

    cr_expect_eq(message.expires_unix_ms, 0);
    cr_expect_not(message.is_validate_only);
    push_message_done(&message);
}

Test(event, reads_every_kind_of_target)
{
    static const struct {
        const char *to;
        enum push_target target;
        const char *name;
    } cases[] = {
        {"{\"users\":[\"17\"]}", PUSH_TO_USERS, ""},
        {"{\"devices\":[\"1\",\"999999999999999999\"]}", PUSH_TO_DEVICES, ""},
        {"{\"topic\":\"news-2_A.b~c%20\"}", PUSH_TO_TOPIC, "news-2_A.b~c%20"},
        {"{\"condition\":\"'a' in topics && !('b' in topics)\"}", PUSH_TO_CONDITION,
         "'a' in topics && !('b' in topics)"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct push_message message = {0};
        struct nr_err err = {0};
        char body[512];

        snprintf(body, sizeof(body), "{\"id\":\"a\",\"to\":%s," MESSAGE "}", cases[i].to);

        cr_assert_eq(parse(body, 0, &message, &err), 0, "%s", err.message);

        cr_expect_eq(message.target, cases[i].target);
        cr_expect_eq(message.list != NULL, cases[i].name[0] == '\0');
        expect_text(message.name, cases[i].name);
        push_message_done(&message);
    }
}

Test(event, a_time_at_the_epoch_is_long_past_not_never)
{
    struct push_message message = {0};
    struct nr_err err = {0};

    cr_assert_eq(
        parse("{\"id\":\"a\"," TO "," MESSAGE ",\"expires_at\":\"1970-01-01T00:00:00Z\"}", 0, &message, &err),
        0, "%s", err.message);

    cr_expect_eq(message.expires_unix_ms, 1);
    push_message_done(&message);
}

/* One row for each thing that can be wrong: what an operator reads in the log. */
static const struct {
    const char *body;
    const char *message;
} refused[] = {
    {"[]", "Records[1].body: must be an object, is an array"},
    {"null", "Records[1].body: missing; must be an object"},
    {"{\"id\":\"a\"," TO "," MESSAGE ",\"ids\":1}", "Records[1].body.ids: unknown member"},
    {"{" TO "," MESSAGE "}", "Records[1].body.id: missing; must be a string"},
    {"{\"id\":7," TO "," MESSAGE "}", "Records[1].body.id: must be a string, is a whole number"},
    {"{\"id\":\"\"," TO "," MESSAGE "}", "Records[1].body.id: must be 1 to 64 bytes long, is 0"},
    {"{\"id\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"," TO "," MESSAGE "}",
     "Records[1].body.id: must be 1 to 64 bytes long, is 65"},
    {"{\"id\":\"a\"," MESSAGE "}", "Records[1].body.to: missing; must be an object"},
    {"{\"id\":\"a\",\"to\":\"17\"," MESSAGE "}", "Records[1].body.to: must be an object, is a string"},
    {"{\"id\":\"a\",\"to\":{}," MESSAGE "}",
     "Records[1].body.to: must have exactly one of users, devices, topic, condition"},
    {"{\"id\":\"a\",\"to\":{\"users\":[\"1\"],\"topic\":\"t\"}," MESSAGE "}",
     "Records[1].body.to: must have exactly one of users, devices, topic, condition"},
    {"{\"id\":\"a\",\"to\":{\"user\":[\"1\"]}," MESSAGE "}", "Records[1].body.to.user: unknown member"},
    {"{\"id\":\"a\",\"to\":{\"users\":\"17\"}," MESSAGE "}",
     "Records[1].body.to.users: must be an array, is a string"},
    {"{\"id\":\"a\",\"to\":{\"users\":null}," MESSAGE "}",
     "Records[1].body.to.users: missing; must be an array"},
    {"{\"id\":\"a\",\"to\":{\"users\":[]}," MESSAGE "}",
     "Records[1].body.to.users: must have 1 to 10000 items, has 0"},
    {"{\"id\":\"a\",\"to\":{\"users\":[true]}," MESSAGE "}",
     "Records[1].body.to.users[0]: must be a string, is a boolean"},
    {"{\"id\":\"a\",\"to\":{\"users\":[\"1\",\"\"]}," MESSAGE "}",
     "Records[1].body.to.users[1]: must be 1 to 64 bytes long, is 0"},
    {"{\"id\":\"a\",\"to\":{\"devices\":[]}," MESSAGE "}",
     "Records[1].body.to.devices: must have 1 to 10000 items, has 0"},
    {"{\"id\":\"a\",\"to\":{\"devices\":[5]}," MESSAGE "}",
     "Records[1].body.to.devices[0]: must be a string, is a whole number"},
    {"{\"id\":\"a\",\"to\":{\"devices\":[\"1\",\"x\"]}," MESSAGE "}",
     "Records[1].body.to.devices[1]: must be a device_id, a whole number in a string"},
    {"{\"id\":\"a\",\"to\":{\"devices\":[\"0\"]}," MESSAGE "}",
     "Records[1].body.to.devices[0]: must be a device_id, a whole number in a string"},
    {"{\"id\":\"a\",\"to\":{\"devices\":[\"9223372036854775808\"]}," MESSAGE "}",
     "Records[1].body.to.devices[0]: must be 1 to 18 bytes long, is 19"},
    {"{\"id\":\"a\",\"to\":{\"topic\":\"\"}," MESSAGE "}",
     "Records[1].body.to.topic: must be 1 to 900 bytes long, is 0"},
    {"{\"id\":\"a\",\"to\":{\"topic\":\"/topics/news\"}," MESSAGE "}",
     "Records[1].body.to.topic: may only contain letters, digits and - _ . ~ %"},
    {"{\"id\":\"a\",\"to\":{\"condition\":\"'a' in topics || 'b' in topics || 'c' in topics || 'd' in topics "
     "|| "
     "'e' in topics || 'f' in topics\"}," MESSAGE "}",
     "Records[1].body.to.condition: names 6 topics, FCM takes 5"},
    {"{\"id\":\"a\",\"to\":{\"condition\":[]}," MESSAGE "}",
     "Records[1].body.to.condition: must be a string, is an array"},
    {"{\"id\":\"a\"," TO "}", "Records[1].body.message: missing; must be an object"},
    {"{\"id\":\"a\"," TO ",\"message\":{\"token\":\"x\"}}",
     "Records[1].body.message.token: must not be given: push_send sets the target from \"to\""},
    {"{\"id\":\"a\"," TO "," MESSAGE ",\"expires_at\":5}",
     "Records[1].body.expires_at: must be a string, is a whole number"},
    {"{\"id\":\"a\"," TO "," MESSAGE ",\"expires_at\":\"tomorrow\"}",
     "Records[1].body.expires_at: must be a time such as 2026-12-01T09:00:00Z"},
    {"{\"id\":\"a\"," TO "," MESSAGE ",\"validate_only\":\"yes\"}",
     "Records[1].body.validate_only: must be a boolean, is a string"},
};

Test(event, refuses_each_wrong_member_with_its_path)
{
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct push_message message = {.expires_unix_ms = 4711};
        struct nr_err err = {0};

        cr_expect_eq(parse(refused[i].body, 1, &message, &err), -1, "took %s", refused[i].body);

        cr_expect_str_eq(err.message, refused[i].message);
        cr_expect_str_eq(err.type, "Function.InvalidMessage");
        cr_expect_eq(err.kind, NR_ERR_INVALID);
        cr_expect_eq(message.expires_unix_ms, 4711, "written in spite of a failure");
    }
}

Test(event, names_the_accepted_members_beside_an_unknown_one)
{
    struct push_message message = {0};
    struct nr_err err = {0};

    cr_assert_eq(parse("{\"ID\":\"a\"}", 0, &message, &err), -1);

    cr_expect_str_eq(err.hint, "accepted: id, to, message, expires_at, validate_only");
}

Test(event, refuses_what_is_no_json_with_line_and_column)
{
    struct push_message message = {0};
    struct nr_err err = {0};

    cr_assert_eq(parse("{\"id\":\"a\",}", 12, &message, &err), -1);

    cr_expect_str_eq(err.type, "Function.InvalidJson");
    cr_expect_str_eq(err.message, "Records[12].body: not JSON: line 1, column 11: string or '}' expected");
}

Test(event, refuses_a_member_given_twice)
{
    struct push_message message = {0};
    struct nr_err err = {0};

    cr_assert_eq(parse("{\"id\":\"a\",\"id\":\"b\"," TO "," MESSAGE "}", 0, &message, &err), -1);

    cr_expect_str_eq(err.type, "Function.InvalidJson");
}

Test(event, refuses_every_truncation)
{
    static const char whole[] =
        "{\"id\":\"a\",\"to\":{\"devices\":[\"5\"]}," MESSAGE ",\"validate_only\":true}";

    for (size_t len = 0; len < sizeof(whole) - 1; len++) {
        struct push_message message = {0};
        struct nr_err err = {0};

        cr_expect_eq(push_message_parse(nr_view_n(whole, len), 0, &message, &err), -1, "took %zu bytes", len);
        cr_expect_eq(err.kind, NR_ERR_INVALID);
    }
}

static void add_users(struct nr_buf *body, size_t n)
{
    nr_buf_init(body, 1024 * 1024);
    nr_buf_add_text(body, "{\"id\":\"a\"," MESSAGE ",\"to\":{\"users\":[\"0\"");
    for (size_t i = 1; i < n; i++)
        nr_buf_printf(body, ",\"%zu\"", i);
    nr_buf_add_text(body, "]}}");
}

Test(event, takes_the_longest_list_and_refuses_one_more)
{
    struct push_message message = {0};
    struct nr_err err = {0};
    struct nr_buf most;
    struct nr_buf more;

    add_users(&most, PUSH_LIST_MAX);
    add_users(&more, PUSH_LIST_MAX + 1);

    cr_expect_eq(push_message_parse(nr_buf_view(&most), 0, &message, &err), 0, "%s", err.message);
    push_message_done(&message);
    cr_expect_eq(push_message_parse(nr_buf_view(&more), 0, &message, &err), -1);

    cr_expect_str_eq(err.message, "Records[0].body.to.users: must have 1 to 10000 items, has 10001");
    nr_buf_done(&most);
    nr_buf_done(&more);
}
