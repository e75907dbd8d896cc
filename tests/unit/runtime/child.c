#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "built.h"
#include "child.h"

enum { ARGS_MAX = 8 };

static void read_back(FILE *file, char *out, size_t cap)
{
    size_t n;

    rewind(file);
    n = fread(out, 1, cap - 1, file);
    out[n] = '\0';
    fclose(file);
}

/* In the child: nothing of our own environment but what is given. */
static void become(const char *const *args, const char *const *env, const char *input, FILE *out, FILE *log)
{
    char program[4096];
    char root[4096];
    char *argv[ARGS_MAX + 2] = {program};
    FILE *in = tmpfile();

    snprintf(program, sizeof(program), "%s", built_path("runtime/bootstrap"));
    snprintf(root, sizeof(root), "LAMBDA_TASK_ROOT=%s", built_path("tests/functions"));
    for (int i = 0; i < ARGS_MAX && args[i]; i++)
        argv[i + 1] = strdup(args[i]);
    fputs(input, in);
    rewind(in);
    dup2(fileno(in), STDIN_FILENO);
    dup2(fileno(out), STDOUT_FILENO);
    dup2(fileno(log), STDERR_FILENO);
    clearenv();
    putenv(root);
    for (; *env; env++)
        putenv(strdup(*env));
    execv(program, argv);
    _exit(99);
}

struct child child_begin(const char *const *args, const char *const *env, const char *input)
{
    struct child child = {.out = tmpfile(), .log = tmpfile()};

    child.pid = fork();
    if (child.pid == 0)
        become(args, env, input, child.out, child.log);
    return child;
}

struct child_done child_end(struct child *child)
{
    struct child_done done = {0};
    int status;

    waitpid(child->pid, &status, 0);
    done.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    read_back(child->out, done.out, sizeof(done.out));
    read_back(child->log, done.log, sizeof(done.log));
    return done;
}

struct child_done child_run(const char *const *args, const char *const *env, const char *input)
{
    struct child child = child_begin(args, env, input);

    return child_end(&child);
}
