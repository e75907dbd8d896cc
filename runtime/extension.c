#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <narae/log.h>

#include "runtime/api_retry.h"
#include "runtime/conn.h"
#include "runtime/extension.h"
#include "runtime/mode.h"

enum { REPLY_MAX_BYTES = 64 * 1024, ID_MAX_BYTES = 128, LOOK_EVERY_MS = 5, LINE_BYTES = 1024 };

#define BASE "/2020-01-01/extension/"

static struct conn waiting; /* in /event/next, until the process ends */
static nr_shutdown_fn shut_down;
static int wake[2] = {-1, -1}; /* a byte for the thread, from the signal handler */
static atomic_int n_invocations;
static atomic_bool is_closing;
static char line_bytes[LINE_BYTES];

/* --- the Extensions API */

static int ask_for_id(struct conn *conn, char *id, struct nr_err *err)
{
    static const char body[] = "{\"events\":[]}"; /* an internal one may not ask for SHUTDOWN */
    struct nr_view value;
    size_t n_sent;
    NR_BUF_AUTO reply;

    nr_buf_init(&reply, REPLY_MAX_BYTES);
    conn_begin(conn, "POST", BASE "register");
    nr_buf_printf(
        &conn->head,
        "Lambda-Extension-Name: narae\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
        strlen(body));
    if (api_retry_connect(conn, err) != 0 || conn_send(conn, nr_view(body), &n_sent, err) != 0 ||
        conn_receive(conn, &reply, REPLY_MAX_BYTES, err) != 0)
        return -1;
    value = http1_header(&conn->reply, reply.data, "lambda-extension-identifier");
    if (conn->reply.status != 200 || value.len == 0 || value.len >= ID_MAX_BYTES)
        return nr_err_set(err, NR_ERR_UNAVAILABLE, "Runtime.ExtensionRefused",
                          "the Extensions API answered %d to /extension/register%s", conn->reply.status,
                          conn->reply.status == 200 ? " without a usable identifier" : "");
    memcpy(id, value.ptr, value.len);
    id[value.len] = '\0';
    return 0;
}

/* Init does not end before this call waits; its reply is never read, since none comes. */
static int wait_for_events(struct conn *conn, const char *id, struct nr_err *err)
{
    size_t n_sent;

    conn_begin(conn, "GET", BASE "event/next");
    nr_buf_printf(&conn->head, "Lambda-Extension-Identifier: %s\r\n\r\n", id);
    if (conn_ensure(conn, err) != 0)
        return -1;
    return conn_send(conn, nr_view_n(NULL, 0), &n_sent, err);
}

int extension_register(const char *authority, struct nr_err *err)
{
    char id[ID_MAX_BYTES];

    if (conn_init(&waiting, authority, err) != 0)
        return -1;
    if (ask_for_id(&waiting, id, err) == 0 && wait_for_events(&waiting, id, err) == 0)
        return 0;
    conn_done(&waiting);
    return -1;
}

/* --- the end */

static void nap(void)
{
    nanosleep(&(struct timespec){.tv_nsec = LOOK_EVERY_MS * 1000000L}, NULL);
}

void extension_invocation_begins(void)
{
    atomic_fetch_add(&n_invocations, 1);
    if (!atomic_load(&is_closing))
        return;
    atomic_fetch_sub(&n_invocations, 1);
    for (;;) /* an event that came too late; the process ends any moment */
        nap();
}

void extension_invocation_ended(void)
{
    atomic_fetch_sub(&n_invocations, 1);
}

static void on_too_late(int signal)
{
    struct nr_buf line = {.data = line_bytes, .cap = LINE_BYTES, .max_bytes = LINE_BYTES - 1};
    const struct nr_log_field budget = nr_log_int("budgetMs", EXTENSION_BUDGET_MS);

    (void)signal;
    nr_log_last_words(&line, "shutdown took too long and was ended", &budget, 1);
    _exit(MODE_FAILED);
}

static void limit_time(void)
{
    const struct sigaction action = {.sa_handler = on_too_late};
    const struct itimerval limit = {.it_value = {.tv_usec = EXTENSION_BUDGET_MS * 1000L}};

    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &limit, NULL);
}

static bool wait_until_idle(void)
{
    atomic_store(&is_closing, true);
    for (int waited_ms = 0; atomic_load(&n_invocations); waited_ms += LOOK_EVERY_MS) {
        if (waited_ms >= EXTENSION_BUSY_MS)
            return false;
        nap();
    }
    return true;
}

static void *run_at_term(void *unused)
{
    char byte;

    while (read(wake[0], &byte, 1) < 0 && errno == EINTR)
        ;
    limit_time();
    if (!wait_until_idle()) {
        nr_log(NR_LOG_WARN, "shutdown was left out: an invocation is still running",
               nr_log_int("waitedMs", EXTENSION_BUSY_MS));
        _exit(MODE_FAILED);
    }
    shut_down();
    _exit(MODE_OK); /* not exit(): the other threads are where they are */
    return unused;
}

static void on_term(int signal)
{
    int errno_before = errno;

    (void)signal;
    (void)!write(wake[1], "", 1);
    errno = errno_before;
}

int extension_run_at_term(nr_shutdown_fn hook, struct nr_err *err)
{
    const struct sigaction action = {.sa_handler = on_term, .sa_flags = SA_RESTART};
    pthread_t thread;
    int why;

    shut_down = hook;
    why = pipe2(wake, O_CLOEXEC) != 0 ? errno : pthread_create(&thread, NULL, run_at_term, NULL);
    if (why != 0)
        return nr_err_set(err, NR_ERR_UNAVAILABLE, "Runtime.NoThread", "no thread for the shutdown hook: %s",
                          strerror(why));
    sigaction(SIGTERM, &action, NULL);
    return 0;
}
