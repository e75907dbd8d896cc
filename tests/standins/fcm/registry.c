#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/standins/fcm/registry.h"

struct script {
    struct script *next; /* in its bucket */
    char *target;        /* owned; NULL of the fallback */
    struct step *steps;  /* owned */
    size_t n_steps;
    size_t at;        /* the present step */
    int64_t n_sends;  /* that it has answered */
    int64_t since_ms; /* when it began, mono */
};

enum { BUCKETS = 65536 /* a hundred thousand registrations are found at once */ };

struct registry {
    pthread_mutex_t lock;
    struct script *fallback;
    struct script *buckets[BUCKETS];
};

static void script_free(struct script *script)
{
    if (!script)
        return;
    free(script->target);
    free(script->steps);
    free(script);
}

static struct script *script_parse(const char *target, json_t *value, int64_t now_ms, char *why,
                                   size_t why_cap)
{
    struct script *script = calloc(1, sizeof(*script));
    size_t n = json_is_array(value) ? json_array_size(value) : 1;
    bool is_good = n > 0;

    if (!is_good)
        snprintf(why, why_cap, "a list of verdicts has at least one");
    script->target = target ? strdup(target) : NULL;
    script->steps = calloc(n + 1, sizeof(*script->steps));
    script->n_steps = n;
    script->since_ms = now_ms;
    for (size_t i = 0; i < n && is_good; i++)
        is_good = step_parse(json_is_array(value) ? json_array_get(value, i) : value, &script->steps[i], why,
                             why_cap) == 0;
    if (is_good)
        return script;
    script_free(script);
    return NULL;
}

/* FNV-1a (Fowler, Noll, Vo). */
static size_t bucket_of(const char *target)
{
    uint32_t hash = 2166136261U;

    for (; *target; target++)
        hash = (hash ^ (unsigned char)*target) * 16777619U;
    return hash % BUCKETS;
}

static struct script **find(struct registry *registry, const char *target)
{
    struct script **at = &registry->buckets[bucket_of(target)];

    while (*at && strcmp((*at)->target, target) != 0)
        at = &(*at)->next;
    return at;
}

static void put(struct registry *registry, struct script *script)
{
    struct script **at = find(registry, script->target);
    struct script *old = *at;

    script->next = old ? old->next : NULL;
    *at = script;
    script_free(old);
}

int registry_change(struct registry *registry, json_t *scripts, int64_t now_mono_ms, char *why,
                    size_t why_cap)
{
    struct script *made = NULL, *script;
    const char *target;
    json_t *value;
    bool is_good = true;

    json_object_foreach(scripts, target, value)
    {
        script = is_good ? script_parse(target, value, now_mono_ms, why, why_cap) : NULL;
        is_good = script != NULL;
        if (!is_good)
            break;
        script->next = made;
        made = script;
    }
    pthread_mutex_lock(&registry->lock);
    while ((script = made)) {
        made = script->next;
        if (is_good)
            put(registry, script);
        else
            script_free(script);
    }
    pthread_mutex_unlock(&registry->lock);
    return is_good ? 0 : -1;
}

struct registry *registry_new(json_t *fallback, json_t *scripts, int64_t now_mono_ms, char *why,
                              size_t why_cap)
{
    struct registry *registry = calloc(1, sizeof(*registry));
    json_t *usual = json_string(VERDICT_ACCEPTED);

    pthread_mutex_init(&registry->lock, NULL);
    registry->fallback = script_parse(NULL, fallback ? fallback : usual, now_mono_ms, why, why_cap);
    json_decref(usual);
    if (registry->fallback &&
        (!scripts || registry_change(registry, scripts, now_mono_ms, why, why_cap) == 0))
        return registry;
    registry_free(registry);
    return NULL;
}

void registry_free(struct registry *registry)
{
    if (!registry)
        return;
    for (size_t i = 0; i < BUCKETS; i++) {
        struct script *next;

        for (struct script *script = registry->buckets[i]; script; script = next) {
            next = script->next;
            script_free(script);
        }
    }
    script_free(registry->fallback);
    pthread_mutex_destroy(&registry->lock);
    free(registry);
}

static bool is_over(const struct script *script, int64_t now_ms)
{
    const struct step *step = &script->steps[script->at];

    return script->at + 1 < script->n_steps && ((step->n_sends && script->n_sends >= step->n_sends) ||
                                                (step->for_ms && now_ms - script->since_ms >= step->for_ms));
}

static struct step step_of(struct registry *registry, const char *target, int64_t now_ms, bool is_send)
{
    struct script *script;
    struct step step;

    pthread_mutex_lock(&registry->lock);
    script = *find(registry, target);
    if (!script)
        script = registry->fallback;
    while (is_over(script, now_ms)) {
        int64_t for_ms = script->steps[script->at].for_ms;

        script->since_ms = for_ms ? script->since_ms + for_ms : now_ms;
        script->n_sends = 0;
        script->at++;
    }
    script->n_sends += is_send;
    step = script->steps[script->at];
    pthread_mutex_unlock(&registry->lock);
    return step;
}

struct step registry_next(struct registry *registry, const char *target, int64_t now_mono_ms)
{
    return step_of(registry, target, now_mono_ms, true);
}

struct step registry_peek(struct registry *registry, const char *target, int64_t now_mono_ms)
{
    return step_of(registry, target, now_mono_ms, false);
}

static void rewind_one(struct script *script, int64_t now_ms)
{
    script->at = 0;
    script->n_sends = 0;
    script->since_ms = now_ms;
}

void registry_rewind(struct registry *registry, int64_t now_mono_ms)
{
    pthread_mutex_lock(&registry->lock);
    rewind_one(registry->fallback, now_mono_ms);
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct script *script = registry->buckets[i]; script; script = script->next)
            rewind_one(script, now_mono_ms);
    pthread_mutex_unlock(&registry->lock);
}
