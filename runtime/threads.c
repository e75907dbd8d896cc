#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <narae/log.h>

#include "runtime/crash.h"
#include "runtime/loop.h"
#include "runtime/threads.h"

struct worker {
    pthread_t thread;
    const char *authority;
    const struct nr_handler *handler;
    struct api api; /* lives as long as the process: a crash reads it to the very end */
    struct nr_err err;
};

static void *work(void *self)
{
    struct worker *worker = self;

    worker->api.is_one_of_many = true;
    if (crash_arm_worker(&worker->api, &worker->err) == 0)
        loop_run(&worker->api, worker->handler, &worker->err);
    else
        nr_log_err(NR_LOG_ERROR, "a worker cannot start", &worker->err, NULL, 0);
    return NULL;
}

static int start(struct worker *worker, const char *authority, const struct nr_handler *handler,
                 struct nr_err *err)
{
    int why;

    worker->handler = handler;
    if (api_init(&worker->api, authority, err) != 0)
        return -1;
    why = pthread_create(&worker->thread, NULL, work, worker);
    if (why == 0)
        return 0;
    api_done(&worker->api);
    return nr_err_set(err, NR_ERR_UNAVAILABLE, "Runtime.NoThread", "no thread for a worker: %s",
                      strerror(why));
}

/* Fewer workers than asked for are better than none. */
static int start_all(struct worker *workers, const char *authority, const struct nr_handler *handler, int n,
                     struct nr_err *err)
{
    int n_started = 0;

    while (n_started < n && start(&workers[n_started], authority, handler, err) == 0)
        n_started++;
    if (n_started < n)
        nr_log_err(NR_LOG_ERROR, "fewer workers than wanted", err,
                   &(struct nr_log_field){"workers", NR_LOG_FIELD_INT, {NULL, 0}, n_started}, 1);
    return n_started;
}

int threads_serve(const char *authority, const struct nr_handler *handler, int n, struct nr_err *err)
{
    struct worker *workers = calloc((size_t)n, sizeof(*workers));
    int n_started;

    if (!workers)
        return nr_err_set(err, NR_ERR_UNAVAILABLE, "Runtime.OutOfMemory", "no memory for %d workers", n);
    n_started = start_all(workers, authority, handler, n, err);
    for (int i = 0; i < n_started; i++)
        pthread_join(workers[i].thread, NULL);
    if (n_started)
        *err = workers[n_started - 1].err;
    for (int i = 0; i < n_started; i++)
        api_done(&workers[i].api);
    free(workers);
    return -1;
}
