#include <stdio.h>

#include "tests/standins/fcm/step.h"

int step_parse(json_t *value, struct step *out, char *why, size_t why_cap)
{
    const char *name = json_is_string(value) ? json_string_value(value) : VERDICT_ACCEPTED, *fault = "none";
    int retry_after = -1, retry_after_date = -1, n = 0, for_s = 0;
    struct step step = {0};
    json_error_t error;

    if (!json_is_string(value) &&
        json_unpack_ex(value, &error, 0, "{s?s, s?s, s?i, s?i, s?i, s?i, s?i !}", "verdict", &name, "fault",
                       &fault, "retry_after_s", &retry_after, "retry_after_date_s", &retry_after_date,
                       "delay_ms", &step.delay_ms, "times", &n, "for_s", &for_s) != 0)
        return snprintf(why, why_cap, "a verdict is a name or an object: %s", error.text), -1;
    step.verdict = verdict_find(name);
    step.fault = fault_find(fault);
    if (!step.verdict)
        return snprintf(why, why_cap, "unknown verdict \"%s\"", name), -1;
    if (step.fault == FAULT_COUNT)
        return snprintf(why, why_cap, "unknown fault \"%s\"", fault), -1;
    if (n < 0 || step.delay_ms < 0 || for_s < 0)
        return snprintf(why, why_cap, "times, delay_ms and for_s are not negative"), -1;
    step.is_retry_after_date = retry_after_date >= 0;
    step.retry_after_s = step.is_retry_after_date ? retry_after_date
                         : retry_after >= 0       ? retry_after
                                                  : step.verdict->retry_after_s;
    step.for_ms = for_s * 1000LL;
    step.n_sends = n ? n : for_s ? 0 : 1;
    *out = step;
    return 0;
}
