/* program.h - the programs that a bench runs in turns, and a Runtime API for them to find.
 *
 * Is:      a list of commands with their environments, read from a file; started one at a time.
 * Is not:  a judge of what they do; each bench looks for itself.
 * Beware:  one listening socket for the process: program_listen() before program_start().
 */
#ifndef NARAE_BENCH_PROGRAM_H
#define NARAE_BENCH_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { PROGRAM_WORDS_MAX = 48, PROGRAMS_MAX = 16 };

struct program {
    char *name;
    char *env[PROGRAM_WORDS_MAX];
    char *argv[PROGRAM_WORDS_MAX];
};

/* path: one line for each program: name, then NAME=VALUE words of its environment, then the command (its
 * first word begins with
 * "/"), all with tabs between. Returns how many there are; ends the process when the file cannot be read. */
size_t program_read_all(const char *path, struct program out[PROGRAMS_MAX]);

/* Listen on a free loopback port; what is started from now on gets it as AWS_LAMBDA_RUNTIME_API. Returns the
 * socket. */
int program_listen(void);

/* Returns its pid. exec_us: gets the time of its exec, CLOCK_MONOTONIC, us; points into memory shared with
 * it; NULL = not wanted. */
pid_t program_start(struct program *program, int64_t *exec_us);

/* The next connection; -1 when none comes in time. */
int program_accept(int listen_fd);

/* Does something come to read within 60 s? */
bool program_waits(int fd);

/* A number of /proc/PID/status: "VmHWM:" is peak resident memory in KiB, "Threads:" how many. 0 when it is
 * not there. */
long program_status(pid_t pid, const char *key);

int64_t program_now_us(void);

/* perror() and exit. */
void program_die(const char *what);

#endif
