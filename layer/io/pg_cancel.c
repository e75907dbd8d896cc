#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "layer/io/pg_cancel.h"

/* Shared by caller and thread; whoever leaves last frees it. */
struct request {
    PGcancel *handle;
    bool is_delivered;
    atomic_int n_owners;
};

static void leave(struct request *request)
{
    if (atomic_fetch_sub(&request->n_owners, 1) != 1)
        return;
    PQfreeCancel(request->handle);
    free(request);
}

static void *deliver(void *arg)
{
    struct request *request = arg;
    char why[256];

    request->is_delivered = PQcancel(request->handle, why, sizeof(why)) == 1;
    leave(request);
    return NULL;
}

static struct timespec from_now(int64_t timeout_ms)
{
    struct timespec at;

    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += timeout_ms / 1000;
    at.tv_nsec += timeout_ms % 1000 * 1000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000;
    }
    return at;
}

/* Run the thread and wait for it as long as allowed. */
static bool deliver_within(struct request *request, int64_t timeout_ms)
{
    struct timespec until = from_now(timeout_ms);
    pthread_t thread;

    atomic_store(&request->n_owners, 2);
    if (pthread_create(&thread, NULL, deliver, request) != 0) {
        atomic_store(&request->n_owners, 1);
        return false;
    }
    if (pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &until) == 0)
        return request->is_delivered;
    pthread_detach(thread);
    return false;
}

bool pg_cancel_request(PGconn *conn, int64_t timeout_ms)
{
    struct request *request = calloc(1, sizeof(*request));
    bool is_delivered;

    if (!request)
        return false;
    atomic_init(&request->n_owners, 1);
    request->handle = PQgetCancel(conn);
    is_delivered = request->handle && deliver_within(request, timeout_ms);
    leave(request);
    return is_delivered;
}
