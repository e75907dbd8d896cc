/* snapshot_year START NIGHTS: aurora_snapshot's own handler, called for one night after the other, as fast as
 * it goes.
 *
 * Time is simulated here and in the scripted RDS (AWS_ENDPOINT_URL_RDS), which is told each night what time
 * it is. Prints one line of JSON with the sums, then the reply of a last `plan`. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <narae/clock.h>
#include <narae/handler.h>
#include <narae/http.h>
#include <narae/json.h>
#include <narae/log.h>
#include <narae/rfc3339.h>

#include "tests/support/fake_clock.h"

/* functions/snapshot/aurora_snapshot.c, whose table is renamed for this. */
extern const struct nr_handler aurora_snapshot_handler;

enum { DAY_MS = 24 * 3600 * 1000, LATE_MS = 20 * 1000, REPLY_MAX_BYTES = 4 * 1024 * 1024 };

struct sums {
    int64_t created, deleted, calls;
};

static void fail(const char *what, const struct nr_err *err)
{
    fprintf(stderr, "snapshot_year: %s: %s\n", what, err->message);
    exit(1);
}

/* Both clocks at this moment. */
static void set_time(int64_t wall_ms)
{
    char url[256];
    char body[64];
    struct nr_http_reply reply = {0};
    struct nr_err err = {0};
    int len = snprintf(body, sizeof(body), "{\"now\": %" PRId64 "}", wall_ms / 1000);

    fake_clock_set(wall_ms, wall_ms);
    snprintf(url, sizeof(url), "%s/_control", getenv("AWS_ENDPOINT_URL_RDS"));
    if (nr_http_send(&(struct nr_http_request){.url = url, .body = {body, (size_t)len}}, &reply, &err) != 0 ||
        reply.status != 200)
        fail("the scripted RDS", &err);
    nr_http_reply_done(&reply);
}

static void invoke(const char *mode, int64_t slot_ms, struct nr_buf *body)
{
    char event[160];
    char slot[NR_CLOCK_RFC3339_BYTES];
    json_t *parsed = NULL;
    struct nr_err err = {0};
    struct nr_reply reply = {.struct_bytes = sizeof(reply), .body = body};
    struct nr_request request = {.struct_bytes = sizeof(request),
                                 .content_type = "application/json",
                                 .request_id = "year",
                                 .function_arn = "",
                                 .trace_id = "",
                                 .tenant_id = "",
                                 .deadline_mono_ms = NR_CLOCK_NEVER_MS,
                                 .json_slot = &parsed};

    nr_clock_rfc3339(slot_ms, slot);
    snprintf(event, sizeof(event), "{\"mode\":\"%s\",\"scheduled_time\":\"%s\"}", mode, slot);
    request.event = nr_view(event);
    nr_buf_reset(body);
    if (aurora_snapshot_handler.invoke(&request, &reply, &err) != 0)
        fail(slot, &err);
    json_decref(parsed);
}

static void add_up(struct nr_buf *body, struct sums *sums)
{
    json_t *reply;
    struct nr_err err = {0};
    const json_t *totals;

    if (nr_json_parse(nr_buf_view(body), "reply", &reply, &err) != 0)
        fail("reply", &err);
    totals = json_object_get(reply, "totals");
    sums->created += json_integer_value(json_object_get(totals, "created"));
    sums->deleted += json_integer_value(json_object_get(totals, "deleted"));
    sums->calls += json_integer_value(json_object_get(reply, "apiCalls"));
    json_decref(reply);
}

static int64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now); /* nr_clock is simulated */
    return now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int main(int argc, char **argv)
{
    int64_t start_ms;
    int nights = argc == 3 ? atoi(argv[2]) : 0;
    struct sums sums = {0};
    struct nr_buf body;
    struct nr_err err = {0};
    int64_t began_us = now_us();

    if (argc != 3 || !nr_rfc3339_parse(nr_view(argv[1]), &start_ms) || nights < 1 ||
        !getenv("AWS_ENDPOINT_URL_RDS")) {
        fprintf(stderr, "usage: AWS_ENDPOINT_URL_RDS=... NARAE_SNAPSHOT_POLICY=... snapshot_year "
                        "2026-01-01T17:00:00Z 365\n");
        return 2;
    }
    nr_log_to(open("/dev/null", O_WRONLY | O_CLOEXEC));
    nr_buf_init(&body, REPLY_MAX_BYTES);
    if (aurora_snapshot_handler.init(&err) != 0)
        fail("init", &err);
    for (int night = 0; night < nights; night++) {
        set_time(start_ms + (int64_t)night * DAY_MS + LATE_MS);
        invoke("snapshot", start_ms + (int64_t)night * DAY_MS, &body);
        add_up(&body, &sums);
    }
    printf("{\"nights\": %d, \"created\": %" PRId64 ", \"deleted\": %" PRId64 ", \"calls\": %" PRId64
           ", \"seconds\": %.3f}\n",
           nights, sums.created, sums.deleted, sums.calls, (double)(now_us() - began_us) / 1e6);
    set_time(start_ms + (int64_t)nights * DAY_MS);
    invoke("plan", start_ms + (int64_t)nights * DAY_MS, &body);
    printf("%s\n", nr_buf_text(&body));
    nr_buf_done(&body);
    return 0;
}
