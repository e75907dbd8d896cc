#include <pthread.h>
#include <stdlib.h>

#include "tests/standins/fcm/topics.h"

struct topics {
    pthread_mutex_t lock;
    size_t n_max;
    json_t *all; /* registration -> { topic -> since, wall ms } */
};

struct topics *topics_new(size_t n_max)
{
    struct topics *topics = calloc(1, sizeof(*topics));

    if (!topics)
        return NULL;
    pthread_mutex_init(&topics->lock, NULL);
    topics->n_max = n_max;
    topics->all = json_object();
    return topics;
}

void topics_free(struct topics *topics)
{
    if (!topics)
        return;
    json_decref(topics->all);
    pthread_mutex_destroy(&topics->lock);
    free(topics);
}

void topics_clear(struct topics *topics)
{
    pthread_mutex_lock(&topics->lock);
    json_object_clear(topics->all);
    pthread_mutex_unlock(&topics->lock);
}

enum topics_result topics_add(struct topics *topics, const char *registration, const char *topic,
                              int64_t wall_ms)
{
    enum topics_result result = TOPICS_DONE;
    json_t *own;

    pthread_mutex_lock(&topics->lock);
    own = json_object_get(topics->all, registration);
    if (!own) {
        own = json_object();
        json_object_set_new(topics->all, registration, own);
    }
    if (json_object_get(own, topic))
        result = TOPICS_WAS_SO;
    else if (json_object_size(own) >= topics->n_max)
        result = TOPICS_TOO_MANY;
    else
        json_object_set_new(own, topic, json_integer(wall_ms));
    pthread_mutex_unlock(&topics->lock);
    return result;
}

enum topics_result topics_remove(struct topics *topics, const char *registration, const char *topic)
{
    bool was_there;

    pthread_mutex_lock(&topics->lock);
    was_there = json_object_del(json_object_get(topics->all, registration), topic) == 0;
    pthread_mutex_unlock(&topics->lock);
    return was_there ? TOPICS_DONE : TOPICS_WAS_SO;
}

int64_t topics_since(struct topics *topics, const char *registration, const char *topic)
{
    int64_t since_ms;

    pthread_mutex_lock(&topics->lock);
    since_ms = json_integer_value(json_object_get(json_object_get(topics->all, registration), topic));
    pthread_mutex_unlock(&topics->lock);
    return since_ms;
}

json_t *topics_of(struct topics *topics, const char *registration)
{
    json_t *own;

    pthread_mutex_lock(&topics->lock);
    own = json_deep_copy(json_object_get(topics->all, registration));
    pthread_mutex_unlock(&topics->lock);
    return own ? own : json_object();
}
