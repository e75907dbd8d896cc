/* start_timer RUNS CASES - from exec to the first GET /next of each program, taking turns.
 *
 * CASES is a file with one line for each program: name, then NAME=VALUE words of its environment, then the
 * command, all with tabs between. The program under test is ended with SIGTERM once it has asked. Prints for
 * each start: name, wall us, CPU us, peak resident KB, page faults; with tabs between.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CASES_MAX = 16, WORDS_MAX = 48, PATIENCE_MS = 60 * 1000 /* valgrind is slow */ };

struct program {
    char *name;
    char *env[WORDS_MAX];
    char *argv[WORDS_MAX];
};

struct sample {
    int64_t wall_us, cpu_us;
    long peak_kb, faults;
};

static int64_t *exec_us; /* shared with the child, which writes it last */
static char api[64];
static int listen_fd;

static int64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void parse_program(char *line, struct program *out)
{
    char *rest = NULL;
    char *word = strtok_r(line, "\t\n", &rest);
    int n_env = 0;
    int n_args = 0;

    out->name = word;
    out->env[n_env++] = api;
    while ((word = strtok_r(NULL, "\t\n", &rest)) && n_env + 1 < WORDS_MAX && n_args + 1 < WORDS_MAX) {
        if (n_args == 0 && word[0] != '/' && strchr(word, '='))
            out->env[n_env++] = word;
        else
            out->argv[n_args++] = word;
    }
}

static size_t read_programs(const char *path, struct program *out)
{
    FILE *file = fopen(path, "r");
    char line[4096];
    size_t n = 0;

    if (!file)
        die(path);
    while (n < CASES_MAX && fgets(line, sizeof(line), file))
        parse_program(strdup(line), &out[n++]);
    fclose(file);
    return n;
}

static void listen_somewhere(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(address);

    listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(listen_fd, (struct sockaddr *)&address, len) != 0 || listen(listen_fd, 8) != 0 ||
        getsockname(listen_fd, (struct sockaddr *)&address, &len) != 0)
        die("listen");
    snprintf(api, sizeof(api), "AWS_LAMBDA_RUNTIME_API=127.0.0.1:%d", ntohs(address.sin_port));
}

static pid_t start(struct program *program)
{
    pid_t child = fork();

    if (child != 0)
        return child;
    *exec_us = now_us();
    execve(program->argv[0], program->argv, program->env);
    die(program->argv[0]);
    return -1;
}

static bool is_readable(int fd)
{
    struct pollfd one = {.fd = fd, .events = POLLIN};

    return poll(&one, 1, PATIENCE_MS) == 1;
}

static long read_peak_kb(pid_t child)
{
    char path[64];
    char line[256];
    long kb = 0;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/status", (int)child);
    file = fopen(path, "r");
    while (file && fgets(line, sizeof(line), file))
        if (sscanf(line, "VmHWM: %ld kB", &kb) == 1)
            break;
    if (file)
        fclose(file);
    return kb;
}

/* One start: until the request has arrived, then what it took. */
static struct sample measure(struct program *program)
{
    struct sample sample;
    char request[4096];
    struct rusage usage;
    pid_t child = start(program);
    int fd = is_readable(listen_fd) ? accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC) : -1;
    ssize_t n = fd >= 0 && is_readable(fd) ? read(fd, request, sizeof(request) - 1) : 0;

    sample.wall_us = now_us() - *exec_us;
    if (n < 4 || memcmp(request, "GET ", 4) != 0) {
        fprintf(stderr, "start_timer: %s did not ask for an event: %.*s\n", program->name,
                (int)(n > 0 ? n : 0), request);
        kill(child, SIGKILL);
        exit(1);
    }
    sample.peak_kb = read_peak_kb(child);
    kill(child, SIGTERM);
    if (wait4(child, NULL, 0, &usage) != child)
        die("wait4");
    close(fd);
    sample.cpu_us = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 + usage.ru_utime.tv_usec +
                    usage.ru_stime.tv_usec;
    sample.faults = usage.ru_minflt;
    return sample;
}

int main(int argc, char **argv)
{
    static struct program programs[CASES_MAX];
    size_t n_programs;
    int runs = argc == 3 ? atoi(argv[1]) : 0;

    if (runs < 1) {
        fputs("usage: start_timer RUNS CASES\n", stderr);
        return 2;
    }
    exec_us = mmap(NULL, sizeof(*exec_us), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    listen_somewhere();
    n_programs = read_programs(argv[2], programs);
    for (int run = 0; run < runs; run++)
        for (size_t i = 0; i < n_programs; i++) {
            struct sample sample = measure(&programs[i]);

            printf("%s\t%lld\t%lld\t%ld\t%ld\n", programs[i].name, (long long)sample.wall_us,
                   (long long)sample.cpu_us, sample.peak_kb, sample.faults);
        }
    return 0;
}
