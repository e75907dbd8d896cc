#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "runtime/mode.h"
#include "runtime/processes.h"

static int worked[2]; /* a byte from each worker that began its work */

static int work(void *unused)
{
    (void)unused;
    (void)!write(worked[1], "", 1);
    return PROCESSES_RETIRED;
}

static void end_supervisor(void)
{
    raise(SIGTERM);
}

/* In the worker that has just been made: until the signal that was passed on is there, waiting or taken. */
static void wait_for_the_signal(void)
{
    sigset_t pending;
    bool is_there = false;

    for (int i = 0; i < 1000 && !is_there; i++) { /* a handler that takes it may come between the two calls */
        sigpending(&pending);
        is_there =
            sigismember(&pending, SIGTERM) || nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL) != 0;
    }
}

Test(processes, ends_a_worker_that_is_being_made, .timeout = 30)
{
    char byte;

    cr_assert_eq(pipe(worked), 0);
    pthread_atfork(NULL, end_supervisor, wait_for_the_signal);

    cr_expect_eq(processes_keep(1, work, NULL, true), MODE_OK);

    close(worked[1]);
    cr_expect_eq(read(worked[0], &byte, 1), 0, "the worker heard nothing of its end");
}
