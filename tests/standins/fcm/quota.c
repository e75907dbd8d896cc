#include <pthread.h>
#include <stdlib.h>

#include "tests/standins/fcm/quota.h"

struct quota {
    pthread_mutex_t lock;
    int64_t n_max, n_used;
    int64_t window_ms, phase_ms;
    int64_t window; /* number of the one that n_used is about */
};

struct quota *quota_new(int64_t n_max, int64_t window_ms, int64_t phase_ms)
{
    struct quota *quota = calloc(1, sizeof(*quota));

    if (!quota)
        return NULL;
    pthread_mutex_init(&quota->lock, NULL);
    quota->n_max = n_max;
    quota->window_ms = window_ms;
    quota->phase_ms = phase_ms;
    return quota;
}

void quota_free(struct quota *quota)
{
    if (quota)
        pthread_mutex_destroy(&quota->lock);
    free(quota);
}

bool quota_take(struct quota *quota, int64_t now_mono_ms)
{
    int64_t window = (now_mono_ms + quota->phase_ms) / quota->window_ms;
    bool is_taken;

    if (quota->n_max == 0)
        return true;
    pthread_mutex_lock(&quota->lock);
    if (window != quota->window) {
        quota->window = window;
        quota->n_used = 0;
    }
    is_taken = quota->n_used < quota->n_max;
    quota->n_used += is_taken;
    pthread_mutex_unlock(&quota->lock);
    return is_taken;
}

void quota_give_back(struct quota *quota)
{
    pthread_mutex_lock(&quota->lock);
    quota->n_used -= quota->n_used > 0;
    pthread_mutex_unlock(&quota->lock);
}

int64_t quota_left_ms(struct quota *quota, int64_t now_mono_ms)
{
    return quota->window_ms - (now_mono_ms + quota->phase_ms) % quota->window_ms;
}
