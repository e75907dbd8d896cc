#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <narae/clock.h>
#include <narae/log.h>
#include <narae/rand.h>

#include "runtime/mode.h"
#include "runtime/processes.h"

enum {
    WORKERS_MAX = 1024,   /* Lambda's limit of processes and threads in a sandbox */
    SHORT_LIFE_MS = 1000, /* who dies sooner has not died of its work */
    SHORT_LIVES_MAX = 5,  /* in a row: then nothing here will get better */
    PAUSE_FIRST_MS = 50,  /* before another is started after a short life, doubled each time ... */
    PAUSE_MAX_MS = 2000,  /* ... up to this */
};

static struct {
    int n;
    processes_work_fn work;
    void *arg;
    pid_t pids[WORKERS_MAX]; /* 0 = none; the signal handler reads them */
    int64_t began_mono_ms[WORKERS_MAX];
    int n_short_lives;
} kept;
static volatile sig_atomic_t is_ending;

static void pass_on(int signal)
{
    is_ending = 1;
    for (int i = 0; i < kept.n; i++)
        if (kept.pids[i] > 0)
            kill(kept.pids[i], signal);
}

/* In the worker: it dies with the supervisor, and draws random numbers of its own. */
static void become_worker(const sigset_t *mask)
{
    const struct sigaction plain = {.sa_handler = SIG_DFL};

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigaction(SIGTERM, &plain, NULL);
    sigprocmask(SIG_SETMASK, mask, NULL);
    nr_rand_reseed();
    _exit(kept.work(kept.arg));
}

/* SIGTERM waits meanwhile: a worker that still had the supervisor's handler would pass it on and live, and
 * the supervisor would not know its pid yet. */
static bool start(int i)
{
    sigset_t term;
    sigset_t before;
    pid_t pid;

    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigprocmask(SIG_BLOCK, &term, &before);
    pid = fork();
    if (pid == 0)
        become_worker(&before);
    if (pid < 0)
        nr_log(NR_LOG_ERROR, "no process for a worker", nr_log_text("why", nr_view(strerror(errno))));
    kept.pids[i] = pid > 0 ? pid : 0;
    kept.began_mono_ms[i] = nr_clock_mono_ms();
    if (pid > 0 && is_ending) /* the signal came before it was made */
        kill(pid, SIGTERM);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return pid > 0;
}

static void log_death(pid_t pid, int status)
{
    nr_log(NR_LOG_ERROR, "a worker died and is replaced", nr_log_int("pid", pid),
           nr_log_int(WIFSIGNALED(status) ? "signal" : "exitCode",
                      WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status)));
}

static void pause_after(int n_short_lives)
{
    int64_t wait_ms = PAUSE_FIRST_MS;

    for (int i = 1; i < n_short_lives && wait_ms < PAUSE_MAX_MS; i++)
        wait_ms *= 2;
    if (wait_ms > PAUSE_MAX_MS)
        wait_ms = PAUSE_MAX_MS;
    nanosleep(&(struct timespec){wait_ms / 1000, wait_ms % 1000 * 1000000}, NULL);
}

/* Put another in the place of one that died. False when that is of no use any more. */
static bool replace(int i, pid_t pid, int status)
{
    bool is_short = nr_clock_mono_ms() - kept.began_mono_ms[i] < SHORT_LIFE_MS;

    log_death(pid, status);
    kept.n_short_lives = is_short ? kept.n_short_lives + 1 : 0;
    if (kept.n_short_lives > SHORT_LIVES_MAX) {
        nr_log(NR_LOG_FATAL, "workers die as soon as they are started",
               nr_log_int("inARow", kept.n_short_lives));
        return false;
    }
    if (is_short)
        pause_after(kept.n_short_lives);
    return is_ending || start(i);
}

static int place_of(pid_t pid)
{
    int i = 0;

    while (i < kept.n && kept.pids[i] != pid)
        i++;
    return i;
}

/* What the end of one worker means. False: all is over. */
static bool settle(pid_t pid, int status)
{
    int i = place_of(pid);
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;

    if (i == kept.n) /* a child of the function's own that nobody waited for */
        return true;
    kept.pids[i] = 0;
    if (is_ending || code == PROCESSES_RETIRED)
        return true;
    return code != PROCESSES_INIT_FAILED && replace(i, pid, status);
}

static bool has_workers(void)
{
    for (int i = 0; i < kept.n; i++)
        if (kept.pids[i])
            return true;
    return false;
}

static void watch(void)
{
    bool goes_on = true;

    while (goes_on && has_workers()) {
        int status;
        pid_t pid = waitpid(-1, &status, 0);

        goes_on = pid > 0 ? settle(pid, status) : errno == EINTR;
    }
}

static void end_all(void)
{
    for (int i = 0; i < kept.n; i++)
        if (kept.pids[i])
            kill(kept.pids[i], SIGKILL);
    while (has_workers()) {
        pid_t pid = waitpid(-1, NULL, 0);

        if (pid < 0 && errno != EINTR)
            return;
        kept.pids[place_of(pid) % kept.n] = 0;
    }
}

int processes_keep(int n, processes_work_fn work, void *arg, bool pass_on_term)
{
    const struct sigaction action = {.sa_handler = pass_on};

    kept.n = n < WORKERS_MAX ? n : WORKERS_MAX;
    kept.work = work;
    kept.arg = arg;
    if (pass_on_term)
        sigaction(SIGTERM, &action, NULL);
    for (int i = 0; i < kept.n && start(i); i++)
        ;
    watch();
    end_all();
    return is_ending ? MODE_OK : MODE_FAILED;
}
