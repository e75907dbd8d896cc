#include <criterion/criterion.h>

#include "functions/push/device_event.h"

#define KEY "\"kind\":\"token\",\"registration\":\"r1\""

static struct device_message message;
static struct nr_err err;
static json_t *doc;

static int parse(const char *text)
{
    struct nr_json_place place;

    json_decref(doc);
    doc = NULL;
    nr_err_reset(&err);
    cr_assert_eq(nr_json_parse(nr_view(text), "body", &doc, &err), 0, "%s: %s", text, err.message);
    place = nr_json_root("body", doc);
    return device_message_parse(&place, &message, &err);
}

static void tear_down(void)
{
    json_decref(doc);
}

TestSuite(device_event, .fini = tear_down);

static void expect_text(struct nr_view got, const char *wanted)
{
    cr_expect(nr_view_is(got, nr_view(wanted)), "got \"%.*s\", wanted \"%s\"", NR_VIEW_ARG(got), wanted);
}

Test(device_event, reads_a_register_with_everything)
{
    cr_assert_eq(
        parse("{\"action\":\"register\",\"app_id\":\"chat\",\"kind\":\"fid\",\"registration\":\"f1\","
              "\"platform\":\"ios\",\"user\":\"17\",\"installation_id\":\"i1\","
              "\"topics\":[\"news\",\"a-b_c.~%20\"],\"at\":\"2026-12-01T09:00:00Z\"}"),
        0, "%s", err.message);

    cr_expect_eq(message.action, DEVICE_REGISTER);
    expect_text(message.app_id, "chat");
    cr_expect(message.device.is_fid);
    expect_text(message.device.registration, "f1");
    expect_text(message.platform, "ios");
    expect_text(message.user, "17");
    expect_text(message.installation_id, "i1");
    cr_expect_eq(json_array_size(message.topics), 2);
    cr_expect_eq(message.at_unix_ms, 1796115600000);
}

Test(device_event, what_is_left_out_is_not_there)
{
    cr_assert_eq(parse("{\"action\":\"register\"," KEY ",\"platform\":\"web\",\"user\":null}"), 0, "%s",
                 err.message);

    expect_text(message.app_id, "default");
    cr_expect_not(message.device.is_fid);
    cr_expect_null(message.user.ptr);
    cr_expect_null(message.installation_id.ptr);
    cr_expect_null(message.topics);
    cr_expect_eq(message.at_unix_ms, 0);
}

Test(device_event, reads_a_replace)
{
    cr_assert_eq(parse("{\"action\":\"replace\",\"kind\":\"fid\",\"registration\":\"r1\","
                       "\"replaces\":{\"kind\":\"token\",\"registration\":\"r1\"}}"),
                 0, "%s", err.message);

    cr_expect_eq(message.action, DEVICE_REPLACE);
    cr_expect_not(message.replaces.is_fid);
    expect_text(message.replaces.registration, "r1");
    cr_expect_null(message.platform.ptr);
}

Test(device_event, takes_every_action)
{
    static const struct {
        const char *text;
        enum device_action action;
    } rows[] = {
        {"{\"action\":\"register\"," KEY ",\"platform\":\"android\"}", DEVICE_REGISTER},
        {"{\"action\":\"refresh\"," KEY "}", DEVICE_REFRESH},
        {"{\"action\":\"replace\"," KEY ",\"replaces\":{\"kind\":\"token\",\"registration\":\"r0\"}}",
         DEVICE_REPLACE},
        {"{\"action\":\"unregister\"," KEY "}", DEVICE_UNREGISTER},
        {"{\"action\":\"subscribe\"," KEY ",\"topics\":[\"t\"]}", DEVICE_SUBSCRIBE},
        {"{\"action\":\"unsubscribe\"," KEY ",\"topics\":[\"t\"]}", DEVICE_UNSUBSCRIBE},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cr_assert_eq(parse(rows[i].text), 0, "%s", err.message);
        cr_expect_eq(message.action, rows[i].action);
        cr_expect(strstr(rows[i].text, device_action_name(message.action)));
    }
}

Test(device_event, names_what_is_wrong)
{
    static const struct {
        const char *text, *wanted;
    } rows[] = {
        {"[]", "body: must be an object, is an array"},
        {"{}", "body.action: missing; must be a string"},
        {"{\"action\":\"login\"}",
         "body.action: must be register, refresh, replace, unregister, subscribe or unsubscribe"},
        {"{\"action\":\"refresh\"}", "body.kind: missing; must be a string"},
        {"{\"action\":\"refresh\",\"kind\":\"apns\"}", "body.kind: must be token or fid"},
        {"{\"action\":\"refresh\",\"kind\":\"fid\"}", "body.registration: missing; must be a string"},
        {"{\"action\":\"refresh\",\"kind\":\"fid\",\"registration\":\"\"}",
         "body.registration: must be 1 to 4096 bytes long, is 0"},
        {"{\"action\":\"refresh\"," KEY ",\"user\":\"17\"}", "body.user: unknown member"},
        {"{\"action\":\"refresh\"," KEY ",\"at\":\"yesterday\"}",
         "body.at: must be a time such as 2026-12-01T09:00:00Z"},
        {"{\"action\":\"refresh\"," KEY ",\"app_id\":7}", "body.app_id: must be a string, is a whole number"},
        {"{\"action\":\"register\"," KEY "}", "body.platform: missing; must be a string"},
        {"{\"action\":\"register\"," KEY ",\"platform\":\"windows\"}",
         "body.platform: must be android, ios or web"},
        {"{\"action\":\"register\"," KEY ",\"platform\":\"ios\",\"user\":\"\"}",
         "body.user: must be 1 to 64 bytes long, is 0"},
        {"{\"action\":\"subscribe\"," KEY "}", "body.topics: missing; must be an array"},
        {"{\"action\":\"subscribe\"," KEY ",\"topics\":[]}", "body.topics: must have 1 to 2000 items, has 0"},
        {"{\"action\":\"subscribe\"," KEY ",\"topics\":[\"ok\",\"not ok\"]}",
         "body.topics[1]: may only contain letters, digits and - _ . ~ %"},
        {"{\"action\":\"subscribe\"," KEY ",\"topics\":[\"/topics/a\"]}",
         "body.topics[0]: may only contain letters, digits and - _ . ~ %"},
        {"{\"action\":\"replace\"," KEY "}", "body.replaces: missing; must be an object"},
        {"{\"action\":\"replace\"," KEY ",\"replaces\":{\"kind\":\"token\"}}",
         "body.replaces.registration: missing; must be a string"},
        {"{\"action\":\"replace\"," KEY ",\"replaces\":{" KEY "}}",
         "body.replaces: must be another registration"},
        {"{\"action\":\"replace\"," KEY ",\"replaces\":{" KEY ",\"user\":\"1\"}}",
         "body.replaces.user: unknown member"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cr_expect_eq(parse(rows[i].text), -1, "%s was taken", rows[i].text);
        cr_expect_eq(err.kind, NR_ERR_INVALID);
        cr_expect_str_eq(err.type, "Function.InvalidMessage");
        cr_expect_str_eq(err.message, rows[i].wanted);
    }
}
