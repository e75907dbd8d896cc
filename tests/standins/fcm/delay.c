#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include "tests/standins/fcm/delay.h"

struct wait {
    struct wait *next; /* sorted by due time */
    struct MHD_Connection *connection;
    struct timespec due_mono;
};

struct delay {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_t thread;
    struct wait *first;
    bool is_stopped;
};

static bool is_before(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec != b->tv_sec ? a->tv_sec < b->tv_sec : a->tv_nsec < b->tv_nsec;
}

static void resume_first(struct delay *delay)
{
    struct wait *wait = delay->first;

    delay->first = wait->next;
    MHD_resume_connection(wait->connection);
    free(wait);
}

static void *run(void *argument)
{
    struct delay *delay = argument;

    pthread_mutex_lock(&delay->lock);
    while (!delay->is_stopped) {
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        if (!delay->first)
            pthread_cond_wait(&delay->changed, &delay->lock);
        else if (is_before(&now, &delay->first->due_mono))
            pthread_cond_timedwait(&delay->changed, &delay->lock, &delay->first->due_mono);
        else
            resume_first(delay);
    }
    while (delay->first)
        resume_first(delay);
    pthread_mutex_unlock(&delay->lock);
    return NULL;
}

struct delay *delay_start(void)
{
    struct delay *delay = calloc(1, sizeof(*delay));
    pthread_condattr_t attributes;

    if (!delay)
        return NULL;
    pthread_mutex_init(&delay->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&delay->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    if (pthread_create(&delay->thread, NULL, run, delay) == 0)
        return delay;
    free(delay);
    return NULL;
}

static struct timespec due_in(int delay_ms)
{
    struct timespec due;

    clock_gettime(CLOCK_MONOTONIC, &due);
    due.tv_sec += delay_ms / 1000;
    due.tv_nsec += (long)(delay_ms % 1000) * 1000000;
    if (due.tv_nsec >= 1000000000) {
        due.tv_sec++;
        due.tv_nsec -= 1000000000;
    }
    return due;
}

void delay_add(struct delay *delay, struct MHD_Connection *connection, int delay_ms)
{
    struct wait *wait = calloc(1, sizeof(*wait));
    struct wait **at = &delay->first;

    MHD_suspend_connection(connection);
    pthread_mutex_lock(&delay->lock);
    if (!wait || delay->is_stopped) {
        MHD_resume_connection(connection);
        free(wait);
    } else {
        *wait = (struct wait){.connection = connection, .due_mono = due_in(delay_ms)};
        while (*at && !is_before(&wait->due_mono, &(*at)->due_mono))
            at = &(*at)->next;
        wait->next = *at;
        *at = wait;
        pthread_cond_signal(&delay->changed);
    }
    pthread_mutex_unlock(&delay->lock);
}

void delay_stop(struct delay *delay)
{
    pthread_mutex_lock(&delay->lock);
    delay->is_stopped = true;
    pthread_cond_signal(&delay->changed);
    pthread_mutex_unlock(&delay->lock);
    pthread_join(delay->thread, NULL);
}

void delay_free(struct delay *delay)
{
    pthread_cond_destroy(&delay->changed);
    pthread_mutex_destroy(&delay->lock);
    free(delay);
}
