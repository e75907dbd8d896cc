/* push_send as the runtime calls it: a real registry, a canned token endpoint, an HTTP/2 server in FCM's
 * place. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <narae/clock.h>
#include <narae/handler.h>
#include <narae/log.h>

#include "tests/support/canned_http.h"
#include "tests/support/h2_server.h"
#include "tests/support/test_database.h"
#include "tests/support/test_pki.h"

/* functions/push/push_send.c, whose table is renamed for tests. */
extern const struct nr_handler push_send_handler;

#define ID(n)        "00000000-0000-4000-8000-00000000000" n
#define RECORD(n, s) "{\"messageId\":\"" ID(n) "\",\"body\":\"" s "\"}"
#define TO_17        "{\\\"id\\\":\\\"a\\\",\\\"to\\\":{\\\"users\\\":[\\\"17\\\"]},\\\"message\\\":{}}"
#define TO_18        "{\\\"id\\\":\\\"b\\\",\\\"to\\\":{\\\"users\\\":[\\\"18\\\"]},\\\"message\\\":{}}"
#define EVENT(...)   "{\"Records\":[" __VA_ARGS__ "]}"
#define FAILED(n)    "{\"itemIdentifier\":\"" ID(n) "\"}"
#define REPLY(...)   "{\"batchItemFailures\":[" __VA_ARGS__ "]}"

static const char *const tokens[] = {"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
                                     "{\"access_token\":\"ya29.secret\",\"expires_in\":3599}"};

static struct test_pki pki;
static struct test_database database;
static struct canned_http *google;
static struct h2_server *fcm;
static struct nr_buf reply_body;
static struct nr_err err;
static int log_fd;

/* --- surroundings -------------------------------------------------------------------------------------- */

static void set_account(int port)
{
    EVP_PKEY *pkey = EVP_RSA_gen(2048);
    BIO *bio = BIO_new(BIO_s_mem());
    char uri[64];
    char *pem;
    char *text;
    json_t *doc;

    cr_assert(pkey && PEM_write_bio_PKCS8PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL));
    BIO_write(bio, "", 1);
    BIO_get_mem_data(bio, &pem);
    snprintf(uri, sizeof(uri), "http://127.0.0.1:%d/token", port);
    doc = json_pack("{s:s,s:s,s:s,s:s,s:s}", "project_id", "narae-test", "private_key_id", "1",
                    "client_email", "push@narae-test.example", "private_key", pem, "token_uri", uri);
    text = json_dumps(doc, 0);
    setenv("THE_ACCOUNT", text, 1);
    free(text);
    json_decref(doc);
    BIO_free(bio);
    EVP_PKEY_free(pkey);
}

static void start_fcm(const char *cert, struct h2_server_rule rule)
{
    struct h2_server_options options = {.pki_dir = pki.dir, .cert = cert, .rules = {rule}};
    char origin[64];

    if (fcm)
        h2_server_stop(fcm, &(struct h2_server_journal){0});
    fcm = h2_server_start(&options);
    snprintf(origin, sizeof(origin), "https://127.0.0.1:%d", h2_server_port(fcm));
    setenv("NARAE_FCM_ENDPOINT", origin, 1);
}

static void set_up(void)
{
    test_pki_init(&pki);
    test_database_init(&database, "functions/push/schema.sql");
    test_database_run(&database, "insert into narae_push.device (user_id, kind, platform, registration, "
                                 "registration_hash) select u, 'token', 'android', 'hush-' || u, "
                                 "sha256(u::bytea) from unnest(array['17', '18', '18b']) as u");
    google = canned_http_start(tokens, 1);
    set_account(canned_http_port(google));
    setenv("NARAE_FCM_SERVICE_ACCOUNT", "env:THE_ACCOUNT", 1);
    setenv("NARAE_DATABASE", "env:THE_DATABASE", 1);
    setenv("THE_DATABASE", database.uri, 1);
    setenv("NARAE_PUSH_CONNECTIONS", "1", 1);
    setenv("AWS_LAMBDA_LOG_FORMAT", "JSON", 1);
    setenv("AWS_LAMBDA_LOG_LEVEL", "INFO", 1);
    start_fcm("server", (struct h2_server_rule){0});
    setenv("NARAE_PUSH_SPARE_QUARTERS", "off", 1);
    nr_buf_init(&reply_body, 65536);
    log_fd = memfd_create("log", MFD_CLOEXEC);
    nr_log_to(log_fd);
}

static void tear_down(void)
{
    canned_http_stop(google, NULL);
    h2_server_stop(fcm, &(struct h2_server_journal){0});
    test_database_done(&database);
    test_pki_done(&pki);
    nr_buf_done(&reply_body);
}

TestSuite(push_send, .init = set_up, .fini = tear_down, .timeout = 60);

static int init(void)
{
    return push_send_handler.init(&err);
}

/* One event; its reply must be `wanted`. */
static void expect_reply_within(const char *event, int64_t ms, const char *wanted)
{
    json_t *slot = NULL;
    struct nr_request request = {.struct_bytes = sizeof(request),
                                 .event = nr_view(event),
                                 .content_type = "application/json",
                                 .request_id = "1",
                                 .deadline_mono_ms = nr_clock_mono_ms() + ms,
                                 .json_slot = &slot};
    struct nr_reply reply = {.struct_bytes = sizeof(reply), .body = &reply_body};

    nr_buf_reset(&reply_body);
    nr_err_reset(&err);
    cr_expect_eq(push_send_handler.invoke(&request, &reply, &err), 0, "%s", err.message);
    cr_expect_str_eq(nr_buf_text(&reply_body), wanted);
    json_decref(slot);
}

static void expect_reply(const char *event, const char *wanted)
{
    expect_reply_within(event, 30000, wanted);
}

/* Record number `line` of the log, its summary apart; "" when there are fewer. Nothing secret may be in it.
 */
static const char *log_line(int line)
{
    static char text[65536];
    ssize_t n = pread(log_fd, text, sizeof(text) - 1, 0);
    char *at = text;

    text[n > 0 ? n : 0] = '\0';
    cr_expect_null(strstr(text, "hush"), "a registration or password is in the log: %s", text);
    cr_expect_null(strstr(text, "ya29"), "a token is in the log: %s", text);
    while (line-- > 0 && (at = strchr(at, '\n')))
        at++;
    if (!at)
        return "";
    at[strcspn(at, "\n")] = '\0';
    return at;
}

static void expect_line(int line, const char *level, const char *part)
{
    const char *text = log_line(line);

    cr_expect(strstr(text, level) && strstr(text, part), "line %d: %s\nwanted %s %s", line, text, level,
              part);
}

/* One line for the failure, the summary, and nothing more. */
static void expect_one_line(const char *level, const char *part)
{
    expect_line(0, level, part);
    expect_line(1, "\"INFO\"", "\"message\":\"batch done\"");
    expect_line(2, "\"INFO\"", "\"Namespace\":\"Narae/Push\"");
    cr_expect_str_eq(log_line(3), "");
}

/* --- what works ---------------------------------------------------------------------------------------- */

Test(push_send, sends_to_every_device_and_reports_the_malformed_message_alone)
{
    cr_assert_eq(init(), 0, "%s", err.message);

    expect_reply(EVENT(RECORD("1", TO_17) "," RECORD("2", "{}") "," RECORD("3", TO_18)), REPLY(FAILED("2")));

    expect_line(0, "\"ERROR\"", "\"errorMessage\":\"Records[1].body.id: missing; must be a string\"");
    expect_line(0, "\"ERROR\"", "\"messageId\":\"" ID("2") "\"");
    expect_line(1, "\"INFO\"", "\"messages\":3,\"malformed\":1,\"expired\":0,\"sends\":2,\"sent\":2,");
    expect_line(2, "\"INFO\"", "\"Sent\":2,\"Messages\":3,\"MessagesReturned\":0,\"MessagesPoisoned\":1,");
    expect_line(2, "\"ClientErrorPercent\":0", "\"LatencyMean\":");
    cr_expect_str_eq(log_line(3), "");
}

Test(push_send, drops_what_is_too_late)
{
    cr_assert_eq(init(), 0, "%s", err.message);

    expect_reply(
        EVENT(RECORD("1", "{\\\"id\\\":\\\"a\\\",\\\"to\\\":{\\\"users\\\":[\\\"17\\\"]},\\\"message\\\":{},"
                          "\\\"expires_at\\\":\\\"2020-01-01T00:00:00Z\\\"}")),
        REPLY());

    expect_line(0, "\"INFO\"", "\"messages\":1,\"malformed\":0,\"expired\":1,\"sends\":0,");
}

/* A sandbox that does not answer in time is ended, and with it go the results that it still has to write. */
Test(push_send, answers_in_time_although_the_ledger_does_not)
{
    int64_t deadline_mono_ms;

    test_database_run(&database, "insert into narae_push.send (message_id, device_id, state, claimable_at) "
                                 "values ('a', 1, 'retry', now())");
    test_database_run(&database, "begin; select from narae_push.send for update");
    cr_assert_eq(init(), 0, "%s", err.message);
    deadline_mono_ms = nr_clock_mono_ms() + 1500;

    expect_reply_within(
        "{\"Records\":[{\"messageId\":\"1\",\"attributes\":{\"ApproximateReceiveCount\":\"2\"},\"body\":\""
        "{\\\"id\\\":\\\"a\\\",\\\"to\\\":{\\\"users\\\":[\\\"17\\\"]},\\\"message\\\":{},"
        "\\\"expires_at\\\":\\\"2020-01-01T00:00:00Z\\\"}\"}]}",
        1500, REPLY());

    cr_expect_lt(nr_clock_mono_ms(), deadline_mono_ms - 200);
    expect_line(0, "\"message\":\"expired sends stay open in the ledger\"", "skip what has expired");
}

Test(push_send, tells_each_device_at_debug_without_its_registration)
{
    setenv("AWS_LAMBDA_LOG_LEVEL", "DEBUG", 1);
    nr_log_setup();
    cr_assert_eq(init(), 0, "%s", err.message);

    expect_reply(EVENT(RECORD("1", TO_17)), REPLY());

    expect_line(0, "\"DEBUG\"", "\"id\":\"a\",\"deviceId\":1,\"verdict\":\"sent\",\"latencyUs\":");
}

Test(push_send, takes_an_empty_batch)
{
    cr_assert_eq(init(), 0, "%s", err.message);

    expect_reply(EVENT(), REPLY());
}

Test(push_send, refuses_an_event_that_is_no_batch)
{
    json_t *slot = NULL;
    struct nr_request request = {.struct_bytes = sizeof(request),
                                 .event = NR_VIEW("{\"Records\":[{\"body\":\"{}\"}]}"),
                                 .deadline_mono_ms = NR_CLOCK_NEVER_MS,
                                 .json_slot = &slot};
    struct nr_reply reply = {.struct_bytes = sizeof(reply), .body = &reply_body};
    cr_assert_eq(init(), 0, "%s", err.message);

    cr_expect_eq(push_send_handler.invoke(&request, &reply, &err), -1);

    cr_expect_str_eq(err.type, "Function.InvalidEvent");
    cr_expect_str_eq(err.message, "not an SQS event: Records[0].messageId: missing; must be a string");
    json_decref(slot);
}

/* --- what goes wrong: one line each, and the message comes back ------------------------------------------
 */

Test(push_send, names_the_setting_when_the_password_is_wrong)
{
    char wrong[512];

    snprintf(wrong, sizeof(wrong), "postgresql://narae:hush%s", strchr(database.uri, '@'));
    setenv("THE_DATABASE", wrong, 1);
    cr_assert_eq(init(), 0, "%s", err.message);

    expect_reply(EVENT(RECORD("1", TO_17) "," RECORD("2", TO_18)), REPLY(FAILED("1") "," FAILED("2")));

    expect_one_line("\"ERROR\"", "\"errorMessage\":\"NARAE_DATABASE: ");
    expect_line(0, "\"errorKind\":\"denied\"", "\"messages\":2");
}

Test(push_send, recovers_when_the_password_was_rotated)
{
    char wrong[512];

    snprintf(wrong, sizeof(wrong), "postgresql://narae:hush%s", strchr(database.uri, '@'));
    setenv("THE_DATABASE", wrong, 1);
    cr_assert_eq(init(), 0, "%s", err.message);
    expect_reply(EVENT(RECORD("1", TO_17)), REPLY(FAILED("1")));
    setenv("THE_DATABASE", database.uri, 1);

    expect_reply(EVENT(RECORD("1", TO_17)), REPLY());
}

Test(push_send, names_the_setting_when_the_database_is_down)
{
    setenv("THE_DATABASE", "postgresql://narae:hush@127.0.0.1:1/none", 1);
    cr_assert_eq(init(), 0, "%s", err.message);

    expect_reply(EVENT(RECORD("1", TO_17)), REPLY(FAILED("1")));

    expect_one_line("\"errorKind\":\"unavailable\"", "\"errorMessage\":\"NARAE_DATABASE: ");
}

Test(push_send, names_the_host_when_fcm_cannot_be_reached)
{
    setenv("NARAE_FCM_ENDPOINT", "https://127.0.0.1:1", 1);
    cr_assert_eq(init(), 0, "%s", err.message);

    expect_reply(EVENT(RECORD("1", TO_17) "," RECORD("2", TO_18)), REPLY(FAILED("1") "," FAILED("2")));

    expect_one_line("\"ERROR\"", "127.0.0.1:1");
    expect_line(0, "\"message\":\"pushes not sent\"", "refused");
}

Test(push_send, names_host_and_reason_when_the_certificate_is_expired)
{
    start_fcm("expired", (struct h2_server_rule){0});
    cr_assert_eq(init(), 0, "%s", err.message);

    expect_reply(EVENT(RECORD("1", TO_17) "," RECORD("2", TO_18)), REPLY(FAILED("1") "," FAILED("2")));

    expect_one_line("\"errorKind\":\"denied\"", "127.0.0.1");
    expect_line(0, "\"message\":\"pushes not sent\"", "expired");
}

Test(push_send, names_host_and_reason_when_the_certificate_is_not_trusted)
{
    start_fcm("other", (struct h2_server_rule){0});
    cr_assert_eq(init(), 0, "%s", err.message);

    expect_reply(EVENT(RECORD("1", TO_17)), REPLY(FAILED("1")));

    expect_one_line("\"errorKind\":\"denied\"", "127.0.0.1");
    expect_line(0, "\"message\":\"pushes not sent\"", "certificate");
}

Test(push_send, returns_what_fcm_had_no_room_for_and_says_why)
{
    start_fcm("server", (struct h2_server_rule){H2_SERVER_STATUS, 1, 1, 429});
    cr_assert_eq(init(), 0, "%s", err.message);

    expect_reply(EVENT(RECORD("1", TO_17)), REPLY(FAILED("1")));
    expect_one_line("\"WARN\"", "\"verdict\":\"quota_exceeded\",\"sends\":1,\"hint\":\"");

    /* FCM wants a minute of peace; what comes sooner is not sent, and does not get lost. */
    expect_reply(EVENT(RECORD("1", TO_17)), REPLY(FAILED("1")));
    test_database_run(&database,
                      "update narae_push.send set claimable_at = now() where claimable_at > now() + "
                      "interval '59 s' and attempts = 1 and verdict = 'quota_exceeded'");
    expect_reply(EVENT(RECORD("1", TO_17)), REPLY());
}

Test(push_send, touches_no_device_when_the_project_is_wrong)
{
    start_fcm("server", (struct h2_server_rule){H2_SERVER_STATUS, 1, 99, 404});
    cr_assert_eq(init(), 0, "%s", err.message);

    expect_reply(EVENT(RECORD("1", TO_17) "," RECORD("2", TO_18)), REPLY(FAILED("1") "," FAILED("2")));

    expect_one_line("\"ERROR\"", "\"verdict\":\"wrong_endpoint\"");
    cr_expect_str_eq(
        test_database_text(&database, "select count(*) from narae_push.device where status = 'active'"), "3");
}

/* --- what comes again ------------------------------------------------------------------------------------
 */

/* How many requests FCM has seen; it is gone afterwards. */
static int n_asked(void)
{
    struct h2_server_journal *journal = calloc(1, sizeof(*journal));
    int n;

    h2_server_stop(fcm, journal);
    fcm = h2_server_start(&(struct h2_server_options){.pki_dir = pki.dir});
    n = journal->n_requests;
    free(journal);
    return n;
}

static const char *trail(void)
{
    return test_database_text(
        &database, "select coalesce(string_agg(concat_ws(' ', message_id, device_id, state, verdict, "
                   "attempts), ', ' order by message_id, device_id), '') from narae_push.trail");
}

Test(push_send, sends_nothing_again_when_a_message_comes_again)
{
    cr_assert_eq(init(), 0, "%s", err.message);

    expect_reply(EVENT(RECORD("1", TO_17) "," RECORD("2", TO_18)), REPLY());
    expect_reply(EVENT(RECORD("3", TO_18) "," RECORD("4", TO_17)), REPLY());

    cr_expect_str_eq(trail(), "a 1 sent sent 1, b 2 sent sent 1");
    cr_expect_eq(n_asked(), 2);
}

#define TO_BOTH "{\\\"id\\\":\\\"c\\\",\\\"to\\\":{\\\"users\\\":[\\\"17\\\",\\\"18\\\"]},\\\"message\\\":{}}"

Test(push_send, sends_only_the_rest_when_a_message_comes_again)
{
    start_fcm("server", (struct h2_server_rule){H2_SERVER_STATUS, 1, 1, 503});
    cr_assert_eq(init(), 0, "%s", err.message);

    expect_reply(EVENT(RECORD("1", TO_BOTH)), REPLY(FAILED("1")));
    cr_expect_not_null(strstr(trail(), "retry unavailable 1"), "%s", trail());
    cr_expect_not_null(strstr(trail(), "sent sent 1"), "%s", trail());
    expect_reply(EVENT(RECORD("1", TO_BOTH)), REPLY(FAILED("1"))); /* too soon */
    test_database_run(&database, "update narae_push.send set claimable_at = now() where state = 'retry'");
    expect_reply(EVENT(RECORD("1", TO_BOTH)), REPLY());

    cr_expect_not_null(strstr(trail(), "sent sent 2"), "%s", trail());
    cr_expect_eq(n_asked(), 3);
}

Test(push_send, sends_again_what_a_dead_sandbox_had_claimed)
{
    cr_assert_eq(init(), 0, "%s", err.message);
    test_database_run(
        &database, "insert into narae_push.send (message_id, device_id, state, holder, claimable_at) values "
                   "('a', 1, 'claimed', 1, now() - interval '1 s'), "
                   "('b', 2, 'claimed', 1, now() + interval '1 minute')");

    expect_reply(EVENT(RECORD("1", TO_17) "," RECORD("2", TO_18)), REPLY(FAILED("2")));

    cr_expect_str_eq(trail(), "a 1 sent sent 2, b 2 claimed 1");
}

/* Between FCM's answer and the commit the database fails; the sandbox lives on, and remembers. */
Test(push_send, does_not_send_again_what_it_could_not_write_down)
{
    cr_assert_eq(init(), 0, "%s", err.message);
    test_database_run(&database,
                      "create function fail() returns trigger language plpgsql as 'begin raise exception "
                      "''out of order'' using errcode = ''22023''; end'");
    test_database_run(
        &database,
        "create trigger fail before update on narae_push.send for each row execute function fail()");

    expect_reply(EVENT(RECORD("1", TO_17)), REPLY(FAILED("1")));
    expect_line(0, "\"ERROR\"", "results are not in the ledger: these pushes may be sent again");
    cr_expect_str_eq(trail(), "a 1 claimed 1");
    test_database_run(&database, "drop trigger fail on narae_push.send");
    expect_reply(EVENT(RECORD("1", TO_17)), REPLY());

    cr_expect_str_eq(trail(), "a 1 sent sent 1");
    cr_expect_eq(n_asked(), 1);
}

Test(push_send, validates_without_a_trace)
{
    cr_assert_eq(init(), 0, "%s", err.message);

    expect_reply(
        EVENT(RECORD("1", "{\\\"id\\\":\\\"a\\\",\\\"to\\\":{\\\"users\\\":[\\\"17\\\"]},\\\"message\\\":{},"
                          "\\\"validate_only\\\":true}")),
        REPLY());
    cr_expect_str_eq(trail(), "");
    expect_reply(EVENT(RECORD("1", TO_17)), REPLY());

    cr_expect_eq(n_asked(), 2);
}

#define FIFO_RECORD(n, s)                                                                                    \
    "{\"messageId\":\"" ID(n) "\",\"body\":\"" s "\",\"eventSourceARN\":\"arn:aws:sqs:r:1:q.fifo\","         \
                              "\"attributes\":{\"MessageGroupId\":\"g\"}}"

Test(push_send, sends_a_fifo_group_in_order_and_stops_at_its_first_failure)
{
    start_fcm("server", (struct h2_server_rule){H2_SERVER_STATUS, 2, 2, 503});
    cr_assert_eq(init(), 0, "%s", err.message);

    expect_reply(EVENT(FIFO_RECORD("1", TO_17) "," FIFO_RECORD("2", TO_18) "," FIFO_RECORD("3", TO_BOTH)),
                 REPLY(FAILED("2") "," FAILED("3")));

    cr_expect_str_eq(trail(), "a 1 sent sent 1, b 2 retry unavailable 1");
    cr_expect_eq(n_asked(), 2);
}

/* --- who is to blame -------------------------------------------------------------------------------------
 */

static const char *device(int id)
{
    char sql[128];

    snprintf(sql, sizeof(sql),
             "select concat_ws(' ', status, inactive_reason) from narae_push.device where device_id = %d",
             id);
    return test_database_text(&database, sql);
}

/* The payload reached another device of the same platform: it cannot be the payload. */
Test(push_send, blames_a_registration_by_evidence)
{
    start_fcm("server", (struct h2_server_rule){H2_SERVER_STATUS, 1, 1, 400});
    cr_assert_eq(init(), 0, "%s", err.message);

    expect_reply(EVENT(RECORD("1", TO_BOTH)), REPLY());

    cr_expect_str_eq(test_database_text(
                         &database, "select string_agg(concat_ws(' ', d.status, d.inactive_reason, s.state, "
                                    "s.verdict), ', ' order by d.status) from narae_push.send s join "
                                    "narae_push.device d using (device_id)"),
                     "active sent sent, inactive invalid_registration skipped invalid_registration");
    cr_expect_eq(n_asked(), 2);
}

Test(push_send, blames_a_registration_that_a_harmless_probe_cannot_reach_either)
{
    start_fcm("server", (struct h2_server_rule){H2_SERVER_STATUS, 1, 2, 400});
    cr_assert_eq(init(), 0, "%s", err.message);

    expect_reply(EVENT(RECORD("1", TO_17)), REPLY());

    cr_expect_str_eq(device(1), "inactive invalid_registration");
    cr_expect_eq(n_asked(), 2);
}

Test(push_send, blames_the_payload_when_a_harmless_probe_gets_through)
{
    start_fcm("server", (struct h2_server_rule){H2_SERVER_STATUS, 1, 1, 400});
    cr_assert_eq(init(), 0, "%s", err.message);

    expect_reply(EVENT(RECORD("1", TO_17)), REPLY(FAILED("1")));

    cr_expect_str_eq(device(1), "active");
    cr_expect_str_eq(trail(), "a 1 failed invalid_payload 1");
    /* On its way to the dead-letter queue FCM is not asked again. */
    expect_reply(EVENT(RECORD("1", TO_17)), REPLY(FAILED("1")));
    cr_expect_eq(n_asked(), 2);
}

/* As when a payload that only some servers refuse, or the key of another project, is rolled out. */
Test(push_send, deactivates_nobody_when_too_many_are_blamed_at_once)
{
    test_database_run(
        &database, "insert into narae_push.device (user_id, kind, platform, registration, registration_hash) "
                   "select '17', 'token', 'android', 'hush-x' || i, sha256(i::text::bytea) "
                   "from generate_series(1, 15) as i");
    start_fcm("server", (struct h2_server_rule){H2_SERVER_STATUS, 1, 12, 400});
    cr_assert_eq(init(), 0, "%s", err.message);

    expect_reply(EVENT(RECORD("1", TO_17)), REPLY(FAILED("1")));

    expect_line(0, "\"ERROR\"", "\"verdict\":\"stopped\",\"sends\":12,\"hint\":\"");
    cr_expect_str_eq(
        test_database_text(&database, "select count(*) from narae_push.device where status = 'inactive'"),
        "0");
    cr_expect_str_eq(test_database_text(&database,
                                        "select string_agg(distinct state || ' ' || verdict, ', ') from "
                                        "narae_push.send"),
                     "failed stopped, sent sent");
}

/* --- poison ----------------------------------------------------------------------------------------------
 */

Test(push_send, parks_what_can_never_be_sent)
{
    setenv("NARAE_PUSH_POISON", "park", 1);
    start_fcm("server", (struct h2_server_rule){H2_SERVER_STATUS, 1, 1, 400});
    cr_assert_eq(init(), 0, "%s", err.message);

    expect_reply(EVENT(RECORD("1", TO_17) "," RECORD("2", "{}")), REPLY());

    cr_expect_str_eq(
        test_database_text(&database, "select string_agg(concat_ws('|', sqs_message_id, message_id, reason), "
                                      "' / ' order by parked_id) from narae_push.parked"),
        ID("1") "|a|invalid_payload / " ID("2") "|Records[1].body.id: missing; must be a string");
}

Test(push_send, keeps_in_the_queue_what_could_not_be_parked)
{
    setenv("NARAE_PUSH_POISON", "park", 1);
    cr_assert_eq(init(), 0, "%s", err.message);
    test_database_run(&database, "drop table narae_push.parked");

    expect_reply(EVENT(RECORD("1", TO_17) "," RECORD("2", "{}")), REPLY(FAILED("2")));
}

/* --- delays ----------------------------------------------------------------------------------------------
 */

Test(push_send, tells_sqs_when_a_message_is_to_come_back)
{
    static const char *const answers[] = {"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{}"};
    struct canned_http *sqs = canned_http_start(answers, 1);
    struct canned_http_journal journal;
    char endpoint[64];
    const char *at;

    snprintf(endpoint, sizeof(endpoint), "http://127.0.0.1:%d", canned_http_port(sqs));
    setenv("AWS_ENDPOINT_URL_SQS", endpoint, 1);
    setenv("AWS_REGION", "us-east-1", 1);
    setenv("AWS_ACCESS_KEY_ID", "AKID", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "hush", 1);
    start_fcm("server",
              (struct h2_server_rule){H2_SERVER_STATUS, 1, 1, 503}); /* with retry-after 7: below the floor */
    cr_assert_eq(init(), 0, "%s", err.message);

    expect_reply("{\"Records\":[{\"messageId\":\"m\",\"receiptHandle\":\"h\",\"body\":\"" TO_17
                 "\",\"eventSourceARN\":\"arn:aws:sqs:us-east-1:1:q\"}]}",
                 REPLY("{\"itemIdentifier\":\"m\"}"));

    canned_http_stop(sqs, &journal);
    cr_assert_eq(journal.n_requests, 1);
    at = strstr(journal.last, "\"VisibilityTimeout\":");
    cr_assert_not_null(at);
    cr_expect(atoi(at + 20) >= 10 && atoi(at + 20) <= 15, "%s", at); /* the floor and its jitter, no more */
}

Test(push_send, does_not_start_without_its_secrets)
{
    unsetenv("THE_ACCOUNT");

    cr_expect_eq(init(), -1);

    cr_expect_str_eq(err.message,
                     "NARAE_FCM_SERVICE_ACCOUNT: \"env:THE_ACCOUNT\": no such environment variable");
    cr_expect_str_eq(err.type, "Function.MissingSecret");
}

Test(push_send, does_not_start_with_an_endpoint_that_is_none)
{
    setenv("NARAE_FCM_ENDPOINT", "fcm.googleapis.com", 1);

    cr_expect_eq(init(), -1);

    cr_expect_eq(strncmp(err.message, "NARAE_FCM_ENDPOINT: ", 20), 0, "%s", err.message);
    cr_expect_not_null(strstr(err.message, "fcm.googleapis.com"));
}
