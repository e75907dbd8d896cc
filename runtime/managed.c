#include <stdlib.h>

#include <narae/env.h>
#include <narae/log.h>

#include "runtime/crash.h"
#include "runtime/extension.h"
#include "runtime/loader.h"
#include "runtime/log_provider.h"
#include "runtime/loop.h"
#include "runtime/managed.h"
#include "runtime/mode.h"
#include "runtime/processes.h"
#include "runtime/threads.h"

#define VARIABLE "AWS_LAMBDA_MAX_CONCURRENCY"

/* The guide names 64 per vCPU as the largest default; a sandbox has 1,024 processes and threads in all. */
static const struct nr_env_int concurrency = {VARIABLE, "", 1, 1000, 1};

struct job {
    struct api *api;
    const struct nr_handler *handler;
};

bool managed_is_on(void)
{
    return nr_env_raw(VARIABLE) != NULL;
}

static void connect_log(void)
{
    struct nr_err err = {0};

    if (log_provider_connect(&err) != 0)
        nr_log_err(NR_LOG_WARN, "the log stays on standard error", &err, NULL, 0);
}

static int init(const struct job *job)
{
    struct nr_err err = {0};

    if (mode_init(job->handler, &err) == 0) {
        crash_in(CRASH_IDLE);
        return 0;
    }
    mode_report_init_failure(job->api, &err);
    return -1;
}

/* One process of several. The supervisor registered for all; the hook is each one's own. */
static int work(void *arg)
{
    const struct job *job = arg;
    struct nr_err err = {0};

    connect_log();
    if (init(job) != 0)
        return PROCESSES_INIT_FAILED;
    if (job->handler->shutdown && extension_run_at_term(job->handler->shutdown, &err) != 0)
        nr_log_err(NR_LOG_WARN, "shutdown will not be called", &err, NULL, 0);
    job->api->is_one_of_many = true;
    loop_run(job->api, job->handler, &err);
    return PROCESSES_RETIRED;
}

static int serve_with_processes(struct job *job, int n)
{
    bool has_hook = job->handler->shutdown != NULL;
    struct nr_err err = {0};

    crash_in(CRASH_INIT);
    if (has_hook && extension_register(job->api->conn.authority, &err) != 0)
        nr_log_err(NR_LOG_WARN, "shutdown will not be called", &err, NULL, 0);
    return processes_keep(n, work, job, has_hook);
}

static int serve_with_threads(const struct job *job, int n)
{
    struct nr_err err = {0};

    connect_log();
    if (init(job) != 0)
        return MODE_FAILED;
    mode_watch_for_the_end(job->api->conn.authority, job->handler);
    threads_serve(job->api->conn.authority, job->handler, n, &err);
    nr_log_err(NR_LOG_FATAL, "no worker is left", &err, NULL, 0);
    return MODE_FAILED;
}

int managed_serve(struct api *api, const char *handler_name)
{
    struct job job = {.api = api};
    struct nr_err err = {0};
    int64_t n = 0;

    unsetenv("_X_AMZN_TRACE_ID"); /* one variable for several invocations would be wrong for all but one */
    if (nr_env_get_int(&concurrency, &n, &err) != 0 || mode_load(handler_name, &job.handler, &err) != 0) {
        mode_report_init_failure(api, &err);
        return MODE_FAILED;
    }
    return loader_has_flag(job.handler, NR_HANDLER_THREAD_SAFE) ? serve_with_threads(&job, (int)n)
                                                                : serve_with_processes(&job, (int)n);
}
