#include <criterion/criterion.h>

#include "functions/push/payload_fields.h"

/* "" = taken. */
static const struct {
    const char *text, *message;
} rows[] = {
    {"{\"android\":{\"priority\":\"HIGH\"}}", ""},
    {"{\"android\":{\"priority\":\"normal\"}}", ""},
    {"{\"android\":{\"priority\":\"urgent\"}}", "message.android.priority: must be \"NORMAL\" or \"HIGH\""},
    {"{\"android\":{\"priority\":1}}", "message.android.priority: must be a string, is a whole number"},
    {"{\"android\":{\"ttl\":\"0s\"}}", ""},
    {"{\"android\":{\"ttl\":\"3.5s\"}}", ""},
    {"{\"android\":{\"ttl\":\"2419200s\"}}", ""},
    {"{\"android\":{\"ttl\":\"2419200.000s\"}}", ""},
    {"{\"android\":{\"ttl\":\"2419201s\"}}", "message.android.ttl: must be at most \"2419200s\", four weeks"},
    {"{\"android\":{\"ttl\":\"2419200.1s\"}}",
     "message.android.ttl: must be at most \"2419200s\", four weeks"},
    {"{\"android\":{\"ttl\":\"-1s\"}}",
     "message.android.ttl: must be a duration in seconds such as \"3.5s\""},
    {"{\"android\":{\"ttl\":\"5\"}}", "message.android.ttl: must be a duration in seconds such as \"3.5s\""},
    {"{\"android\":{\"ttl\":\"5m\"}}", "message.android.ttl: must be a duration in seconds such as \"3.5s\""},
    {"{\"android\":{\"ttl\":\"5.s\"}}",
     "message.android.ttl: must be a duration in seconds such as \"3.5s\""},
    {"{\"android\":{\"ttl\":\"5.1234567891s\"}}",
     "message.android.ttl: must be a duration in seconds such as \"3.5s\""},
    {"{\"android\":{\"ttl\":\"12345678901234567890s\"}}",
     "message.android.ttl: must be a duration in seconds such as \"3.5s\""},
    {"{\"android_v2\":{\"ttl\":\"x\"}}",
     "message.android_v2.ttl: must be a duration in seconds such as \"3.5s\""},
    {"{\"android\":{\"ttl\":null}}", ""},
    {"{\"android\":{\"data\":{\"k\":\"v\"}}}", ""},
    {"{\"android\":{\"data\":{\"k\":1}}}", "message.android.data.k: must be a string, as all values of data"},
    {"{\"android\":{\"data\":{\"from\":\"v\"}}}", "message.android.data.from: is a key that FCM reserves"},
    {"{\"android\":{\"data\":[]}}", "message.android.data: must be an object, is an array"},
    {"{\"webpush\":{\"data\":{\"k\":true}}}",
     "message.webpush.data.k: must be a string, as all values of data"},
    {"{\"android\":{\"notification\":{\"color\":\"#00fF7f\"}}}", ""},
    {"{\"android\":{\"notification\":{\"color\":\"00ff7f\"}}}",
     "message.android.notification.color: must be a colour such as \"#00ff7f\""},
    {"{\"android\":{\"notification\":{\"color\":\"#00ff7g\"}}}",
     "message.android.notification.color: must be a colour such as \"#00ff7f\""},
    {"{\"android\":{\"notification\":{\"title_loc_key\":\"k\",\"title_loc_args\":[\"a\"]}}}", ""},
    {"{\"android\":{\"notification\":{\"title_loc_args\":[\"a\"]}}}",
     "message.android.notification.title_loc_args: needs \"title_loc_key\" beside it"},
    {"{\"android\":{\"notification\":{\"title_loc_key\":\"k\",\"body_loc_args\":[\"a\"]}}}",
     "message.android.notification.body_loc_args: needs \"body_loc_key\" beside it"},
    {"{\"apns\":{\"headers\":{\"apns-priority\":\"5\"}}}", ""},
    {"{\"apns\":{\"headers\":{\"apns-priority\":5}}}",
     "message.apns.headers.apns-priority: must be a string, as all headers"},
    {"{\"webpush\":{\"headers\":{\"TTL\":60}}}",
     "message.webpush.headers.TTL: must be a string, as all headers"},
    {"{\"webpush\":{\"headers\":\"TTL\"}}", "message.webpush.headers: must be an object, is a string"},
    {"{\"webpush\":{\"fcm_options\":{\"link\":\"https://a\"}}}", ""},
    {"{\"webpush\":{\"fcm_options\":{\"link\":\"http://a\"}}}",
     "message.webpush.fcm_options.link: must begin with https://"},
    {"{\"fcm_options\":{\"analytics_label\":\"a-_.~%Z9\"}}", ""},
    {"{\"fcm_options\":{\"analytics_label\":\"a b\"}}",
     "message.fcm_options.analytics_label: may only contain letters, digits and - _ . ~ %"},
    {"{\"apns\":{\"fcm_options\":{\"analytics_label\":"
     "\"123456789012345678901234567890123456789012345678901\"}}}",
     "message.apns.fcm_options.analytics_label: must be 1 to 50 bytes long, is 51"},
    /* What is of another shape than FCM documents is FCM's to judge. */
    {"{\"android\":{\"notification\":[]},\"apns\":{\"fcm_options\":7}}", ""},
    {"{\"android\":{\"not_yet_known\":{\"ttl\":\"x\"}}}", ""},
};

Test(payload_fields, checks_what_fcm_documents)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        NR_JSON_AUTO *doc = NULL;
        struct nr_json_place place;
        struct nr_err err = {0};
        int result;

        cr_assert_eq(nr_json_parse(nr_view(rows[i].text), "test", &doc, &err), 0, "%s", err.message);
        place = nr_json_root("message", doc);

        result = payload_fields_check(&place, &err);

        cr_expect_eq(result, rows[i].message[0] ? -1 : 0, "%s", rows[i].text);
        cr_expect_str_eq(err.message, rows[i].message, "%s: %s", rows[i].text, err.message);
    }
}
