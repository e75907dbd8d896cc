/* search_feed FILE: SQS events, one a line, through search_log's handler; one line of JSON with what it cost.
 *
 * The same line that the peers in peers/kinesis print. The handler is linked in, so that the process is
 * comparable to theirs: what the runtime adds to an invocation is measured by bench runtime. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <jansson.h>

#include <narae/clock.h>
#include <narae/handler.h>

/* functions/search/search_log.c, whose table is renamed. */
extern const struct nr_handler search_log_handler;

enum {
    DEADLINE_MS = 60000,
    READ_BYTES = 64 * 1024 /* as the reader of Node has; a sandbox gets its events through a socket */
};

static long long cpu_us(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000LL + usage.ru_utime.tv_usec +
           usage.ru_stime.tv_usec;
}

static long peak_kib(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

static void must(int is_good, const char *what)
{
    if (is_good)
        return;
    fprintf(stderr, "search_feed: %s\n", what);
    exit(1);
}

/* All messages of the line must be stored. */
static void feed(struct nr_view line, struct nr_buf *body)
{
    struct nr_err err = {0};
    json_t *slot = NULL;
    struct nr_request request = {.struct_bytes = sizeof(request),
                                 .event = line,
                                 .content_type = "application/json",
                                 .request_id = "bench",
                                 .deadline_mono_ms = nr_clock_mono_ms() + DEADLINE_MS,
                                 .json_slot = &slot};
    struct nr_reply reply = {.struct_bytes = sizeof(reply), .body = body};

    nr_buf_reset(body);
    must(search_log_handler.invoke(&request, &reply, &err) == 0, err.message);
    must(strcmp(nr_buf_text(body), "{\"batchItemFailures\":[]}") == 0, "a message was not stored");
}

/* How many messages the file holds: what the others count as they build their requests, and the handler does
 * not tell. */
static size_t count(FILE *file)
{
    static const struct nr_view id = {"\"messageId\"", 11};
    char *line = NULL;
    size_t cap = 0;
    size_t n = 0;
    ssize_t len;

    while ((len = getline(&line, &cap, file)) > 0)
        for (const char *at = line; (at = memmem(at, (size_t)(line + len - at), id.ptr, id.len)) != NULL;
             at++)
            n++;
    free(line);
    rewind(file);
    return n;
}

int main(int argc, char **argv)
{
    static char room[READ_BYTES]; /* glibc takes no size without one */
    FILE *file = argc == 2 ? fopen(argv[1], "r") : NULL;
    struct nr_err err = {0};
    struct nr_buf body;
    char *line = NULL;
    size_t cap = 0;
    size_t n;
    ssize_t len;
    long long setup_us;
    long long began_us;

    must(file != NULL, "usage: search_feed FILE");
    setvbuf(file, room, _IOFBF, sizeof(room));
    n = count(file);
    must(search_log_handler.init(&err) == 0, err.message);
    nr_buf_init(&body, 6 << 20);
    setup_us = cpu_us();
    began_us = nr_clock_mono_us();
    while ((len = getline(&line, &cap, file)) > 0)
        feed(nr_view_n(line, (size_t)len), &body);
    printf("{\"sent\": %zu, \"setup_cpu_us\": %lld, \"work_cpu_us\": %lld, \"wall_ms\": %lld, \"peak_kib\": "
           "%ld}\n",
           n, setup_us, cpu_us() - setup_us, (long long)(nr_clock_mono_us() - began_us) / 1000, peak_kib());
    nr_buf_done(&body);
    free(line);
    fclose(file);
    return 0;
}
