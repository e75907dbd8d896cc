#include <strings.h>

#include "functions/push/priority.h"

/* FCM AndroidConfig.priority; APNs "apns-priority" (10, 5, 1); web push "Urgency" (RFC 8030 section 5.3). */
static const struct {
    char path[3][16]; /* "" = none */
    char patient[2][12];
} words[] = {
    {{"android", "priority"}, {"normal"}},
    {{"apns", "headers", "apns-priority"}, {"5", "1"}},
    {{"webpush", "headers", "Urgency"}, {"low", "very-low"}},
};

static bool is_patient_word(size_t i, const char *text)
{
    return text[0] &&
           (strcasecmp(text, words[i].patient[0]) == 0 || strcasecmp(text, words[i].patient[1]) == 0);
}

bool priority_allows_delay(const json_t *message)
{
    bool is_patient = false;

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        const json_t *at = message;
        const char *text;

        for (int step = 0; step < 3 && words[i].path[step][0]; step++)
            at = json_object_get(at, words[i].path[step]);
        text = json_string_value(at);
        if (!text)
            continue;
        if (!is_patient_word(i, text))
            return false;
        is_patient = true;
    }
    return is_patient;
}
