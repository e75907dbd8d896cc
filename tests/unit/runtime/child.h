/* child.h - run the built bootstrap as a program: arguments, environment and input in; exit code, output and
 * log out.
 *
 * Is:      one run from start to end; the caller waits for it.
 * Is not:  a way to talk to it while it runs (lambda_api is, and signals are).
 */
#ifndef NARAE_UNIT_CHILD_H
#define NARAE_UNIT_CHILD_H

#include <stdio.h>
#include <sys/types.h>

struct child {
    pid_t pid;
    FILE *out, *log;
};

struct child_done {
    int code; /* exit code, or 128 + signal */
    char out[4096];
    char log[16384]; /* what is longer is cut */
};

/* args   words behind the program's name, at most 8, NULL at the end
 * env    NAME=VALUE, NULL at the end; nothing else is in its environment but LAMBDA_TASK_ROOT, the built test
 * functions input  its standard input */
struct child_done child_run(const char *const *args, const char *const *env, const char *input);

/* The same in two halves. */
struct child child_begin(const char *const *args, const char *const *env, const char *input);
struct child_done child_end(struct child *child);

#define CHILD_ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define CHILD_NO_ENV    ((const char *const[]){NULL})

#endif
