/* push_devices as the runtime calls it: a real registry, a canned token endpoint, an HTTP/2 server in FCM's
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

/* functions/push/push_devices.c and push_prune.c, whose tables are renamed for tests. */
extern const struct nr_handler push_devices_handler;
extern const struct nr_handler push_prune_handler;

#define ID(n)        "00000000-0000-4000-8000-00000000000" n
#define RECORD(n, s) "{\"messageId\":\"" ID(n) "\",\"body\":\"" s "\"}"
#define IN_GROUP(n, s)                                                                                       \
    "{\"messageId\":\"" ID(n) "\",\"body\":\"" s "\",\"attributes\":{\"MessageGroupId\":\"g\"}}"
#define EVENT(...) "{\"Records\":[" __VA_ARGS__ "]}"
#define FAILED(n)  "{\"itemIdentifier\":\"" ID(n) "\"}"
#define REPLY(...) "{\"batchItemFailures\":[" __VA_ARGS__ "]}"
#define REGISTER_BODY(r, u)                                                                                  \
    "{\\\"action\\\":\\\"register\\\",\\\"kind\\\":\\\"token\\\",\\\"registration\\\":\\\"" r                \
    "\\\",\\\"platform\\\":\\\"android\\\",\\\"user\\\":\\\"" u "\\\"}"
#define REGISTER(r, u)                                                                                       \
    "{\"action\":\"register\",\"kind\":\"token\",\"registration\":\"" r                                      \
    "\",\"platform\":\"android\",\"user\":\"" u "\",\"topics\":[\"news\"]}"

static const char *const tokens[] = {"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
                                     "{\"access_token\":\"ya29.secret\",\"expires_in\":3599}"};

static struct test_pki pki;
static struct test_database database;
static struct canned_http *google;
static struct h2_server *fcm;
static struct nr_buf reply_body;
static struct nr_err err;
static int64_t time_ms = 60000;
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

static void start_fcm(struct h2_server_rule rule)
{
    struct h2_server_options options = {.pki_dir = pki.dir, .rules = {rule}};
    char origin[64];

    if (fcm)
        h2_server_stop(fcm, &(struct h2_server_journal){0});
    fcm = h2_server_start(&options);
    snprintf(origin, sizeof(origin), "https://127.0.0.1:%d", h2_server_port(fcm));
    setenv("NARAE_FCM_ENDPOINT", origin, 1);
}

/* How many calls FCM got. */
static int calls(void)
{
    struct h2_server_journal journal;

    h2_server_stop(fcm, &journal);
    fcm = NULL;
    return journal.n_requests;
}

static void set_up(void)
{
    test_pki_init(&pki);
    test_database_init(&database, "functions/push/schema.sql");
    google = canned_http_start(tokens, 1);
    set_account(canned_http_port(google));
    setenv("NARAE_FCM_SERVICE_ACCOUNT", "env:THE_ACCOUNT", 1);
    setenv("NARAE_DATABASE", "env:THE_DATABASE", 1);
    setenv("THE_DATABASE", database.uri, 1);
    setenv("NARAE_PUSH_CONNECTIONS", "1", 1);
    setenv("AWS_LAMBDA_LOG_FORMAT", "JSON", 1);
    setenv("AWS_LAMBDA_LOG_LEVEL", "INFO", 1);
    start_fcm((struct h2_server_rule){0});
    nr_buf_init(&reply_body, 65536);
    log_fd = memfd_create("log", MFD_CLOEXEC);
    nr_log_to(log_fd);
}

static void tear_down(void)
{
    canned_http_stop(google, NULL);
    if (fcm)
        h2_server_stop(fcm, &(struct h2_server_journal){0});
    test_database_done(&database);
    test_pki_done(&pki);
    nr_buf_done(&reply_body);
}

TestSuite(push_devices, .init = set_up, .fini = tear_down, .timeout = 60);
TestSuite(push_prune, .init = set_up, .fini = tear_down, .timeout = 60);

static int invoke(const struct nr_handler *handler, const char *event)
{
    json_t *slot = NULL;
    struct nr_request request = {.struct_bytes = sizeof(request),
                                 .event = nr_view(event),
                                 .content_type = "application/json",
                                 .request_id = "1",
                                 .deadline_mono_ms = nr_clock_mono_ms() + time_ms,
                                 .json_slot = &slot};
    struct nr_reply reply = {.struct_bytes = sizeof(reply), .body = &reply_body};
    int result;

    nr_buf_reset(&reply_body);
    nr_err_reset(&err);
    result = handler->invoke(&request, &reply, &err);
    json_decref(slot);
    return result;
}

static void expect_reply(const char *event, const char *wanted)
{
    cr_expect_eq(invoke(&push_devices_handler, event), 0, "%s", err.message);
    cr_expect_str_eq(nr_buf_text(&reply_body), wanted);
}

/* The whole log. Nothing secret may be in it. */
static const char *log_text(void)
{
    static char text[65536];
    ssize_t n = pread(log_fd, text, sizeof(text) - 1, 0);

    text[n > 0 ? n : 0] = '\0';
    cr_expect_null(strstr(text, "hush"), "a registration or password is in the log: %s", text);
    cr_expect_null(strstr(text, "ya29"), "a token is in the log: %s", text);
    return text;
}

static void expect_log(const char *part)
{
    cr_expect(strstr(log_text(), part) != NULL, "no %s in %s", part, log_text());
}

/* How many records are of WARN or above. */
static int n_complaints(void)
{
    int n = 0;

    for (const char *at = log_text(); (at = strstr(at, "\"level\":\"")); at++)
        n += strncmp(at + 9, "ERROR", 5) == 0 || strncmp(at + 9, "WARN", 4) == 0;
    return n;
}

static const char *text(const char *sql)
{
    return test_database_text(&database, sql);
}

static const char topics_sql[] =
    "select string_agg(topic || ' ' || state || coalesce(' ' || reason, ''), ', ' "
    "order by device_id, topic) from narae_push.topic";

static void start(const struct nr_handler *handler)
{
    cr_assert_eq(handler->init(&err), 0, "%s", err.message);
}

/* --- what works ---------------------------------------------------------------------------------------- */

Test(push_devices, takes_a_batch_and_reports_the_malformed_message_alone)
{
    start(&push_devices_handler);

    expect_reply(EVENT(RECORD("1", REGISTER_BODY("hush1", "17")) "," RECORD("2", "{}") "," RECORD(
                     "3", REGISTER_BODY("hush2", "18"))),
                 REPLY(FAILED("2")));

    expect_log("\"errorMessage\":\"Records[1].body.action: missing; must be a string\"");
    expect_log("\"messageId\":\"" ID("2") "\"");
    expect_log("\"message\":\"batch done\"");
    expect_log("\"messages\":3,\"malformed\":1,\"registered\":2,");
    expect_log("\"DevicesRegistered\":2");
    cr_expect_eq(n_complaints(), 1);
    cr_expect_str_eq(text("select count(*) from narae_push.device where status = 'active'"), "2");
    cr_expect_eq(calls(), 0);
}

Test(push_devices, answers_a_direct_invocation_item_by_item_and_tells_fcm_about_topics)
{
    start(&push_devices_handler);

    expect_reply(
        "[" REGISTER("hush1", "17") ",{\"action\":\"refresh\",\"kind\":\"fid\",\"registration\":\"hush9\"},"
                                    "{\"action\":\"refresh\"}]",
        "{\"results\":[{\"outcome\":\"registered\",\"device_id\":\"1\"},{\"outcome\":\"unknown\"},"
        "{\"error\":{\"type\":\"Function.InvalidMessage\",\"kind\":\"invalid\",\"retry\":false,"
        "\"message\":\"[2].kind: missing; must be a string\"}}]}");

    cr_expect_str_eq(text(topics_sql), "news active");
    cr_expect_eq(calls(), 1);
}

Test(push_devices, answers_a_single_message)
{
    start(&push_devices_handler);

    expect_reply(REGISTER("hush1", "17"), "{\"results\":[{\"outcome\":\"registered\",\"device_id\":\"1\"}]}");
    expect_reply(REGISTER("hush1", "18"), "{\"results\":[{\"outcome\":\"moved\",\"device_id\":\"1\"}]}");
}

Test(push_devices, keeps_the_order_of_messages_about_one_registration)
{
    start(&push_devices_handler);

    expect_reply("[" REGISTER("hush1", "17") ",{\"action\":\"unregister\",\"kind\":\"token\","
                                             "\"registration\":\"hush1\"}," REGISTER("hush1", "18") "]",
                 "{\"results\":[{\"outcome\":\"registered\",\"device_id\":\"1\"},"
                 "{\"outcome\":\"unregistered\",\"device_id\":\"1\"},{\"outcome\":\"reactivated\",\"device_"
                 "id\":\"1\"}]}");

    cr_expect_str_eq(text("select user_id || ' ' || status || ' ' || version from narae_push.device"),
                     "18 active 3");
}

Test(push_devices, a_replaced_registration_takes_its_topics_to_fcm)
{
    start(&push_devices_handler);
    expect_reply(REGISTER("hush1", "17"), "{\"results\":[{\"outcome\":\"registered\",\"device_id\":\"1\"}]}");

    expect_reply(
        "{\"action\":\"replace\",\"kind\":\"token\",\"registration\":\"hush2\",\"replaces\":{\"kind\":"
        "\"token\",\"registration\":\"hush1\"}}",
        "{\"results\":[{\"outcome\":\"replaced\",\"device_id\":\"2\"}]}");

    cr_expect_str_eq(
        text("select string_agg(device_id || ' ' || state, ', ' order by device_id) from narae_push.topic"),
        "1 removing, 2 active", "a direct invocation works on its own device");
    expect_reply(EVENT(), REPLY());
    cr_expect_str_eq(
        text("select string_agg(device_id || ' ' || state, ', ' order by device_id) from narae_push.topic"),
        "1 removed, 2 active", "the next batch has the rest");
}

/* --- what goes wrong ----------------------------------------------------------------------------------- */

Test(push_devices, what_fcm_has_no_room_for_waits_and_is_no_failure_of_the_message)
{
    start_fcm((struct h2_server_rule){H2_SERVER_STATUS, 1, 1, 429});
    start(&push_devices_handler);

    expect_reply("[" REGISTER("hush1", "17") "]",
                 "{\"results\":[{\"outcome\":\"registered\",\"device_id\":\"1\"}]}");

    cr_expect_str_eq(text(topics_sql), "news wanted quota_exceeded");
    cr_expect_str_eq(
        text("select next_at > now() + interval '55 s' and lease_until is null from narae_push.topic"), "t");
    expect_log("\"message\":\"topic calls refused by FCM\"");
    expect_log("\"reason\":\"quota_exceeded\",\"calls\":1,\"hint\":\"");
    cr_expect_eq(n_complaints(), 1);

    test_database_run(&database, "update narae_push.topic set next_at = now()");
    expect_reply(EVENT(), REPLY());
    cr_expect_str_eq(text(topics_sql), "news active");
}

Test(push_devices, a_refused_token_is_renewed_once)
{
    struct canned_http_journal journal;

    start_fcm((struct h2_server_rule){H2_SERVER_STATUS, 1, 1, 401});
    start(&push_devices_handler);

    expect_reply("[" REGISTER("hush1", "17") "]",
                 "{\"results\":[{\"outcome\":\"registered\",\"device_id\":\"1\"}]}");

    cr_expect_str_eq(text(topics_sql), "news active");
    cr_expect_eq(n_complaints(), 0);
    canned_http_stop(google, &journal);
    cr_expect_eq(journal.n_requests, 2);
    google = canned_http_start(tokens, 1);
}

Test(push_devices, a_missing_permission_stops_and_touches_no_device)
{
    start_fcm((struct h2_server_rule){H2_SERVER_STATUS, 1, 99, 403});
    start(&push_devices_handler);

    expect_reply("[" REGISTER("hush1", "17") "]",
                 "{\"results\":[{\"outcome\":\"registered\",\"device_id\":\"1\"}]}");

    cr_expect_str_eq(text(topics_sql), "news wanted permission_denied");
    expect_log("cloudmessaging.topicSubscriptions.update");
    cr_expect_str_eq(text("select status from narae_push.device"), "active");
}

Test(push_devices, a_call_without_an_answer_is_made_again)
{
    start_fcm((struct h2_server_rule){H2_SERVER_RST, 1, 1, 2});
    start(&push_devices_handler);

    expect_reply("[" REGISTER("hush1", "17") "]",
                 "{\"results\":[{\"outcome\":\"registered\",\"device_id\":\"1\"}]}");

    cr_expect_str_eq(text(topics_sql), "news wanted no_answer");
}

Test(push_devices, begins_no_call_that_may_be_unanswered_at_the_end)
{
    start(&push_devices_handler);
    time_ms = 11000; /* a request of FCM may take 10 s */

    expect_reply("[" REGISTER("hush1", "17") "]",
                 "{\"results\":[{\"outcome\":\"registered\",\"device_id\":\"1\"}]}");

    cr_expect_str_eq(text(topics_sql), "news wanted");
    cr_expect_str_eq(text("select attempts from narae_push.topic"), "0");
    cr_expect_eq(calls(), 0);
}

Test(push_devices, names_the_setting_when_the_database_is_down)
{
    setenv("THE_DATABASE", "postgresql://narae:hush@127.0.0.1:1/none", 1);
    start(&push_devices_handler);

    expect_reply(
        EVENT(RECORD("1", REGISTER_BODY("hush1", "17")) "," RECORD("2", REGISTER_BODY("hush2", "18"))),
        REPLY(FAILED("1") "," FAILED("2")));

    expect_log("\"errorMessage\":\"NARAE_DATABASE: ");
    expect_log("\"messages\":2");
    cr_expect_eq(n_complaints(), 1, "%s", log_text());
}

Test(push_devices, recovers_when_the_password_was_rotated)
{
    char wrong[512];

    snprintf(wrong, sizeof(wrong), "postgresql://narae:hush%s", strchr(database.uri, '@'));
    setenv("THE_DATABASE", wrong, 1);
    start(&push_devices_handler);
    expect_reply(EVENT(RECORD("1", REGISTER_BODY("hush1", "17"))), REPLY(FAILED("1")));
    setenv("THE_DATABASE", database.uri, 1);

    expect_reply(EVENT(RECORD("1", REGISTER_BODY("hush1", "17"))), REPLY());
}

Test(push_devices, in_a_fifo_group_nothing_overtakes_what_failed)
{
    start(&push_devices_handler);
    /* The database refuses user 18 alone. */
    test_database_run(&database, "alter table narae_push.device add check (user_id <> '18')");

    expect_reply(
        EVENT(IN_GROUP("1", REGISTER_BODY("hush1", "17")) "," IN_GROUP(
            "2", REGISTER_BODY("hush2",
                               "18")) "," IN_GROUP("3", REGISTER_BODY("hush2",
                                                                      "19")) "," RECORD("4",
                                                                                        REGISTER_BODY("hush4",
                                                                                                      "20"))),
        REPLY(FAILED("2") "," FAILED("3")));

    cr_expect_str_eq(text("select string_agg(user_id, ' ' order by user_id) from narae_push.device"),
                     "17 20");
}

Test(push_devices, refuses_an_event_that_is_none)
{
    start(&push_devices_handler);

    cr_expect_eq(invoke(&push_devices_handler, "\"hello\""), -1);

    cr_expect_str_eq(err.type, "Function.InvalidEvent");
}

Test(push_devices, does_not_start_with_a_backend_that_is_none)
{
    setenv("NARAE_TOPIC_BACKEND", "v0", 1);

    cr_expect_eq(push_devices_handler.init(&err), -1);

    cr_expect_str_eq(err.message, "NARAE_TOPIC_BACKEND: must be v1 or iid, is \"v0\"");
}

/* --- push_prune ---------------------------------------------------------------------------------------- */

static void expect_pruned(const char *event, const char *part)
{
    cr_expect_eq(invoke(&push_prune_handler, event), 0, "%s", err.message);
    cr_expect(strstr(nr_buf_text(&reply_body), part) != NULL, "no %s in %s", part, nr_buf_text(&reply_body));
}

static void add_device(const char *registration, int days)
{
    char sql[512];

    snprintf(sql, sizeof(sql),
             "insert into narae_push.device (kind, platform, registration, registration_hash, refreshed_at) "
             "values "
             "('token', 'web', '%s', sha256('%s'), now() - interval '%d days')",
             registration, registration, days);
    test_database_run(&database, sql);
}

Test(push_prune, retires_what_is_stale_and_takes_its_topics_from_fcm)
{
    add_device("hush1", 61);
    add_device("hush2", 1);
    test_database_run(&database, "insert into narae_push.topic (device_id, topic, is_wanted, state) values "
                                 "(1, 'news', true, 'active'), (2, 'news', true, 'wanted')");
    start(&push_prune_handler);

    expect_pruned("{}", "{\"deactivated\":{\"android\":0,\"ios\":0,\"web\":1},\"refused\":[],");
    expect_pruned("{}", "\"isComplete\":true}");

    cr_expect_str_eq(
        text("select string_agg(device_id || ' ' || state || ' ' || is_wanted, ', ' order by device_id) "
             "from narae_push.topic"),
        "1 removed true, 2 active true");
    expect_log("\"message\":\"pruned\"");
    expect_log("\"Platform\":\"web\",\"DevicesActive\":2,\"DevicesStale\":1,\"StaleShare\":50");
    cr_expect_eq(n_complaints(), 0);
}

Test(push_prune, resumes_topics_alone_when_that_is_asked)
{
    add_device("hush1", 61);
    test_database_run(&database,
                      "insert into narae_push.topic (device_id, topic, is_wanted, state, lease_until) values "
                      "(1, 'news', true, 'wanted', now() - interval '1 s')");
    start(&push_prune_handler);

    expect_pruned("{\"tasks\":[\"topics\"]}", "\"topics\":{\"done\":1,\"failed\":0,\"waiting\":0,");

    cr_expect_str_eq(text(topics_sql), "news active");
    cr_expect_str_eq(text("select status from narae_push.device"), "active", "pruning was not asked for");
}

/* FCM's list (an empty one here) has not what we believe it has. */
Test(push_prune, finds_what_fcm_has_lost_and_subscribes_it_again)
{
    add_device("hush1", 1);
    test_database_run(&database,
                      "insert into narae_push.topic (device_id, topic, is_wanted, state, settled_at) values "
                      "(1, 'news', true, 'active', now() - interval '31 days'), "
                      "(1, 'old', false, 'removed', now() - interval '31 days')");
    start(&push_prune_handler);

    expect_pruned("{\"tasks\":[\"topics\"]}", "\"compared\":1,\"different\":1}");

    cr_expect_str_eq(text(topics_sql), "news active, old removed");
    cr_expect_str_eq(
        text("select settled_at > now() - interval '1 minute' from narae_push.topic where topic = 'news'"),
        "t");
    cr_expect_eq(calls(), 2, "one list, one subscription");
}

Test(push_prune, what_could_not_be_listed_is_due_again_tomorrow)
{
    start_fcm((struct h2_server_rule){H2_SERVER_STATUS, 1, 1, 503});
    add_device("hush1", 1);
    test_database_run(&database,
                      "insert into narae_push.topic (device_id, topic, is_wanted, state, settled_at) values "
                      "(1, 'news', true, 'active', now() - interval '31 days')");
    start(&push_prune_handler);

    expect_pruned("{\"tasks\":[\"topics\"]}", "\"compared\":0,\"different\":0}");

    cr_expect_str_eq(text(topics_sql), "news active");
    cr_expect_str_eq(
        text("select topics_checked_at between now() - interval '29 days 1 hour' and now() - interval "
             "'28 days 23 hours' from narae_push.device"),
        "t");
}

Test(push_prune, says_what_to_do_when_too_many_are_stale)
{
    for (int i = 0; i < 101; i++) {
        char name[16];

        snprintf(name, sizeof(name), "hush%d", i);
        add_device(name, 61);
    }
    start(&push_prune_handler);

    expect_pruned("{\"tasks\":[\"devices\"]}", "\"refused\":[\"web\"]");
    expect_log("\"message\":\"too many devices are stale: none was deactivated\"");
    expect_log("\"platform\":\"web\",\"stale\":101,\"active\":101,\"maxPercent\":10,\"hint\":\"");

    expect_pruned("{\"tasks\":[\"devices\"],\"force\":true}", "\"web\":101}");
}

Test(push_prune, names_the_setting_when_the_database_is_down)
{
    setenv("THE_DATABASE", "postgresql://narae:hush@127.0.0.1:1/none", 1);
    start(&push_prune_handler);

    expect_pruned("{\"tasks\":[\"ledger\"]}", "\"isComplete\":false}");

    expect_log("\"errorMessage\":\"NARAE_DATABASE: ");
    cr_expect_eq(n_complaints(), 1);
}

Test(push_prune, refuses_a_task_that_there_is_not)
{
    start(&push_prune_handler);

    cr_expect_eq(invoke(&push_prune_handler, "{\"tasks\":[\"all\"]}"), -1);

    cr_expect_str_eq(err.message, "tasks[0]: must be report, devices, ledger or topics");
}
