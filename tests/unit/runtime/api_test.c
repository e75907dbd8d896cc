#include <criterion/criterion.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include <narae/rand.h>

#include "lambda_api.h"
#include "runtime/api.h"
#include "runtime/api_retry.h"

/* A client and the Runtime API that it talks to. */
struct talk {
    struct lambda_api *server;
    struct api api;
    struct api_event event;
    struct nr_err err;
};

static void talk_done(struct talk *talk)
{
    api_done(&talk->api);
    lambda_api_free(talk->server);
}

#define TALK NR_AUTO(talk_done) struct talk

static struct talk talk_to(const char *script)
{
    struct talk talk = {0};
    char json[1024];

    snprintf(json, sizeof(json), "%s", script);
    for (char *c = json; *c; c++) /* scripts are written with ' here, to be readable in C */
        *c = *c == '\'' ? '"' : *c;
    nr_rand_fix(1); /* the pauses between tries are drawn from here */
    cr_assert_eq(lambda_api_start(json, NULL, &talk.server, &talk.err), 0, "%s", talk.err.message);
    cr_assert_eq(api_init(&talk.api, lambda_api_authority(talk.server), &talk.err), 0, "%s",
                 talk.err.message);
    return talk;
}

static int next(struct talk *talk)
{
    return api_next(&talk->api, &talk->event, &talk->err);
}

static void next_must_work(struct talk *talk)
{
    cr_assert_eq(next(talk), 0, "%s", talk->err.message);
}

/* The n-th request, from 0, as "METHOD end-of-path (connection)"; lives until the next call. */
static const char *asked(struct talk *talk, size_t n)
{
    static char text[128];
    const json_t *entry = json_array_get(lambda_api_stop(talk->server), n);
    const char *path = json_string_value(json_object_get(entry, "path"));

    if (!entry)
        return "nothing";
    snprintf(text, sizeof(text), "%s %s (%d)", json_string_value(json_object_get(entry, "method")),
             strrchr(path, '/') + 1, (int)json_integer_value(json_object_get(entry, "connection")));
    return text;
}

static const char *sent_header(struct talk *talk, size_t n, const char *name)
{
    const json_t *entry = json_array_get(lambda_api_stop(talk->server), n);

    return json_string_value(json_object_get(json_object_get(entry, "headers"), name));
}

static const char *sent_body(struct talk *talk, size_t n)
{
    return json_string_value(json_object_get(json_array_get(lambda_api_stop(talk->server), n), "body"));
}

/* --- next */

Test(api_next, gives_event_and_metadata)
{
    TALK talk = talk_to(
        "{'steps': [{'event': {'a': 1}, 'headers': {"
        "\"Lambda-Runtime-Aws-Request-Id\": \"id-1\", \"LAMBDA-runtime-INVOCATION-id\": \"try-1\","
        "\"Lambda-Runtime-Deadline-Ms\": \"1764000000123\", \"Lambda-Runtime-Trace-Id\": \"Root=1\","
        "\"Lambda-Runtime-Invoked-Function-Arn\": \"arn:x\", \"Lambda-Runtime-Aws-Tenant-Id\": \"blue\","
        "\"Lambda-Runtime-Client-Context\": \"{broken\", \"Lambda-Runtime-Cognito-Identity\": \"{}\","
        "\"Content-Type\": \"text/plain\"}}]}");

    next_must_work(&talk);

    cr_expect(nr_view_is(talk.event.body, NR_VIEW("{\"a\":1}")));
    cr_expect_str_eq(talk.event.request_id, "id-1");
    cr_expect_str_eq(talk.api.invocation_id, "try-1");
    cr_expect_eq(talk.event.deadline_unix_ms, 1764000000123);
    cr_expect_str_eq(talk.event.trace_id, "Root=1");
    cr_expect_str_eq(talk.event.function_arn, "arn:x");
    cr_expect_str_eq(talk.event.tenant_id, "blue");
    cr_expect_str_eq(talk.event.content_type, "text/plain");
    cr_expect(nr_view_is(talk.event.client_context, NR_VIEW("{broken")));
    cr_expect(nr_view_is(talk.event.cognito_identity, NR_VIEW("{}")));
    cr_expect_str_eq(sent_header(&talk, 0, "user-agent"), "narae/" NARAE_VERSION);
    cr_expect_str_eq(sent_header(&talk, 0, "host"), lambda_api_authority(talk.server));
}

Test(api_next, lives_with_an_id_alone)
{
    TALK talk =
        talk_to("{'steps': [{'headers': {'Lambda-Runtime-Deadline-Ms': null, 'Lambda-Runtime-Trace-Id': null,"
                "'Lambda-Runtime-Invoked-Function-Arn': null, 'Content-Type': null}}]}");

    next_must_work(&talk);

    cr_expect_eq(talk.event.body.len, 0u);
    cr_expect_eq(talk.event.deadline_unix_ms, 0);
    cr_expect_str_eq(talk.event.trace_id, "");
    cr_expect_str_eq(talk.event.function_arn, "");
    cr_expect_str_eq(talk.event.tenant_id, "");
    cr_expect_str_eq(talk.event.content_type, "application/json");
    cr_expect_eq(talk.event.client_context.len, 0u);
    cr_expect_str_eq(talk.api.invocation_id, "");
}

Test(api_next, takes_a_deadline_that_is_no_number_for_none)
{
    static const char *const absurd[] = {
        "", "-1", "soon", "1e12", "17640000001234", "99999999999999999999999999", "12 34"};
    char script[256];

    for (size_t i = 0; i < sizeof(absurd) / sizeof(absurd[0]); i++) {
        snprintf(script, sizeof(script), "{'steps': [{'headers': {'Lambda-Runtime-Deadline-Ms': '%s'}}]}",
                 absurd[i]);
        TALK talk = talk_to(script);

        next_must_work(&talk);
        cr_expect_eq(talk.event.deadline_unix_ms, 0, "\"%s\"", absurd[i]);
    }
}

Test(api_next, drops_an_invocation_id_that_cannot_be_echoed)
{
    static const char *const bad[] = {"a b", "a\\tb", "caf\xC3\xA9", "a\\u0000b", "a\\u001bb"};
    char script[256];

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        snprintf(script, sizeof(script), "{'steps': [{'headers': {'Lambda-Runtime-Invocation-Id': '%s'}}]}",
                 bad[i]);
        TALK talk = talk_to(script);

        next_must_work(&talk);
        cr_expect_str_eq(talk.api.invocation_id, "", "\"%s\"", bad[i]);
    }
}

Test(api_next, reads_chunked_reply_in_single_bytes)
{
    TALK talk =
        talk_to("{'steps': [{'event': ['abcdefghij'], 'next': {'chunk': 3, 'split': 1}}, {'event': 2}]}");

    next_must_work(&talk);
    cr_expect(nr_view_is(talk.event.body, NR_VIEW("[\"abcdefghij\"]")));
    cr_assert_eq(api_respond(&talk.api, NR_VIEW("1"), "application/json", &talk.err), API_ACCEPTED);
    next_must_work(&talk);
    cr_expect(nr_view_is(talk.event.body, NR_VIEW("2")));
    cr_expect_str_eq(asked(&talk, 2), "GET next (1)");
}

Test(api_next, reads_the_largest_event_and_gives_its_memory_back)
{
    TALK talk = talk_to("{'steps': [{'event_bytes': 6291556}, {'event': 1}]}");

    next_must_work(&talk);
    cr_expect_eq(talk.event.body.len, (size_t)API_PAYLOAD_MAX_BYTES);
    cr_assert_eq(api_respond(&talk.api, talk.event.body, "text/plain", &talk.err), API_ACCEPTED, "%s",
                 talk.err.message);
    next_must_work(&talk);

    cr_expect_leq(talk.api.in.cap, 256u * 1024);
}

/* One row: what next meets first, and what it does. */
static const struct {
    const char *first;
    int result;
    const char *kinds[3]; /* what was asked, in order; NULL ends */
    enum nr_err_kind kind;
    const char *message;
} next_rows[] = {
    {"{'status': 403, 'body': 'no'}",
     -1,
     {"GET next (1)"},
     NR_ERR_BUG,
     "the Runtime API answered 403 to /invocation/next: it was asked in a wrong state: no"},
    {"{'status': 500}",
     -1,
     {"GET next (1)"},
     NR_ERR_DENIED,
     "the Runtime API answered 500 to /invocation/next: the sandbox is broken: 1"},
    {"{'status': 500, 'close': true}",
     -1,
     {"GET next (1)"},
     NR_ERR_DENIED,
     "the Runtime API answered 500 to /invocation/next: the sandbox is broken: 1"},
    {"{'status': 404}", 0, {"GET next (1)", "GET next (1)"}, NR_ERR_NONE, ""},
    {"{'status': 503, 'close': true}", 0, {"GET next (1)", "GET next (2)"}, NR_ERR_NONE, ""},
    {"{'cut': 0, 'then': 'close'}", 0, {"GET next (1)", "GET next (2)"}, NR_ERR_NONE, ""},
    {"{'cut': 0, 'then': 'reset'}", 0, {"GET next (1)", "GET next (2)"}, NR_ERR_NONE, ""},
    {"{'cut': 40, 'then': 'close'}", 0, {"GET next (1)", "GET next (2)"}, NR_ERR_NONE, ""},
    {"{'cut': 40, 'then': 'reset'}", 0, {"GET next (1)", "GET next (2)"}, NR_ERR_NONE, ""},
    {"{'raw': 'SSH-2.0\\r\\n'}", 0, {"GET next (1)", "GET next (2)"}, NR_ERR_NONE, ""},
    {"{'raw': 'HTTP/1.1 200 OK\\r\\n\\r\\n', 'then': 'close'}",
     0,
     {"GET next (1)", "GET next (2)"},
     NR_ERR_NONE,
     ""},
    {"{'raw': 'HTTP/1.1 200 OK\\r\\nContent-Length: 1\\r\\n\\r\\nx'}",
     0,
     {"GET next (1)", "GET next (1)"},
     NR_ERR_NONE,
     ""},
};

Test(api_next, does_what_the_policy_says)
{
    char script[512];

    for (size_t i = 0; i < sizeof(next_rows) / sizeof(next_rows[0]); i++) {
        snprintf(script, sizeof(script), "{'steps': [{'event': 1, 'next': %s}]}", next_rows[i].first);
        TALK talk = talk_to(script);

        cr_expect_eq(next(&talk), next_rows[i].result, "%s: %s", next_rows[i].first, talk.err.message);
        cr_expect_eq(talk.err.kind, next_rows[i].kind, "%s", next_rows[i].first);
        cr_expect_str_eq(talk.err.message, next_rows[i].message, "%s", next_rows[i].first);
        for (size_t k = 0; k < 2 && next_rows[i].kinds[k]; k++)
            cr_expect_str_eq(asked(&talk, k), next_rows[i].kinds[k], "%s", next_rows[i].first);
        cr_expect_eq(json_array_size(lambda_api_stop(talk.server)), next_rows[i].kinds[1] ? 2u : 1u, "%s",
                     next_rows[i].first);
    }
}

Test(api_next, gives_up_after_five_tries)
{
    TALK talk =
        talk_to("{'steps': [{'next': [{'status': 502}, {'status': 502}, {'status': 502}, {'status': 502},"
                "{'status': 502, 'body': 'bad gateway'}, {'status': 502}]}]}");

    cr_expect_eq(next(&talk), -1);

    cr_expect_str_eq(talk.err.type, "Runtime.NextRefused");
    cr_expect_str_eq(talk.err.message,
                     "the Runtime API answered 502 to /invocation/next: unexpected status: bad gateway");
    cr_expect_eq(json_array_size(lambda_api_stop(talk.server)), 5u);
}

Test(api_next, says_that_an_event_has_no_usable_id)
{
    TALK talk = talk_to("{'steps': [{'headers': {'Lambda-Runtime-Aws-Request-Id': 'a b'}, 'event': 1}]}");

    cr_expect_eq(next(&talk), -1);

    cr_expect_eq(talk.err.kind, NR_ERR_UNAVAILABLE);
    cr_expect_str_eq(talk.err.message,
                     "the Runtime API sent an event without a usable Lambda-Runtime-Aws-Request-Id");
    cr_expect_eq(json_array_size(lambda_api_stop(talk.server)), 5u);
}

/* What makes an event unreadable although its id was there; asking again would bring the same. */
static const char *const unreadable[][2] = {
    {"Content-Length: 6291557", "the Runtime API's reply is not HTTP/1.1: body too long"},
    {"Content-Length: 1\\r\\nContent-Length: 2", "the Runtime API's reply is not HTTP/1.1: two lengths"},
    {"Content-Length: x", "the Runtime API's reply is not HTTP/1.1: a length is no number"},
    {"X-Nothing: 1", "the Runtime API's reply is not HTTP/1.1: neither length nor chunks"},
    {"no colon", "the Runtime API's reply is not HTTP/1.1: a header without a name"},
};

Test(api_next, gives_an_event_that_can_only_be_answered_with_an_error)
{
    for (size_t i = 0; i < sizeof(unreadable) / sizeof(unreadable[0]); i++) {
        char script[512];

        snprintf(script, sizeof(script),
                 "{'steps': [{'next': {'raw': 'HTTP/1.1 200 OK\\r\\nLambda-Runtime-Aws-Request-Id: id-9\\r\\n"
                 "Lambda-Runtime-Trace-Id: Root=9\\r\\n%s\\r\\n\\r\\n1'}}, {'event': 2}]}",
                 unreadable[i][0]);
        TALK talk = talk_to(script);

        next_must_work(&talk);
        cr_assert_not_null(talk.event.unreadable, "%s", unreadable[i][0]);
        cr_expect_str_eq(talk.event.unreadable->type, "Runtime.InvalidReply");
        cr_expect_str_eq(talk.event.unreadable->message, unreadable[i][1]);
        cr_expect_str_eq(talk.event.request_id, "id-9");
        cr_expect_str_eq(talk.event.trace_id, "Root=9");
        cr_expect_eq(talk.event.body.len, 0u);
        cr_expect_eq(json_array_size(lambda_api_stop(talk.server)), 1u);
    }
}

/* What was read last, an event with an id, must not come again when nothing can be read any more. */
Test(api_next, gives_no_unreadable_event_twice)
{
    TALK talk = talk_to("{'steps': [{'event_bytes': 6291557, 'next': {'chunk': 65536}}]}");

    next_must_work(&talk);
    cr_assert_not_null(talk.event.unreadable);
    lambda_api_free(talk.server);
    talk.server = NULL;

    cr_expect_eq(api_fail(&talk.api, talk.event.unreadable, &talk.err), API_REFUSED);
    nr_err_reset(&talk.err);

    cr_expect_eq(next(&talk), -1);
    cr_expect(strstr(talk.err.message, "cannot connect to the Runtime API at "), "%s", talk.err.message);
}

Test(api_next, asks_again_as_one_of_many_when_there_is_no_slot)
{
    TALK talk = talk_to("{'steps': [{'event': 1, 'next': {'status': 500}}]}");

    talk.api.is_one_of_many = true;
    next_must_work(&talk);

    cr_expect(nr_view_is(talk.event.body, NR_VIEW("1")));
    cr_expect_eq(json_array_size(lambda_api_stop(talk.server)), 2u);
}

Test(api_next, waits_for_a_late_event_without_asking_twice)
{
    TALK talk = talk_to("{'steps': [{'event': 1, 'next': {'stall_ms': 300}}]}");

    next_must_work(&talk);

    cr_expect_eq(json_array_size(lambda_api_stop(talk.server)), 1u);
}

/* --- answers */

static const struct {
    const char *behaviour;
    enum api_outcome outcome;
    const char *message;
} answer_rows[] = {
    {"{}", API_ACCEPTED, ""},
    {"{'split': 1}", API_ACCEPTED, ""},
    {"{'chunk': 1, 'split': 1}", API_ACCEPTED, ""},
    {"{'status': 400}", API_REFUSED,
     "the Runtime API answered 400 to /invocation/ID/response: the answer was refused (wrong or finished "
     "request id)"},
    {"{'status': 403}", API_REFUSED,
     "the Runtime API answered 403 to /invocation/ID/response: the invocation was answered before"},
    {"{'status': 410}", API_REFUSED,
     "the Runtime API answered 410 to /invocation/ID/response: too late: the invocation has timed out"},
    {"{'status': 413}", API_REFUSED,
     "the Runtime API answered 413 to /invocation/ID/response: the reply is too large; the caller has been "
     "told"},
    {"{'status': 200}", API_REFUSED,
     "the Runtime API answered 200 to /invocation/ID/response: unexpected status"},
    {"{'status': 503}", API_REFUSED,
     "the Runtime API answered 503 to /invocation/ID/response: unexpected status"},
    {"{'status': 500}", API_BROKEN,
     "the Runtime API answered 500 to /invocation/ID/response: the sandbox is broken"},
    {"{'status': 500, 'close': true}", API_BROKEN,
     "the Runtime API answered 500 to /invocation/ID/response: the sandbox is broken"},
    {"{'cut': 0, 'then': 'close'}", API_REFUSED,
     "the Runtime API at HOST closed the connection before a reply"},
    {"{'cut': 0, 'then': 'reset'}", API_REFUSED,
     "the Runtime API at HOST was lost: Connection reset by peer"},
    {"{'cut': 20, 'then': 'close'}", API_REFUSED,
     "the Runtime API at HOST closed the connection in the middle of a reply"},
    {"{'raw': 'SSH-2.0\\r\\n'}", API_REFUSED, "the Runtime API's reply is not HTTP/1.1: no status line"},
};

/* The message as it was meant, with this server's address in it. */
static const char *with_host(const char *message, const struct talk *talk)
{
    static char text[NR_ERR_MESSAGE_MAX_BYTES];
    const char *host = strstr(message, "HOST");

    if (!host)
        return message;
    snprintf(text, sizeof(text), "%.*s%s%s", (int)(host - message), message,
             lambda_api_authority(talk->server), host + 4);
    return text;
}

/* Whatever became of one answer: it is sent once, and the next event is asked for. */
Test(api_answer, does_what_the_policy_says)
{
    char script[512];

    for (size_t i = 0; i < sizeof(answer_rows) / sizeof(answer_rows[0]); i++) {
        const char *what = answer_rows[i].behaviour;

        snprintf(
            script, sizeof(script),
            "{'steps': [{'headers': {'Lambda-Runtime-Aws-Request-Id': 'ID'}, 'response': %s}, {'event': 2}]}",
            what);
        TALK talk = talk_to(script);

        next_must_work(&talk);
        cr_expect_eq(api_respond(&talk.api, NR_VIEW("{}"), "application/json", &talk.err),
                     answer_rows[i].outcome, "%s", what);
        cr_expect_str_eq(talk.err.message, with_host(answer_rows[i].message, &talk), "%s", what);
        nr_err_reset(&talk.err);
        next_must_work(&talk);
        cr_expect(nr_view_is(talk.event.body, NR_VIEW("2")), "%s", what);
        cr_expect_eq(json_array_size(lambda_api_stop(talk.server)), 3u, "%s", what);
    }
}

Test(api_answer, sends_body_type_and_echo)
{
    TALK talk = talk_to("{'steps': [{'headers': {'Lambda-Runtime-Invocation-Id': 'try-7'}}]}");

    next_must_work(&talk);
    cr_expect_eq(api_respond(&talk.api, NR_VIEW("body"), "text/csv", &talk.err), API_ACCEPTED);

    cr_expect_str_eq(sent_header(&talk, 1, "content-type"), "text/csv");
    cr_expect_str_eq(sent_header(&talk, 1, "content-length"), "4");
    cr_expect_str_eq(sent_header(&talk, 1, "lambda-runtime-invocation-id"), "try-7");
    cr_expect_str_eq(sent_body(&talk, 1), "body");
}

Test(api_answer, echoes_nothing_when_nothing_came)
{
    TALK talk = talk_to("{'steps': [{'headers': {'Lambda-Runtime-Invocation-Id': 'try-7'}}, {}]}");

    next_must_work(&talk);
    cr_expect_eq(api_respond(&talk.api, NR_VIEW("1"), "text/csv", &talk.err), API_ACCEPTED);
    next_must_work(&talk);
    cr_expect_eq(api_respond(&talk.api, NR_VIEW("2"), "text/csv", &talk.err), API_ACCEPTED);

    cr_expect_null(sent_header(&talk, 3, "lambda-runtime-invocation-id"));
}

static void wait_for_close(const struct api *api)
{
    struct pollfd closed = {.fd = api->conn.fd, .events = POLLRDHUP};

    cr_assert_eq(poll(&closed, 1, 10000), 1);
}

Test(api_answer, goes_out_on_a_new_connection_when_the_server_closed_the_old_one)
{
    TALK talk = talk_to("{'steps': [{'event': 1, 'next': {'then': 'close'}}]}");

    next_must_work(&talk);
    wait_for_close(&talk.api);
    cr_expect_eq(api_respond(&talk.api, NR_VIEW("1"), "application/json", &talk.err), API_ACCEPTED, "%s",
                 talk.err.message);

    cr_expect_str_eq(asked(&talk, 1), "POST response (2)");
}

/* The server answers before it has read the reply, and closes: the status is known all the same. */
Test(api_answer, reads_the_refusal_of_a_reply_that_is_still_being_sent)
{
    TALK talk = talk_to(
        "{'steps': [{'event_bytes': 6291556, 'response': {'status': 413, 'early': true, 'then': 'close'}},"
        "{'event': 2}]}");

    next_must_work(&talk);
    cr_expect_eq(api_respond(&talk.api, talk.event.body, "text/plain", &talk.err), API_REFUSED);
    cr_expect(strstr(talk.err.message, "answered 413"), "%s", talk.err.message);
    nr_err_reset(&talk.err);
    next_must_work(&talk);

    cr_expect(nr_view_is(talk.event.body, NR_VIEW("2")));
    cr_expect_str_eq(asked(&talk, 2), "GET next (2)");
}

Test(api_answer, reports_a_failure_with_type_and_words)
{
    TALK talk = talk_to("{'steps': [{'headers': {'Lambda-Runtime-Invocation-Id': 'try-7'}}]}");
    struct nr_err failure = {0};

    nr_err_set(&failure, NR_ERR_INVALID, "Function.NoSuchThing", "caf\xC3\xA9 \"x\"\n\xFF");
    nr_err_hint(&failure, "try y");
    next_must_work(&talk);
    cr_expect_eq(api_fail(&talk.api, &failure, &talk.err), API_ACCEPTED, "%s", talk.err.message);

    cr_expect_str_eq(asked(&talk, 1), "POST error (1)");
    cr_expect_str_eq(sent_header(&talk, 1, "lambda-runtime-function-error-type"), "Function.NoSuchThing");
    cr_expect_str_eq(sent_header(&talk, 1, "lambda-runtime-invocation-id"), "try-7");
    cr_expect_str_eq(sent_header(&talk, 1, "content-type"), "application/json");
    cr_expect_str_eq(sent_body(&talk, 1),
                     "{\"errorMessage\":\"caf\xC3\xA9 \\\"x\\\"\\n\xEF\xBF\xBD (try y)\","
                     "\"errorType\":\"Function.NoSuchThing\",\"stackTrace\":[]}");
    cr_expect(
        strstr(sent_header(&talk, 1, "lambda-runtime-function-xray-error-cause"),
               "\"exceptions\":[{\"type\":\"Function.NoSuchThing\",\"message\":\"caf\\u00e9 \\\"x\\\""));
}

Test(api_answer, reports_that_the_sandbox_cannot_start)
{
    TALK talk = talk_to("{'steps': []}");
    struct nr_err failure = {0};

    nr_err_set(&failure, NR_ERR_INVALID, "Runtime.ImportModuleError", "cannot load x.so");
    cr_expect_eq(api_init_fail(&talk.api, &failure, &talk.err), API_ACCEPTED, "%s", talk.err.message);

    cr_expect_str_eq(asked(&talk, 0), "POST error (1)");
    cr_expect_str_eq(
        json_string_value(json_object_get(json_array_get(lambda_api_stop(talk.server), 0), "path")),
        "/2018-06-01/runtime/init/error");
    cr_expect_str_eq(sent_header(&talk, 0, "lambda-runtime-function-error-type"),
                     "Runtime.ImportModuleError");
}

/* An API that begins to listen while somebody waits for it. */
static struct conn *late;
static struct sockaddr_storage late_address;
static int n_pauses, listens_after;

static void listen_late(int64_t wait_ms)
{
    cr_expect(wait_ms >= 10 && wait_ms <= 2000);
    if (++n_pauses == listens_after)
        late->address = late_address;
}

static void is_late(struct talk *talk, int pauses)
{
    late = &talk->api.conn;
    late_address = late->address;
    listens_after = pauses;
    ((struct sockaddr_in *)&late->address)->sin_port = htons(1); /* nobody listens there */
    api_retry_replace(listen_late);
}

Test(api_answer, reports_to_an_api_that_did_not_listen_yet)
{
    TALK talk = talk_to("{'steps': []}");
    struct nr_err failure = {0};

    nr_err_set(&failure, NR_ERR_INVALID, "Runtime.ImportModuleError", "cannot load x.so");
    is_late(&talk, 4);
    cr_expect_eq(api_init_fail(&talk.api, &failure, &talk.err), API_ACCEPTED, "%s", talk.err.message);

    cr_expect_eq(n_pauses, 4);
    cr_expect_str_eq(asked(&talk, 0), "POST error (1)");
    cr_expect_str_eq(asked(&talk, 1), "nothing");
}

Test(api_answer, gives_up_an_api_that_never_listens)
{
    TALK talk = talk_to("{'steps': []}");
    struct nr_err failure = {0};

    nr_err_set(&failure, NR_ERR_INVALID, "Runtime.ImportModuleError", "cannot load x.so");
    is_late(&talk, 5);
    cr_expect_eq(api_init_fail(&talk.api, &failure, &talk.err), API_REFUSED);

    cr_expect_eq(n_pauses, 4);
    cr_expect_str_eq(talk.err.type, "Runtime.ConnectionLost");
    cr_expect_str_eq(asked(&talk, 0), "nothing");
}
