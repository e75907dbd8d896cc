#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/standins/fcm/mishap.h"

struct rule {
    double share;
    int64_t every;
    int64_t from, to; /* sends, counted from 1; to 0 = no end */
    struct step step;
};

struct mishaps {
    atomic_int_fast64_t n_sends;
    size_t n_rules;
    struct rule rules[];
};

static const char *const own_members[] = {"share", "every", "from", "to"};

static int rule_parse(json_t *value, struct rule *rule, char *why, size_t why_cap)
{
    json_int_t every = 0, from = 1, to = 0;
    json_error_t error;
    json_t *step;
    int rc;

    if (json_unpack_ex(value, &error, 0, "{s?F, s?I, s?I, s?I}", "share", &rule->share, "every", &every,
                       "from", &from, "to", &to) != 0)
        return snprintf(why, why_cap, "a mishap is an object: %s", error.text), -1;
    if (rule->share < 0 || rule->share > 1 || every < 0 || (rule->share > 0) == (every > 0))
        return snprintf(why, why_cap, "a mishap has a share over 0 and up to 1, or an every over 0"), -1;
    rule->every = every;
    rule->from = from;
    rule->to = to;
    step = json_copy(value);
    for (size_t i = 0; i < sizeof(own_members) / sizeof(own_members[0]); i++)
        json_object_del(step, own_members[i]);
    rc = step_parse(step, &rule->step, why, why_cap);
    json_decref(step);
    return rc;
}

struct mishaps *mishaps_new(json_t *list, char *why, size_t why_cap)
{
    size_t n = json_array_size(list);
    struct mishaps *mishaps = calloc(1, sizeof(*mishaps) + n * sizeof(struct rule));

    if (list && !json_is_array(list)) {
        snprintf(why, why_cap, "mishaps is a list");
        free(mishaps);
        return NULL;
    }
    mishaps->n_rules = n;
    for (size_t i = 0; i < n; i++) {
        if (rule_parse(json_array_get(list, i), &mishaps->rules[i], why, why_cap) == 0)
            continue;
        free(mishaps);
        return NULL;
    }
    return mishaps;
}

void mishaps_free(struct mishaps *mishaps)
{
    free(mishaps);
}

static bool is_met(const struct rule *rule, int64_t nth, struct chance *chance)
{
    if (nth < rule->from || (rule->to && nth > rule->to))
        return false;
    return rule->every ? nth % rule->every == 0 : chance_draw(chance) < rule->share;
}

bool mishaps_next(struct mishaps *mishaps, struct chance *chance, struct step *out)
{
    int64_t nth = atomic_fetch_add(&mishaps->n_sends, 1) + 1;

    for (size_t i = 0; i < mishaps->n_rules; i++) {
        if (!is_met(&mishaps->rules[i], nth, chance))
            continue;
        *out = mishaps->rules[i].step;
        return true;
    }
    return false;
}

bool mishaps_have_faults(const struct mishaps *mishaps)
{
    for (size_t i = 0; i < mishaps->n_rules; i++)
        if (mishaps->rules[i].step.fault != FAULT_NONE)
            return true;
    return false;
}
