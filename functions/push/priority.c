#include <strings.h>

#include "functions/push/priority.h"

/* FCM AndroidConfig.priority; APNs "apns-priority" (10, 5, 1); web push "Urgency" (RFC 8030 section 5.3). */
static const struct {
    const char *path[3];
    const char *patient[2];
} words[] = {
    {{"android", "priority", NULL}, {"normal", NULL}},
    {{"apns", "headers", "apns-priority"}, {"5", "1"}},
    {{"webpush", "headers", "Urgency"}, {"low", "very-low"}},
};

static bool is_one_of(const char *text, const char *const *list, int n)
{
    for (int i = 0; i < n; i++)
        if (list[i] && strcasecmp(text, list[i]) == 0)
            return true;
    return false;
}

bool priority_allows_delay(const json_t *message)
{
    bool is_patient = false;

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        const json_t *at = message;
        const char *text;

        for (int step = 0; step < 3 && words[i].path[step]; step++)
            at = json_object_get(at, words[i].path[step]);
        text = json_string_value(at);
        if (!text)
            continue;
        if (!is_one_of(text, words[i].patient, 2))
            return false;
        is_patient = true;
    }
    return is_patient;
}
