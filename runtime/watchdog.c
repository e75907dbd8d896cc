#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "runtime/watchdog.h"

/* Made ready before: in the signal only write() and _exit() are safe (signal-safety(7)). */
static char reply[160];
static char line[96];
static int code;

static void say(int fd, const char *text)
{
    if (write(fd, text, strlen(text)) < 0)
        return; /* there is nobody left to tell */
}

static void end_of_time(int number)
{
    (void)number;
    say(STDOUT_FILENO, reply);
    say(STDERR_FILENO, line);
    _exit(code);
}

static void set_timer(int64_t ms)
{
    const struct itimerval timer = {.it_value = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000}};

    setitimer(ITIMER_REAL, &timer, NULL);
}

void watchdog_arm(int64_t timeout_ms, int exit_code)
{
    const struct sigaction action = {.sa_handler = end_of_time};

    code = exit_code;
    snprintf(reply, sizeof(reply),
             "{\"errorMessage\":\"Task timed out after %lld.%02lld "
             "seconds\",\"errorType\":\"Sandbox.Timeout\"}\n",
             (long long)timeout_ms / 1000, (long long)timeout_ms % 1000 / 10);
    snprintf(line, sizeof(line), "bootstrap: the function took longer than --timeout %lld ms\n",
             (long long)timeout_ms);
    sigaction(SIGALRM, &action, NULL);
    set_timer(timeout_ms);
}

void watchdog_disarm(void)
{
    set_timer(0);
}
