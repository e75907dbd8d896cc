/* h2_sender ORIGIN REQUESTS CONNECTIONS STREAMS [BODY_FILE TOKEN]: POST through nr_h2, 350 bytes each or the
 * file, and say what it cost.
 *
 * Prints one line: answered, CPU of the whole process per request in us, wall ms, connections opened.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include <narae/clock.h>
#include <narae/h2.h>

enum {
    BODY_BYTES = 350, /* a push message of the usual size */
    BODY_MAX_BYTES = 4096,
};

struct count {
    long n_left, n_answered, n_failed;
    struct nr_err first;
};

static char body[BODY_MAX_BYTES];
static size_t body_len;
static char authorization[256] = "none";

static int next(void *ctx, struct nr_h2_request *out)
{
    static struct nr_h2_header headers[] = {
        {{"content-type", 12}, {"application/json", 16}},
        {{"authorization", 13}, {authorization, 0}},
    };
    struct count *count = ctx;

    if (count->n_left == 0)
        return 0;
    count->n_left--;
    headers[1].value.len = strlen(authorization);
    *out = (struct nr_h2_request){
        .method = NR_VIEW("POST"),
        .path = NR_VIEW("/v1/projects/demo/messages:send"),
        .headers = headers,
        .n_headers = 2,
        .body = {nr_view_n(body, body_len / 2), nr_view_n(body + body_len / 2, body_len - body_len / 2)}};
    return 1;
}

static void done(void *ctx, const struct nr_h2_reply *reply)
{
    struct count *count = ctx;

    if (reply->fate == NR_H2_ANSWERED && reply->status == 200)
        count->n_answered++;
    else if (count->n_failed++ == 0 && reply->err)
        count->first = *reply->err;
}

static double cpu_us(void)
{
    struct rusage used;

    getrusage(RUSAGE_SELF, &used);
    return 1e6 * (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

static bool fill_body(const char *path)
{
    FILE *file = path ? fopen(path, "re") : NULL;

    body_len = BODY_BYTES;
    for (int i = 0; i < BODY_BYTES; i++)
        body[i] = (char)('a' + i % 26);
    if (!path)
        return true;
    body_len = file ? fread(body, 1, sizeof(body), file) : 0;
    if (file)
        fclose(file);
    return body_len > 0;
}

int main(int argc, char **argv)
{
    struct nr_h2_options options = {0};
    struct count count = {0};
    struct nr_h2_work work = {next, done, &count};
    struct nr_err err = {0};
    struct nr_h2 *h2 = NULL;
    long n_requests;
    int64_t began_ms = nr_clock_mono_ms();

    if ((argc != 5 && argc != 7) || !fill_body(argc == 7 ? argv[5] : NULL)) {
        fprintf(stderr, "usage: h2_sender ORIGIN REQUESTS CONNECTIONS STREAMS [BODY_FILE TOKEN]\n");
        return 2;
    }
    if (argc == 7)
        snprintf(authorization, sizeof(authorization), "Bearer %s", argv[6]);
    options = (struct nr_h2_options){
        .origin = argv[1], .max_connections = atoi(argv[3]), .max_streams = atoi(argv[4])};
    count.n_left = n_requests = strtol(argv[2], NULL, 10);
    if (nr_h2_new(&options, &h2, &err) != 0 || nr_h2_run(h2, &work, NR_CLOCK_NEVER_MS, &err) != 0)
        fprintf(stderr, "h2_sender: %s\n", err.message);
    if (count.n_failed)
        fprintf(stderr, "h2_sender: %ld failed, the first: %s\n", count.n_failed, count.first.message);
    printf("answered %ld cpu_us_per_request %.3f wall_ms %lld connections %llu\n", count.n_answered,
           cpu_us() / (double)(n_requests ? n_requests : 1), (long long)(nr_clock_mono_ms() - began_ms),
           (unsigned long long)(h2 ? nr_h2_stats(h2).connections_opened : 0));
    nr_h2_free(h2);
    return count.n_answered == n_requests ? 0 : 1;
}
