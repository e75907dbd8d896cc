#include <string.h>

#include <criterion/criterion.h>

#include <narae/buf.h>
#include <narae/json.h>

#include "functions/push/payload.h"

static int check(const char *text, struct nr_err *err)
{
    NR_JSON_AUTO *doc = NULL;
    struct nr_json_place place;

    cr_assert_eq(nr_json_parse(nr_view(text), "test", &doc, err), 0, "%s", err->message);
    place = nr_json_root("message", doc);
    return payload_check(&place, err);
}

Test(payload, takes_what_fcm_takes)
{
    static const char *const good[] = {
        "{}",
        "{\"data\":{}}",
        "{\"notification\":{\"title\":\"t\",\"body\":\"b\"},\"data\":{\"k\":\"v\",\"collapse_key\":\"x\"}}",
        "{\"data\":null,\"android\":null,\"android_v2\":{}}",
        "{\"data\":{\"fromage\":\"v\",\"gcm.x\":\"v\",\"googlex\":\"v\"}}",
        "{\"a_field_of_the_year_2030\":[1,{\"deep\":true}]}",
        ("{\"android\":{\"ttl\":\"3.5s\"},\"apns\":{\"payload\":{\"aps\":{}}},\"webpush\":{},\"fcm_options\":"
         "{"
         "}}"),
    };

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct nr_err err = {0};

        cr_expect_eq(check(good[i], &err), 0, "%s: %s", good[i], err.message);
    }
}

static const struct {
    const char *text;
    const char *message;
} refused[] = {
    {"[]", "message: must be an object, is an array"},
    {"\"x\"", "message: must be an object, is a string"},
    {"{\"token\":\"t\"}", "message.token: must not be given: push_send sets the target from \"to\""},
    {"{\"fid\":\"t\"}", "message.fid: must not be given: push_send sets the target from \"to\""},
    {"{\"topic\":\"t\"}", "message.topic: must not be given: push_send sets the target from \"to\""},
    {"{\"condition\":null}", "message.condition: must not be given: push_send sets the target from \"to\""},
    {"{\"name\":\"projects/p/messages/1\"}",
     "message.name: must not be given: push_send sets the target from \"to\""},
    {"{\"android\":{},\"android_v2\":{}}", "message.android_v2: excludes \"android\""},
    {"{\"notification\":\"hi\"}", "message.notification: must be an object, is a string"},
    {"{\"data\":[\"a\"]}", "message.data: must be an object, is an array"},
    {"{\"android\":1}", "message.android: must be an object, is a whole number"},
    {"{\"android_v2\":1.5}", "message.android_v2: must be an object, is a number"},
    {"{\"apns\":true}", "message.apns: must be an object, is a boolean"},
    {"{\"webpush\":\"x\"}", "message.webpush: must be an object, is a string"},
    {"{\"fcm_options\":[]}", "message.fcm_options: must be an object, is an array"},
    {"{\"data\":{\"n\":1}}", "message.data.n: must be a string, as all values of data"},
    {"{\"data\":{\"n\":null}}", "message.data.n: must be a string, as all values of data"},
    {"{\"data\":{\"n\":{\"a\":\"b\"}}}", "message.data.n: must be a string, as all values of data"},
    {"{\"data\":{\"from\":\"x\"}}", "message.data.from: is a key that FCM reserves"},
    {"{\"data\":{\"message_type\":\"x\"}}", "message.data.message_type: is a key that FCM reserves"},
    {"{\"data\":{\"gcm\":\"x\"}}", "message.data.gcm: is a key that FCM reserves"},
    {"{\"data\":{\"google.c\":\"x\"}}", "message.data.google.c: is a key that FCM reserves"},
    {"{\"data\":{\"gcm.notification.title\":\"x\"}}",
     "message.data.gcm.notification.title: is a key that FCM reserves"},
};

Test(payload, refuses_what_fcm_would_refuse)
{
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct nr_err err = {0};

        cr_expect_eq(check(refused[i].text, &err), -1, "took %s", refused[i].text);

        cr_expect_str_eq(err.message, refused[i].message);
        cr_expect_str_eq(err.type, "Function.InvalidMessage");
    }
}

/* data {"k": n bytes} beside a notification of 11 bytes. */
static int check_bytes(size_t n_value, struct nr_err *err)
{
    NR_BUF_AUTO text = {.max_bytes = 65536};

    nr_buf_add_text(&text, "{\"notification\":{\"title\":\"sixsix\"},\"data\":{\"k\":\"");
    for (size_t i = 0; i < n_value; i++)
        nr_buf_add_char(&text, 'x');
    nr_buf_add_text(&text, "\"}}");
    return check(nr_buf_text(&text), err);
}

Test(payload, counts_keys_and_values_up_to_the_limit)
{
    struct nr_err err = {0};

    cr_expect_eq(check_bytes(4096 - 12, &err), 0, "%s", err.message);
    cr_expect_eq(check_bytes(4096 - 11, &err), -1);

    cr_expect_str_eq(err.message, "message: data and notification have 4097 bytes, FCM takes 4096");
}

Test(payload, counts_bytes_not_characters_and_looks_into_lists)
{
    NR_JSON_AUTO *doc = NULL;
    struct nr_err err = {0};

    cr_assert_eq(
        nr_json_parse(NR_VIEW("{\"data\":{\"\xEB\x82\x98\":\"\\ub098\"},"
                              "\"notification\":{\"l\":[\"ab\",{\"c\":\"d\"},7]},\"apns\":{\"x\":\"y\"}}"),
                      "test", &doc, &err),
        0);

    cr_expect_eq(payload_bytes(doc), 3 + 3 + 1 + 2 + 1 + 1);
}
