#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "program.h"

enum { PATIENCE_MS = 60 * 1000 /* valgrind is slow */ };

static char api[64];

void program_die(const char *what)
{
    perror(what);
    exit(1);
}

int64_t program_now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void parse_line(char *line, struct program *out)
{
    char *rest = NULL;
    char *word = strtok_r(line, "\t\n", &rest);
    int n_env = 0;
    int n_args = 0;

    out->name = word;
    out->env[n_env++] = api;
    while ((word = strtok_r(NULL, "\t\n", &rest)) && n_env + 1 < PROGRAM_WORDS_MAX &&
           n_args + 1 < PROGRAM_WORDS_MAX) {
        if (n_args == 0 && word[0] != '/' && strchr(word, '='))
            out->env[n_env++] = word;
        else
            out->argv[n_args++] = word;
    }
}

size_t program_read_all(const char *path, struct program out[PROGRAMS_MAX])
{
    FILE *file = fopen(path, "r");
    char line[4096];
    size_t n = 0;

    if (!file)
        program_die(path);
    while (n < PROGRAMS_MAX && fgets(line, sizeof(line), file))
        parse_line(strdup(line), &out[n++]);
    fclose(file);
    return n;
}

int program_listen(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (bind(fd, (struct sockaddr *)&address, len) != 0 || listen(fd, 8) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) != 0)
        program_die("listen");
    snprintf(api, sizeof(api), "AWS_LAMBDA_RUNTIME_API=127.0.0.1:%d", ntohs(address.sin_port));
    return fd;
}

pid_t program_start(struct program *program, int64_t *exec_us)
{
    pid_t child = fork();

    if (child != 0)
        return child;
    if (exec_us)
        *exec_us = program_now_us();
    execve(program->argv[0], program->argv, program->env);
    program_die(program->argv[0]);
    return -1;
}

bool program_waits(int fd)
{
    struct pollfd one = {.fd = fd, .events = POLLIN};

    return poll(&one, 1, PATIENCE_MS) == 1;
}

int program_accept(int listen_fd)
{
    return program_waits(listen_fd) ? accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC) : -1;
}

long program_status(pid_t pid, const char *key)
{
    char path[64];
    char line[256];
    long value = 0;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    file = fopen(path, "r");
    while (file && fgets(line, sizeof(line), file))
        if (strncmp(line, key, strlen(key)) == 0)
            value = strtol(line + strlen(key), NULL, 10);
    if (file)
        fclose(file);
    return value;
}
