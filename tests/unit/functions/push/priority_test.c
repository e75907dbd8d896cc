#include <criterion/criterion.h>

#include "functions/push/priority.h"

Test(priority, believes_what_a_message_says_of_itself)
{
    static const struct {
        const char *message;
        bool may_wait;
    } rows[] = {
        {"{}", false},
        {"{\"notification\":{\"title\":\"x\"}}", false},
        {"{\"android\":{\"priority\":\"NORMAL\"}}", true},
        {"{\"android\":{\"priority\":\"normal\"}}", true},
        {"{\"android\":{\"priority\":\"HIGH\"}}", false},
        {"{\"android\":{\"priority\":\"\"}}", false},
        {"{\"apns\":{\"headers\":{\"apns-priority\":\"5\"}}}", true},
        {"{\"apns\":{\"headers\":{\"apns-priority\":\"1\"}}}", true},
        {"{\"apns\":{\"headers\":{\"apns-priority\":\"10\"}}}", false},
        {"{\"webpush\":{\"headers\":{\"Urgency\":\"very-low\"}}}", true},
        {"{\"webpush\":{\"headers\":{\"Urgency\":\"high\"}}}", false},
        {"{\"android\":{\"priority\":\"normal\"},\"apns\":{\"headers\":{\"apns-priority\":\"10\"}}}", false},
        {"{\"android\":{\"priority\":7},\"apns\":7}", false},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        json_t *message = json_loads(rows[i].message, 0, NULL);

        cr_expect_eq(priority_allows_delay(message), rows[i].may_wait, "%s", rows[i].message);
        json_decref(message);
    }
}
