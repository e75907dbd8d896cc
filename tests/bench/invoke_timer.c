/* invoke_timer ROUNDS WARMUP COUNT CPU CASES - what one invocation costs each program, taking turns.
 *
 * It is the Runtime API for one program at a time, on the same CPU as the program: between two CPUs the
 * wake-ups of a virtual machine are charged to whoever writes, and figures do not repeat. CPU = -1 pins
 * nothing (for valgrind). A round gives WARMUP events that do not count, then COUNT that do. Prints for each
 * round: name, CPU ns and wall ns of one invocation, peak resident KiB, threads.
 *
 * CASES has the form that program.h describes. CPU time is the program's own clock, all threads, user and
 * system.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "program.h"

enum {
    EVENT_BYTES = 300, /* an SQS message or a small API event */
    CONNECTIONS_MAX = 8,
};

/* One connection of the program: what it has said since its last whole request. */
struct line {
    int fd;
    size_t len;
    char in[64 * 1024];
};

struct server {
    int listen_fd;
    size_t n_lines;
    struct line lines[CONNECTIONS_MAX];
    int n_events; /* given away */
    int n_answers;
};

static void refuse(const struct program *program, const char *why)
{
    fprintf(stderr, "invoke_timer: %s: %s\n", program->name, why);
    exit(1);
}

/* --- requests */

/* How long the first request in the buffer is; 0 = not all there. */
static size_t request_len(const struct line *line)
{
    const char *end = memmem(line->in, line->len, "\r\n\r\n", 4);
    size_t head = end ? (size_t)(end - line->in) + 4 : 0;
    const char *length = head ? strcasestr(line->in, "\ncontent-length:") : NULL;
    size_t body = length && length < end ? strtoul(length + 16, NULL, 10) : 0;

    if (!end)
        return 0;
    if (!length || length > end) {
        const char *last = memmem(end + 2, line->len - head + 2, "\r\n0\r\n\r\n", 7);
        const char *coding = strcasestr(line->in, "\ntransfer-encoding: chunked");

        if (coding && coding < end)
            return last ? (size_t)(last - line->in) + 7 : 0;
    }
    return line->len >= head + body ? head + body : 0;
}

static void say(const struct line *line, const char *text, size_t len)
{
    if (send(line->fd, text, len, MSG_NOSIGNAL) != (ssize_t)len)
        program_die("send");
}

static void give_event(struct server *server, const struct line *line)
{
    static char event[EVENT_BYTES + 1];
    char reply[1024];
    int n;

    if (!event[0])
        snprintf(event, sizeof(event), "{\"id\":\"c0ffee-42\",\"text\":\"%0*d\"}", EVENT_BYTES - 29, 0);
    n = snprintf(
        reply, sizeof(reply),
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        "Lambda-Runtime-Aws-Request-Id: 8476a536-e9f4-11e8-9739-%012d\r\n"
        "Lambda-Runtime-Deadline-Ms: %lld\r\n"
        "Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:123456789012:function:bench\r\n"
        "Lambda-Runtime-Trace-Id: "
        "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0\r\n"
        "Content-Length: %zu\r\n\r\n%s",
        server->n_events++, (long long)time(NULL) * 1000 + 60000, strlen(event), event);
    say(line, reply, (size_t)n);
}

static void take_answer(struct server *server, const struct program *program, const struct line *line)
{
    static const char accepted[] = "HTTP/1.1 202 Accepted\r\nContent-Type: "
                                   "application/json\r\nContent-Length: 16\r\n\r\n{\"status\":\"OK\"}\n";

    if (!memmem(line->in, 200 < line->len ? 200 : line->len, "/response ", 10))
        refuse(program, "it did not answer with /response");
    say(line, accepted, sizeof(accepted) - 1);
    server->n_answers++;
}

/* --- connections */

static void accept_line(struct server *server, const struct program *program)
{
    struct line *line = &server->lines[server->n_lines];

    if (server->n_lines == CONNECTIONS_MAX)
        refuse(program, "too many connections");
    line->fd = accept4(server->listen_fd, NULL, NULL, SOCK_CLOEXEC);
    line->len = 0;
    setsockopt(line->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    server->n_lines++;
}

static void read_line(struct server *server, const struct program *program, struct line *line)
{
    ssize_t n = read(line->fd, line->in + line->len, sizeof(line->in) - 1 - line->len);
    size_t whole;

    if (n <= 0) {
        close(line->fd);
        *line = server->lines[--server->n_lines];
        return;
    }
    line->len += (size_t)n;
    line->in[line->len] = '\0';
    whole = request_len(line);
    if (whole == 0)
        return;
    if (memcmp(line->in, "GET ", 4) == 0)
        give_event(server, line);
    else
        take_answer(server, program, line);
    memmove(line->in, line->in + whole, line->len - whole);
    line->len -= whole;
}

static void serve_once(struct server *server, const struct program *program)
{
    struct pollfd fds[CONNECTIONS_MAX + 1] = {{.fd = server->listen_fd, .events = POLLIN}};
    size_t n_lines = server->n_lines;

    for (size_t i = 0; i < n_lines; i++)
        fds[i + 1] = (struct pollfd){.fd = server->lines[i].fd, .events = POLLIN};
    if (poll(fds, n_lines + 1, 60 * 1000) <= 0)
        refuse(program, "nothing for 60 s");
    for (size_t i = n_lines; i > 0; i--) /* from the end: the last one takes the place of one that is gone */
        if (fds[i].revents)
            read_line(server, program, &server->lines[i - 1]);
    if (fds[0].revents)
        accept_line(server, program);
}

static void serve(struct server *server, const struct program *program, int n_answers)
{
    while (server->n_answers < n_answers)
        serve_once(server, program);
}

/* --- one round */

static int64_t cpu_ns(pid_t pid)
{
    clockid_t clock;
    struct timespec used;

    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) != 0)
        program_die("CPU clock");
    return (int64_t)used.tv_sec * 1000000000 + used.tv_nsec;
}

static void measure(struct program *program, int listen_fd, int warmup, int count)
{
    static struct server server;
    pid_t child = program_start(program, NULL);
    int64_t cpu, wall_us;

    server.listen_fd = listen_fd;
    server.n_lines = 0;
    server.n_events = server.n_answers = 0;
    serve(&server, program, warmup);
    cpu = cpu_ns(child);
    wall_us = program_now_us();
    serve(&server, program, warmup + count);
    cpu = cpu_ns(child) - cpu;
    wall_us = program_now_us() - wall_us;
    printf("%s\t%lld\t%lld\t%ld\t%ld\n", program->name, (long long)(cpu / count),
           (long long)(wall_us * 1000 / count), program_status(child, "VmHWM:"),
           program_status(child, "Threads:"));
    kill(child, SIGTERM);
    for (size_t i = 0; i < server.n_lines; i++)
        close(server.lines[i].fd);
    if (waitpid(child, NULL, 0) != child)
        program_die("waitpid");
}

static void pin(int cpu)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET((size_t)cpu, &set);
    if (sched_setaffinity(0, sizeof(set), &set) != 0) /* children inherit it */
        program_die("sched_setaffinity");
}

int main(int argc, char **argv)
{
    static struct program programs[PROGRAMS_MAX];
    size_t n_programs;
    int listen_fd;

    if (argc != 6) {
        fputs("usage: invoke_timer ROUNDS WARMUP COUNT CPU CASES\n", stderr);
        return 2;
    }
    if (atoi(argv[4]) >= 0)
        pin(atoi(argv[4]));
    listen_fd = program_listen();
    n_programs = program_read_all(argv[5], programs);
    for (int round = 0; round < atoi(argv[1]); round++)
        for (size_t i = 0; i < n_programs; i++)
            measure(&programs[i], listen_fd, atoi(argv[2]), atoi(argv[3]));
    return 0;
}
