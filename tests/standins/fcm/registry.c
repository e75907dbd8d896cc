#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/standins/fcm/registry.h"

struct script {
    const char *target; /* borrowed from `names` */
    struct step *steps; /* owned */
    size_t n_steps;
    atomic_size_t n_sends;
};

struct registry {
    json_t *names; /* keeps the targets' texts alive */
    struct script fallback;
    struct script *scripts; /* sorted by target */
    size_t n_scripts;
};

static int step_parse(json_t *value, struct step *step, size_t *times, char *why, size_t why_cap)
{
    const char *name = json_string_value(value);
    int retry_after = -1, retry_after_date = -1, n = 1;
    json_error_t error;

    if (!name && json_unpack_ex(value, &error, 0, "{s:s, s?i, s?i, s?i, s?i !}", "verdict", &name,
                                "retry_after_s", &retry_after, "retry_after_date_s", &retry_after_date,
                                "delay_ms", &step->delay_ms, "times", &n) != 0)
        return snprintf(why, why_cap, "a verdict is a name or an object: %s", error.text), -1;
    step->verdict = verdict_find(name);
    if (!step->verdict)
        return snprintf(why, why_cap, "unknown verdict \"%s\"", name), -1;
    if (n < 1 || step->delay_ms < 0)
        return snprintf(why, why_cap, "times is at least 1 and delay_ms at least 0"), -1;
    step->is_retry_after_date = retry_after_date >= 0;
    step->retry_after_s = step->is_retry_after_date ? retry_after_date
                          : retry_after >= 0        ? retry_after
                                                    : step->verdict->retry_after_s;
    *times = (size_t)n;
    return 0;
}

static int script_parse(json_t *value, struct script *script, char *why, size_t why_cap)
{
    size_t n = json_is_array(value) ? json_array_size(value) : 1;
    size_t until = 0;

    if (n == 0)
        return snprintf(why, why_cap, "a list of verdicts has at least one"), -1;
    script->steps = calloc(n, sizeof(*script->steps));
    if (!script->steps)
        return snprintf(why, why_cap, "no memory"), -1;
    script->n_steps = n;
    for (size_t i = 0; i < n; i++) {
        size_t times = 0;

        if (step_parse(json_is_array(value) ? json_array_get(value, i) : value, &script->steps[i], &times,
                       why, why_cap) != 0)
            return -1;
        script->steps[i].until = until += times;
    }
    return 0;
}

static int by_target(const void *a, const void *b)
{
    const struct script *left = a, *right = b;

    return strcmp(left->target, right->target);
}

static int scripts_parse(struct registry *registry, char *why, size_t why_cap)
{
    const char *target;
    json_t *value;

    registry->scripts = calloc(json_object_size(registry->names) + 1, sizeof(*registry->scripts));
    if (!registry->scripts)
        return snprintf(why, why_cap, "no memory"), -1;
    json_object_foreach(registry->names, target, value)
    {
        struct script *script = &registry->scripts[registry->n_scripts++];

        script->target = target;
        if (script_parse(value, script, why, why_cap) != 0)
            return -1;
    }
    qsort(registry->scripts, registry->n_scripts, sizeof(*registry->scripts), by_target);
    return 0;
}

struct registry *registry_new(const json_t *fallback, const json_t *scripts, char *why, size_t why_cap)
{
    struct registry *registry = calloc(1, sizeof(*registry));
    json_t *script = fallback ? json_deep_copy(fallback) : json_string(VERDICT_ACCEPTED);
    int rc = -1;

    if (registry) {
        registry->names = scripts ? json_deep_copy(scripts) : json_object();
        rc = script_parse(script, &registry->fallback, why, why_cap);
        if (rc == 0)
            rc = scripts_parse(registry, why, why_cap);
    }
    json_decref(script);
    if (rc == 0)
        return registry;
    registry_free(registry);
    return NULL;
}

void registry_free(struct registry *registry)
{
    if (!registry)
        return;
    for (size_t i = 0; i < registry->n_scripts; i++)
        free(registry->scripts[i].steps);
    free(registry->scripts);
    free(registry->fallback.steps);
    json_decref(registry->names);
    free(registry);
}

const struct step *registry_next(struct registry *registry, const char *target)
{
    struct script key = {.target = target};
    struct script *script =
        bsearch(&key, registry->scripts, registry->n_scripts, sizeof(*registry->scripts), by_target);
    size_t nth, at = 0;

    if (!script)
        script = &registry->fallback;
    nth = atomic_fetch_add(&script->n_sends, 1);
    while (at + 1 < script->n_steps && nth >= script->steps[at].until)
        at++;
    return &script->steps[at];
}

void registry_rewind(struct registry *registry)
{
    atomic_store(&registry->fallback.n_sends, 0);
    for (size_t i = 0; i < registry->n_scripts; i++)
        atomic_store(&registry->scripts[i].n_sends, 0);
}
