/* aurora_snapshot as the runtime calls it, with RDS's answers written down: what the end-to-end tests show,
 * also under the sanitizers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <criterion/criterion.h>

#include <narae/clock.h>
#include <narae/handler.h>

#include "layer/aws/aws_pause.h"
#include "tests/support/canned_http.h"
#include "tests/support/fake_clock.h"
#include "tests/support/http_server.h"
#include "tests/support/log_capture.h"

/* functions/snapshot/aurora_snapshot.c, whose table is renamed for tests. */
extern const struct nr_handler aurora_snapshot_handler;

#define NOW_MS 1795539620000 /* 2026-11-24T17:00:20Z */
#define OK(xml)                                                                                              \
    "HTTP/1.1 200 OK\r\nConnection: close\r\nDate: Tue, 24 Nov 2026 17:00:20 "                               \
    "GMT\r\n\r\n<XResponse><XResult>" xml "</XResult></XResponse>"
#define TAG(k, v) "<Tag><Key>" k "</Key><Value>" v "</Value></Tag>"
#define CLUSTER                                                                                              \
    "<DBCluster><DBClusterIdentifier>orders</DBClusterIdentifier><DbClusterResourceId>cluster-A</"           \
    "DbClusterResourceId>"                                                                                   \
    "<Status>available</Status><Engine>aurora-mysql</Engine><ClusterCreateTime>2026-01-01T00:00:00Z</"       \
    "ClusterCreateTime></DBCluster>"
#define SNAPSHOT(day)                                                                                        \
    "<DBClusterSnapshot><DBClusterSnapshotIdentifier>narae-orders-202611" day                                \
    "t1700z</DBClusterSnapshotIdentifier>"                                                                   \
    "<DBClusterIdentifier>orders</DBClusterIdentifier><DbClusterResourceId>cluster-A</DbClusterResourceId>"  \
    "<Status>available</Status><SnapshotType>manual</SnapshotType><TagList>" TAG("narae:managed-by",         \
                                                                                 "aurora_snapshot")          \
        TAG("narae:policy", "nightly") TAG("narae:slot", "2026-11-" day "T17:00:00Z")                        \
            TAG("narae:resource", "cluster-A") "</TagList></DBClusterSnapshot>"
#define REFUSED(code)                                                                                        \
    "HTTP/1.1 400 No\r\nConnection: close\r\n\r\n<ErrorResponse><Error><Code>" code                          \
    "</Code></Error></ErrorResponse>"

static struct canned_http_journal journal;
static struct nr_buf body;
static struct nr_err err;

static void no_pause(int64_t wait_ms)
{
    (void)wait_ms;
}

static void set_up(void)
{
    setenv("AWS_REGION", "us-east-1", 1);
    setenv("AWS_ACCESS_KEY_ID", "key", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "hush-secret", 1);
    setenv("NARAE_SNAPSHOT_POLICY",
           "{\"id\":\"nightly\",\"clusters\":{\"ids\":[\"*\"]},\"keep\":{\"last\":1},\"min_keep\":1,\"dry_"
           "run\":false}",
           1);
    fake_clock_set(NOW_MS, 1000);
    aws_pause_replace(no_pause);
    log_capture_begin();
    nr_buf_init(&body, 65536);
    cr_assert_eq(aurora_snapshot_handler.init(&err), 0, "%s", err.message);
}

static void tear_down(void)
{
    nr_buf_done(&body);
}

TestSuite(aurora_snapshot, .init = set_up, .fini = tear_down, .timeout = 30);

static int invoke(const char *event, const char *const *answers, size_t n)
{
    struct canned_http *server = canned_http_start(answers, n);
    json_t *parsed = NULL;
    struct nr_reply reply = {.struct_bytes = sizeof(reply), .body = &body};
    struct nr_request request = {.struct_bytes = sizeof(request),
                                 .event = nr_view(event),
                                 .content_type = "application/json",
                                 .request_id = "r",
                                 .function_arn = "",
                                 .trace_id = "",
                                 .tenant_id = "",
                                 .deadline_mono_ms = NR_CLOCK_NEVER_MS,
                                 .json_slot = &parsed};
    char url[64];
    int result;

    snprintf(url, sizeof(url), "http://127.0.0.1:%d", canned_http_port(server));
    setenv("AWS_ENDPOINT_URL_RDS", url, 1);
    result = aurora_snapshot_handler.invoke(&request, &reply, &err);
    json_decref(parsed);
    canned_http_stop(server, &journal);
    return result;
}

#define INVOKE(event, ...)                                                                                   \
    invoke(event, (const char *const[]){__VA_ARGS__},                                                        \
           sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))
#define NIGHTLY "{\"scheduled_time\":\"2026-11-24T17:00:00Z\"}"

Test(aurora_snapshot, makes_one_and_lets_the_old_ones_go)
{
    cr_assert_eq(INVOKE(NIGHTLY, OK(CLUSTER), OK(SNAPSHOT("23") SNAPSHOT("22")), OK(SNAPSHOT("24")),
                        OK(SNAPSHOT("22"))),
                 0, "%s", err.message);

    cr_expect_not_null(
        strstr(nr_buf_text(&body), "\"result\":\"created\",\"snapshot\":\"narae-orders-20261124t1700z\""));
    cr_expect_not_null(strstr(nr_buf_text(&body), "\"deleted\":1"));
    cr_expect_eq(journal.n_requests, 4);
    cr_expect_not_null(strstr(journal.last, "Action=DeleteDBClusterSnapshot&Version=2014-10-31&"
                                            "DBClusterSnapshotIdentifier=narae-orders-20261122t1700z"));
}

Test(aurora_snapshot, asks_for_a_retry_only_where_it_helps)
{
    cr_assert_eq(INVOKE(NIGHTLY, OK(CLUSTER), OK(""), REFUSED("InvalidDBClusterStateFault")), -1);
    cr_expect_eq(err.kind, NR_ERR_UNAVAILABLE);
    cr_expect_str_eq(err.message, "1 of 1 clusters have no snapshot for this slot yet");
    err = (struct nr_err){0};
    cr_assert_eq(INVOKE(NIGHTLY, OK(CLUSTER), OK(""), REFUSED("KMSKeyNotAccessibleFault")), 0, "%s",
                 err.message);
    cr_expect_not_null(strstr(nr_buf_text(&body), "\"result\":\"failed\""));
}

Test(aurora_snapshot, logs_one_line_for_a_run_and_never_a_secret)
{
    char *log;

    cr_assert_eq(INVOKE("{\"mode\":\"check\"}", OK(CLUSTER), OK(SNAPSHOT("23"))), 0, "%s", err.message);
    log = log_capture_take();
    cr_expect_not_null(strstr(log, "\"HoursSinceLastGoodSnapshot\":24.0"));
    cr_expect_null(strstr(log, "hush"));
    free(log);
}

Test(aurora_snapshot, changes_nothing_when_it_plans_or_verifies)
{
    static const char *const modes[] = {"{\"mode\":\"plan\"}", "{\"mode\":\"verify\"}"};

    for (size_t i = 0; i < 2; i++) {
        cr_assert_eq(INVOKE(modes[i], OK(CLUSTER), OK(SNAPSHOT("23") SNAPSHOT("22"))), 0, "%s", err.message);
        cr_expect_eq(journal.n_requests, 2);
    }
}

static int64_t real_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

Test(aurora_snapshot, gives_up_a_call_that_never_answers_while_there_is_time_to_say_so)
{
    static const struct http_server_step steps[] = {{NULL, HTTP_SERVER_STALL}};
    struct http_server *silent =
        http_server_start(&(struct http_server_options){.steps = steps, .n_steps = 1});
    struct http_server_journal heard = {0};
    struct nr_reply reply = {.struct_bytes = sizeof(reply), .body = &body};
    json_t *parsed = NULL;
    struct nr_request request = {.struct_bytes = sizeof(request),
                                 .event = NR_VIEW(NIGHTLY),
                                 .content_type = "application/json",
                                 .request_id = "r",
                                 .deadline_mono_ms = 1000 + 1300,
                                 .json_slot = &parsed};
    int64_t started_ms = real_ms();

    setenv("AWS_ENDPOINT_URL_RDS", http_server_url(silent), 1);

    cr_expect_eq(aurora_snapshot_handler.invoke(&request, &reply, &err), -1);

    cr_expect_lt(real_ms() - started_ms, 1000);
    json_decref(parsed);
    http_server_stop(silent, &heard);
    http_server_journal_done(&heard);
}
