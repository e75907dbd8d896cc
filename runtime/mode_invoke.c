#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <narae/clock.h>
#include <narae/env.h>
#include <narae/log.h>

#include "runtime/api.h"
#include "runtime/api_error.h"
#include "runtime/crash.h"
#include "runtime/latency.h"
#include "runtime/loop.h"
#include "runtime/mode.h"
#include "runtime/watchdog.h"

enum { LOCAL_TIMEOUT_MS = 300 * 1000 /* the emulator's default, AWS_LAMBDA_FUNCTION_TIMEOUT = 300 s */ };

static int read_all(int fd, const char *path, struct nr_buf *out, struct nr_err *err)
{
    for (;;) {
        char *room = nr_buf_room(out, 65536);
        ssize_t n = room ? read(fd, room, 65536) : -1;

        if (!room)
            return nr_buf_check(out, path, err);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return nr_err_set(err, NR_ERR_INVALID, "Runtime.UnreadableEvent", "cannot read %s: %s", path,
                              strerror(errno));
        if (n == 0)
            return 0;
        out->len += (size_t)n;
    }
}

static int read_event(const char *path, struct nr_buf *out, struct nr_err *err)
{
    int fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    int result;

    if (fd < 0)
        return nr_err_set(err, NR_ERR_INVALID, "Runtime.UnreadableEvent", "cannot open %s: %s", path,
                          strerror(errno));
    result = read_all(fd, path, out, err);
    if (fd != STDIN_FILENO)
        close(fd);
    return result;
}

/* --timeout, else what the function has on Lambda, as far as it is known here. */
static int64_t timeout_of(const struct options *options)
{
    int64_t timeout_s = LOCAL_TIMEOUT_MS / 1000;
    struct nr_err ignored = {0};
    const struct nr_env_int setting = {"AWS_LAMBDA_FUNCTION_TIMEOUT", "s", 1, 900, LOCAL_TIMEOUT_MS / 1000};

    if (options->timeout_ms)
        return options->timeout_ms;
    return nr_env_get_int(&setting, &timeout_s, &ignored) == 0 ? timeout_s * 1000 : LOCAL_TIMEOUT_MS;
}

static struct api_event local_event(const struct nr_buf *body, int64_t timeout_ms)
{
    return (struct api_event){
        .body = nr_buf_view(body),
        .request_id = "local",
        .content_type = "application/json",
        .function_arn = "",
        .trace_id = "",
        .tenant_id = "",
        .deadline_unix_ms = nr_clock_wall_ms() + timeout_ms,
    };
}

/* To standard output. False when not all of it arrives. */
static bool print_view(struct nr_view left)
{
    while (left.len) {
        ssize_t n = write(STDOUT_FILENO, left.ptr, left.len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        left = nr_view_n(left.ptr + n, left.len - (size_t)n);
    }
    return true;
}

/* The bytes, and a newline. */
static bool print(struct nr_buf *bytes)
{
    nr_buf_add_char(bytes, '\n');
    return print_view(nr_buf_view(bytes)) && !bytes->is_bad;
}

struct pieces {
    struct nr_stream base;
    bool is_shown; /* of many runs only the last */
};

/* A reply in pieces is printed as it comes. */
static int print_piece(struct nr_stream *base, const char *content_type, struct nr_view a, struct nr_view b,
                       struct nr_err *err)
{
    const struct pieces *pieces = (const struct pieces *)(const void *)base;

    (void)content_type;
    if (!pieces->is_shown || (print_view(a) && print_view(b)))
        return 0;
    return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.StreamClosed", "standard output is closed");
}

/* As Lambda would show a failure to the caller: its error JSON. */
static void print_failure(const struct nr_err *failure)
{
    NR_BUF_AUTO body;

    nr_buf_init(&body, 65536);
    api_error_body(&body, failure);
    print(&body);
}

/* Once, on the watch only when --timeout asks for it: somebody may be looking with a debugger. */
static int run_once(const struct options *options, const struct nr_handler *handler,
                    const struct nr_buf *body, bool is_last, struct nr_reply *reply, struct nr_err *err)
{
    struct api_event event = local_event(body, timeout_of(options));
    struct pieces pieces = {.base = {.send = print_piece}, .is_shown = is_last};
    int result;

    reply->stream = &pieces.base;

    if (options->timeout_ms)
        watchdog_arm(options->timeout_ms, MODE_TIMEOUT);
    nr_log_context(event.request_id, NULL);
    result = loop_invoke(handler, &event, reply, err);
    watchdog_disarm();
    if (result != 0 && is_last && pieces.base.is_begun)
        print_view(NR_VIEW("\n")); /* the error begins a line of its own */
    reply->stream = NULL;
    return result;
}

/* As often as asked, until one fails. times_us: gets what each took. */
static int run_all(const struct options *options, const struct nr_handler *handler, const struct nr_buf *body,
                   struct nr_reply *reply, int64_t *times_us, struct nr_err *err)
{
    for (int64_t i = 0; i < options->repeat; i++) {
        int64_t began_us = nr_clock_mono_us();

        if (run_once(options, handler, body, i + 1 == options->repeat, reply, err) != 0)
            return -1;
        times_us[i] = nr_clock_mono_us() - began_us;
    }
    return 0;
}

static void print_latency(int64_t *times_us, size_t n)
{
    struct latency latency = latency_of(times_us, n);
    NR_BUF_AUTO line;

    nr_buf_init(&line, 4096);
    latency_format(&line, &latency);
    fprintf(stderr, "%s\n", nr_buf_text(&line));
}

static int run_often(const struct options *options, const struct nr_handler *handler,
                     const struct nr_buf *body, struct nr_reply *reply, struct nr_err *err)
{
    int64_t *times_us = calloc((size_t)options->repeat, sizeof(*times_us));
    int result;

    if (!times_us)
        return nr_err_set(err, NR_ERR_UNAVAILABLE, NULL, "no memory");
    result = run_all(options, handler, body, reply, times_us, err);
    if (result == 0)
        print_latency(times_us, (size_t)options->repeat);
    free(times_us);
    return result;
}

static int run(const struct options *options, const struct nr_buf *body, struct nr_reply *reply,
               struct nr_err *err)
{
    const struct nr_handler *handler;
    int result;

    crash_arm(NULL);
    if (mode_start(options->handler_name, &handler, err) != 0)
        return -1;
    result = options->repeat ? run_often(options, handler, body, reply, err)
                             : run_once(options, handler, body, true, reply, err);
    if (handler->shutdown)
        handler->shutdown();
    return result;
}

int mode_invoke(const struct options *options)
{
    NR_BUF_AUTO event;
    NR_BUF_AUTO body;
    struct nr_reply reply;
    struct nr_err err = {0};

    nr_buf_init(&event, API_PAYLOAD_MAX_BYTES);
    loop_reply_init(&reply, &body);
    if (read_event(options->event_path, &event, &err) != 0 || run(options, &event, &reply, &err) != 0) {
        nr_log_err(NR_LOG_ERROR, "invocation failed", &err, NULL, 0);
        print_failure(&err);
        return MODE_FAILED;
    }
    return print(&body) ? MODE_OK : MODE_FAILED;
}
