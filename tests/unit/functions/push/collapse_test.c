#include <criterion/criterion.h>

#include <narae/json.h>

#include "functions/push/collapse.h"

#define APNS "\"apns\":{\"headers\":{\"apns-collapse-id\":\"id-1\"}}"

/* Keys in the order in which they come to stand. */
static const struct {
    const char *message, *wanted;
} rows[] = {
    {"{}", "{" APNS "}"},
    {"{\"data\":{\"k\":\"v\"}}", "{\"data\":{\"k\":\"v\"}," APNS "}"},
    {"{\"notification\":{\"title\":\"t\"}}",
     "{\"notification\":{\"title\":\"t\"},\"android\":{\"notification\":{\"tag\":\"id-1\"}}," APNS
     ",\"webpush\":{\"notification\":{\"tag\":\"id-1\"}}}"},
    {"{\"android\":{\"priority\":\"HIGH\",\"notification\":{\"icon\":\"i\"}}}",
     "{\"android\":{\"priority\":\"HIGH\",\"notification\":{\"icon\":\"i\",\"tag\":\"id-1\"}}," APNS "}"},
    {"{\"android\":{\"priority\":\"HIGH\"}}", "{\"android\":{\"priority\":\"HIGH\"}," APNS "}"},
    {"{\"webpush\":{\"notification\":{\"icon\":\"i\"}}}",
     "{\"webpush\":{\"notification\":{\"icon\":\"i\",\"tag\":\"id-1\"}}," APNS "}"},
    {"{\"android_v2\":{\"remote_notification\":{\"notification\":{\"id\":7}}},\"notification\":{\"title\":"
     "\"t\"}}",
     "{\"android_v2\":{\"remote_notification\":{\"notification\":{\"id\":7,\"tag\":\"id-1\"}}},"
     "\"notification\":{\"title\":\"t\"}," APNS ",\"webpush\":{\"notification\":{\"tag\":\"id-1\"}}}"},
    /* The caller's own stay. */
    {"{\"android\":{\"notification\":{\"tag\":\"mine\"}},\"apns\":{\"headers\":{\"apns-collapse-id\":"
     "\"mine\"}},"
     "\"webpush\":{\"notification\":{\"tag\":\"mine\"}}}",
     "{\"android\":{\"notification\":{\"tag\":\"mine\"}},\"apns\":{\"headers\":{\"apns-collapse-id\":"
     "\"mine\"}},"
     "\"webpush\":{\"notification\":{\"tag\":\"mine\"}}}"},
    {"{\"apns\":{\"payload\":{\"aps\":{}},\"headers\":{\"apns-priority\":\"5\"}}}",
     "{\"apns\":{\"payload\":{\"aps\":{}},\"headers\":{\"apns-priority\":\"5\",\"apns-collapse-id\":\"id-1\"}"
     "}}"},
    /* What is of another type than FCM documents is FCM's to judge. */
    {"{\"apns\":{\"headers\":\"x\"}}", "{\"apns\":{\"headers\":\"x\"}}"},
    {"{\"apns\":{\"headers\":null}}", "{" APNS "}"},
};

Test(collapse, sets_the_keys_that_are_not_given)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        NR_JSON_AUTO *message = json_loads(rows[i].message, 0, NULL);
        NR_JSON_AUTO *keyed = NULL;
        struct nr_err err = {0};
        char *text;

        cr_assert_eq(collapse_apply(message, NR_VIEW("id-1"), &keyed, &err), 0, "%s", err.message);

        text = json_dumps(keyed, JSON_COMPACT);
        cr_expect_str_eq(text, rows[i].wanted);
        free(text);
        text = json_dumps(message, JSON_COMPACT);
        cr_expect_str_eq(text, rows[i].message, "the message itself was changed");
        free(text);
    }
}
