/* start_timer RUNS CASES - from exec to the first GET /next of each program, taking turns.
 *
 * CASES has the form that program.h describes. The program under test is ended with SIGTERM once it has
 * asked. Prints for each start: name, wall us, CPU us, peak resident KiB, page faults; with tabs between.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "program.h"

struct sample {
    int64_t wall_us, cpu_us;
    long peak_kb, faults;
};

static int64_t *exec_us; /* shared with the child, which writes it last */

/* One start: until the request has arrived, then what it took. */
static struct sample measure(struct program *program, int listen_fd)
{
    struct sample sample;
    char request[4096];
    struct rusage usage;
    pid_t child = program_start(program, exec_us);
    int fd = program_accept(listen_fd);
    ssize_t n = fd >= 0 && program_waits(fd) ? read(fd, request, sizeof(request) - 1) : 0;

    sample.wall_us = program_now_us() - *exec_us;
    if (n < 4 || memcmp(request, "GET ", 4) != 0) {
        fprintf(stderr, "start_timer: %s did not ask for an event: %.*s\n", program->name,
                (int)(n > 0 ? n : 0), request);
        kill(child, SIGKILL);
        exit(1);
    }
    sample.peak_kb = program_status(child, "VmHWM:");
    kill(child, SIGTERM);
    if (wait4(child, NULL, 0, &usage) != child)
        program_die("wait4");
    close(fd);
    sample.cpu_us = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 + usage.ru_utime.tv_usec +
                    usage.ru_stime.tv_usec;
    sample.faults = usage.ru_minflt;
    return sample;
}

int main(int argc, char **argv)
{
    static struct program programs[PROGRAMS_MAX];
    size_t n_programs;
    int listen_fd;
    int runs = argc == 3 ? atoi(argv[1]) : 0;

    if (runs < 1) {
        fputs("usage: start_timer RUNS CASES\n", stderr);
        return 2;
    }
    exec_us = mmap(NULL, sizeof(*exec_us), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    listen_fd = program_listen();
    n_programs = program_read_all(argv[2], programs);
    for (int run = 0; run < runs; run++)
        for (size_t i = 0; i < n_programs; i++) {
            struct sample sample = measure(&programs[i], listen_fd);

            printf("%s\t%lld\t%lld\t%ld\t%ld\n", programs[i].name, (long long)sample.wall_us,
                   (long long)sample.cpu_us, sample.peak_kb, sample.faults);
        }
    return 0;
}
