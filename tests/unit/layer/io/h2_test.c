#include <criterion/criterion.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <nghttp2/nghttp2.h>

#include <narae/clock.h>
#include <narae/h2.h>

#include "layer/io/h2_client.h"
#include "layer/io/h2_settle.h"
#include "tests/support/h2_server.h"
#include "tests/support/test_pki.h"

enum { REQUESTS_MAX = H2_SERVER_JOURNAL_MAX, SHORT_MS = 250 /* real time that a test may wait */ };

/* One client against one server; what came of each request. */
struct bench {
    struct test_pki pki;
    struct h2_server *server;
    struct h2_server_journal journal;
    struct nr_h2 *h2;
    struct nr_err err;
    int n_requests, n_taken;
    int n_done[REQUESTS_MAX];
    int n_answered, n_not_processed, n_maybe;
    struct nr_h2_reply last; /* its views point into the next fields */
    char last_body[256], last_retry_after[64], last_date[64];
    struct nr_err first_failure;
    int later_every;     /* each so-many-th question is answered with "not now"; 0 = none */
    int64_t later_ms;    /* for so long */
    int64_t ask_mono_ms; /* until then */
    int n_asked, n_asked_early;
    size_t body_bytes; /* of each request; 0 = 350 in three parts */
    void (*on_first_done)(struct bench *bench);
};

static struct bench b;
static char paths[REQUESTS_MAX][8];
static char filler[512 * 1024];

static int next(void *ctx, struct nr_h2_request *out)
{
    static const struct nr_h2_header headers[] = {
        {{"content-type", 12}, {"application/json", 16}},
        {{"authorization", 13}, {"Bearer abc", 10}},
    };
    struct bench *bench = ctx;
    int n = bench->n_taken;

    bench->n_asked_early += nr_clock_mono_ms() < bench->ask_mono_ms;
    if (n == bench->n_requests)
        return NR_H2_NO_MORE;
    if (bench->later_every && ++bench->n_asked % bench->later_every == 0) {
        out->later_mono_ms = bench->ask_mono_ms = nr_clock_mono_ms() + bench->later_ms;
        return NR_H2_LATER;
    }
    bench->n_taken++;
    snprintf(paths[n], sizeof(paths[n]), "/%d", n);
    *out = (struct nr_h2_request){.method = NR_VIEW("POST"),
                                  .path = nr_view(paths[n]),
                                  .headers = headers,
                                  .n_headers = 2,
                                  .tag = paths[n]};
    out->body[0] = nr_view_n(filler, bench->body_bytes ? bench->body_bytes : 100);
    out->body[2] = nr_view_n(filler, bench->body_bytes ? 0 : 200);
    out->body[3] = nr_view_n(filler, bench->body_bytes ? 0 : 50);
    return 1;
}

static void keep(char *out, size_t cap, struct nr_view text)
{
    snprintf(out, cap, "%.*s", NR_VIEW_ARG(text));
}

static void done(void *ctx, const struct nr_h2_reply *reply)
{
    struct bench *bench = ctx;
    int n = (int)(((char *)reply->tag - paths[0]) / (ptrdiff_t)sizeof(paths[0]));

    bench->n_done[n]++;
    bench->last = *reply;
    keep(bench->last_body, sizeof(bench->last_body), reply->body);
    keep(bench->last_retry_after, sizeof(bench->last_retry_after), reply->retry_after);
    keep(bench->last_date, sizeof(bench->last_date), reply->date);
    if (reply->fate == NR_H2_ANSWERED)
        bench->n_answered++;
    else if (reply->fate == NR_H2_NOT_PROCESSED)
        bench->n_not_processed++;
    else
        bench->n_maybe++;
    if (reply->fate != NR_H2_ANSWERED && bench->first_failure.kind == NR_ERR_NONE)
        bench->first_failure = *reply->err;
    cr_assert_eq(reply->err == NULL, reply->fate == NR_H2_ANSWERED);
    if (bench->on_first_done && bench->n_answered + bench->n_not_processed + bench->n_maybe == 1)
        bench->on_first_done(bench);
}

static const struct nr_h2_work work = {next, done, &b};

static void open_client(struct nr_h2_options options, const char *host)
{
    char origin[64];

    snprintf(origin, sizeof(origin), "https://%s:%d", host, h2_server_port(b.server));
    options.origin = origin;
    cr_assert_eq(nr_h2_new(&options, &b.h2, &b.err), 0, "%s", b.err.message);
}

static void start(struct h2_server_options server, struct nr_h2_options options)
{
    test_pki_init(&b.pki);
    server.pki_dir = b.pki.dir;
    b.server = h2_server_start(&server);
    open_client(options, "localhost");
}

/* Run n further requests. */
static int run(int n)
{
    nr_err_reset(&b.err);
    b.n_requests += n;
    return nr_h2_run(b.h2, &work, NR_CLOCK_NEVER_MS, &b.err);
}

static void stop(void)
{
    nr_h2_free(b.h2);
    h2_server_stop(b.server, &b.journal);
    test_pki_done(&b.pki);
    for (int i = 0; i < b.n_taken; i++)
        cr_assert_eq(b.n_done[i], 1, "request %d was done %d times", i, b.n_done[i]);
}

static void expect(int answered, int not_processed, int maybe)
{
    cr_assert_eq(b.n_answered, answered, "answered: %d, not %d", b.n_answered, answered);
    cr_assert_eq(b.n_not_processed, not_processed, "not processed: %d, not %d", b.n_not_processed,
                 not_processed);
    cr_assert_eq(b.n_maybe, maybe, "maybe: %d, not %d", b.n_maybe, maybe);
}

static void expect_text(const char *text, const char *format)
{
    char wanted[512];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(wanted, sizeof(wanted), format, h2_server_port(b.server));
#pragma GCC diagnostic pop
    cr_assert_str_eq(text, wanted);
}

/* --- it works ------------------------------------------------------------------------------------------- */

Test(h2, sends_many_requests_over_one_connection)
{
    start((struct h2_server_options){0}, (struct nr_h2_options){.max_connections = 1});

    cr_assert_eq(run(3000), 0, "%s", b.err.message);

    cr_assert_eq(nr_h2_stats(b.h2).requests, 3000);
    cr_assert_eq(nr_h2_stats(b.h2).connections_opened, 1);
    stop();
    expect(3000, 0, 0);
    cr_assert_eq(b.journal.n_open_max, 100);
    for (int i = 0; i < 3000; i++) {
        cr_assert_eq(b.journal.answered[i], 1);
        cr_assert_eq(b.journal.n_body[i], 350);
    }
}

Test(h2, spreads_over_more_connections_only_when_they_are_full)
{
    start((struct h2_server_options){0}, (struct nr_h2_options){.max_connections = 3, .max_streams = 10});

    cr_assert_eq(run(10), 0);
    cr_assert_eq(nr_h2_stats(b.h2).connections_opened, 1);
    cr_assert_eq(run(2000), 0);

    cr_assert_geq(nr_h2_stats(b.h2).connections_opened, 2);
    cr_assert_leq(nr_h2_stats(b.h2).connections_opened, 3);
    stop();
    expect(2010, 0, 0);
    cr_assert_leq(b.journal.n_open_max, 10);
}

/* A caller that paces itself says "not now": it is asked again at its time, not before, and nothing is lost.
 */
Test(h2, asks_again_when_the_caller_says_and_not_before)
{
    int64_t begun_ms;

    b.later_every = 5;
    b.later_ms = 7;
    start((struct h2_server_options){0}, (struct nr_h2_options){.max_connections = 1});
    begun_ms = nr_clock_mono_ms();

    cr_assert_eq(run(40), 0, "%s", b.err.message);

    cr_expect_eq(b.n_asked_early, 0);
    cr_expect_geq(nr_clock_mono_ms() - begun_ms, 9 * 7);
    stop();
    expect(40, 0, 0);
}

/* The very first answer may be "not now", when there is no connection yet to wait on. */
Test(h2, waits_for_the_first_request_without_a_connection)
{
    b.later_every = 2;
    b.n_asked = 1; /* so that the first question is a second one */
    b.later_ms = 20;
    start((struct h2_server_options){0}, (struct nr_h2_options){0});

    cr_assert_eq(run(1), 0, "%s", b.err.message);

    cr_expect_eq(b.n_asked_early, 0);
    stop();
    expect(1, 0, 0);
}

Test(h2, gives_status_body_retry_after_and_date)
{
    start((struct h2_server_options){.rules = {{H2_SERVER_STATUS, 1, 1, 429}}}, (struct nr_h2_options){0});

    cr_assert_eq(run(1), 0);

    cr_assert_eq(b.last.status, 429);
    cr_assert_str_eq(b.last_body, "{\"n\":0}");
    cr_assert_str_eq(b.last_retry_after, "7");
    cr_assert_str_eq(b.last_date, "Tue, 24 Nov 2026 15:06:48 GMT");
    cr_assert_gt(b.last.latency_us, 0);
    cr_assert_eq(run(1), 0);
    cr_assert_eq(b.last.status, 200);
    cr_assert_str_eq(b.last_retry_after, "", "a slot must forget its last reply");
    stop();
    expect(2, 0, 0);
}

Test(h2, reads_replies_that_come_in_small_pieces)
{
    start((struct h2_server_options){.is_split = true}, (struct nr_h2_options){0});

    cr_assert_eq(run(50), 0);

    stop();
    expect(50, 0, 0);
    cr_assert_str_eq(b.last_body, "{\"n\":49}");
}

Test(h2, sends_and_receives_more_than_the_windows_hold)
{
    start((struct h2_server_options){.rules = {{H2_SERVER_BODY, 1, 20, 400000}}},
          (struct nr_h2_options){.reply_max_bytes = 400000});
    b.body_bytes = 300000;

    cr_assert_eq(run(20), 0);

    cr_assert_eq(b.last.body.len, 400000);
    stop();
    expect(20, 0, 0);
    cr_assert_eq(b.journal.n_body[19], 300000);
}

Test(h2, keeps_to_the_servers_stream_limit)
{
    start((struct h2_server_options){.max_streams = 1}, (struct nr_h2_options){.max_connections = 1});

    cr_assert_eq(run(1), 0);
    cr_assert_eq(run(50), 0);

    stop();
    expect(51, 0, 0);
    cr_assert_eq(b.journal.n_open_max, 1);
}

Test(h2, survives_streams_that_were_sent_before_the_servers_limit_was_known)
{
    start((struct h2_server_options){.max_streams = 2}, (struct nr_h2_options){.max_connections = 1});

    cr_assert_eq(run(100), 0);

    stop();
    expect(100, 0, 0);
}

Test(h2, asks_for_nothing_and_connects_to_nothing_without_work)
{
    start((struct h2_server_options){0}, (struct nr_h2_options){0});

    cr_assert_eq(run(0), 0);

    stop();
    cr_assert_eq(b.journal.n_connections, 0);
}

Test(h2, speaks_to_an_address_as_to_a_name)
{
    test_pki_init(&b.pki);
    b.server = h2_server_start(&(struct h2_server_options){.pki_dir = b.pki.dir});
    open_client((struct nr_h2_options){0}, "127.0.0.1");

    cr_assert_eq(run(3), 0, "%s", b.err.message);

    stop();
    expect(3, 0, 0);
}

/* --- fates of single requests --------------------------------------------------------------------------- */

Test(h2, sends_a_refused_request_again)
{
    start((struct h2_server_options){.rules = {{H2_SERVER_RST, 1, 3, NGHTTP2_REFUSED_STREAM}}},
          (struct nr_h2_options){0});

    cr_assert_eq(run(1), 0);

    cr_assert_eq(nr_h2_stats(b.h2).resubmissions, 3);
    stop();
    expect(1, 0, 0);
    cr_assert_eq(b.journal.n_requests, 4);
    cr_assert_eq(b.journal.answered[0], 1);
}

Test(h2, gives_a_request_back_that_is_refused_four_times)
{
    start((struct h2_server_options){.rules = {{H2_SERVER_RST, 1, 4, NGHTTP2_REFUSED_STREAM}}},
          (struct nr_h2_options){0});

    cr_assert_eq(run(1), 0);

    expect_text(b.first_failure.message,
                "\"localhost:%d\" ended the request without a reply: REFUSED_STREAM");
    cr_assert_eq(b.first_failure.kind, NR_ERR_UNAVAILABLE);
    stop();
    expect(0, 1, 0);
}

Test(h2, stops_at_a_server_that_refuses_everything)
{
    start((struct h2_server_options){.rules = {{H2_SERVER_RST, 1, 100000, NGHTTP2_REFUSED_STREAM}}},
          (struct nr_h2_options){.max_connections = 1});

    cr_assert_eq(run(3000), -1);

    expect_text(b.err.message,
                "100 requests in a row were refused: \"localhost:%d\" ended the request without "
                "a reply: REFUSED_STREAM");
    cr_assert_leq(b.n_taken, 200);
    stop();
    expect(0, b.n_taken, 0);
}

static void expect_maybe_after_reset(uint32_t code)
{
    start((struct h2_server_options){.rules = {{H2_SERVER_RST, 2, 2, code}}}, (struct nr_h2_options){0});

    cr_assert_eq(run(3), 0);

    cr_assert(strstr(b.first_failure.message, nghttp2_http2_strerror(code)), "%s", b.first_failure.message);
    stop();
    expect(2, 0, 1);
    cr_assert_eq(b.journal.n_requests, 3);
}

Test(h2, calls_it_maybe_when_a_stream_is_reset_without_error)
{
    expect_maybe_after_reset(NGHTTP2_NO_ERROR);
}

Test(h2, calls_it_maybe_when_a_stream_is_reset_for_an_internal_error)
{
    expect_maybe_after_reset(NGHTTP2_INTERNAL_ERROR);
}

Test(h2, calls_it_maybe_when_a_stream_is_cancelled)
{
    expect_maybe_after_reset(NGHTTP2_CANCEL);
}

Test(h2, calls_it_maybe_when_a_stream_is_reset_for_a_protocol_error)
{
    expect_maybe_after_reset(NGHTTP2_PROTOCOL_ERROR);
}

Test(h2, calls_it_maybe_when_a_stream_is_reset_for_calm)
{
    expect_maybe_after_reset(NGHTTP2_ENHANCE_YOUR_CALM);
}

Test(h2, calls_it_maybe_when_a_reply_had_begun_before_it_was_refused)
{
    start((struct h2_server_options){.rules = {{H2_SERVER_HEADERS_RST, 1, 1, NGHTTP2_REFUSED_STREAM}}},
          (struct nr_h2_options){0});

    cr_assert_eq(run(2), 0);

    stop();
    expect(1, 0, 1);
    cr_assert_eq(b.journal.n_requests, 2);
}

Test(h2, takes_an_answer_that_comes_before_the_body_was_sent)
{
    start((struct h2_server_options){.rules = {{H2_SERVER_EARLY, 1, 1, 0}}}, (struct nr_h2_options){0});
    b.body_bytes = 500000;

    cr_assert_eq(run(1), 0);

    stop();
    expect(1, 0, 0);
    cr_assert_eq(b.journal.n_requests, 0, "the whole body was sent all the same");
}

Test(h2, ends_a_request_whose_reply_is_too_long)
{
    start((struct h2_server_options){.rules = {{H2_SERVER_BODY, 2, 2, 1001}, {H2_SERVER_BODY, 3, 3, 1000}}},
          (struct nr_h2_options){.reply_max_bytes = 1000});

    cr_assert_eq(run(4), 0);

    expect_text(b.first_failure.message,
                "reply of \"localhost:%d\" with status 200 is longer than 1000 bytes");
    stop();
    expect(3, 0, 1);
    cr_assert_eq(b.journal.n_connections, 1);
}

Test(h2, ends_a_request_that_gets_no_reply_in_time)
{
    start((struct h2_server_options){.rules = {{H2_SERVER_STALL, 2, 2, 0}}},
          (struct nr_h2_options){.request_timeout_ms = SHORT_MS});

    cr_assert_eq(run(5), 0);

    expect_text(b.first_failure.message, "no reply from \"localhost:%d\" within 250 ms");
    cr_assert_eq(b.first_failure.kind, NR_ERR_UNAVAILABLE);
    cr_assert_str_eq(b.first_failure.type, "Function.RequestTimeout");
    stop();
    expect(4, 0, 1);
    cr_assert_eq(b.journal.n_cancelled, 1);
}

/* --- connections that end ------------------------------------------------------------------------------- */

Test(h2, goes_on_elsewhere_after_a_goaway)
{
    start((struct h2_server_options){.rules = {{H2_SERVER_GOAWAY, 31, 31, NGHTTP2_NO_ERROR}}},
          (struct nr_h2_options){.max_connections = 1});

    cr_assert_eq(run(500), 0);

    cr_assert_eq(nr_h2_stats(b.h2).connections_opened, 2);
    cr_assert_geq(nr_h2_stats(b.h2).resubmissions, 1);
    stop();
    expect(500, 0, 0);
    for (int i = 0; i < 500; i++)
        cr_assert_eq(b.journal.answered[i], 1, "request %d was answered %d times", i, b.journal.answered[i]);
}

Test(h2, goes_on_elsewhere_after_a_goaway_that_asks_for_calm)
{
    start((struct h2_server_options){.rules = {{H2_SERVER_GOAWAY, 5, 5, NGHTTP2_ENHANCE_YOUR_CALM}}},
          (struct nr_h2_options){.max_connections = 1, .max_streams = 10});

    cr_assert_eq(run(50), 0);

    stop();
    expect(50, 0, 0);
}

Test(h2, stops_at_a_server_that_sends_every_connection_away)
{
    start((struct h2_server_options){.rules = {{H2_SERVER_GOAWAY, 1, 100000, NGHTTP2_NO_ERROR}}},
          (struct nr_h2_options){0});

    cr_assert_eq(run(3000), -1);

    expect_text(b.err.message, "4 connections in a row answered nothing: \"localhost:%d\" takes no more "
                               "requests: GOAWAY with NO_ERROR");
    stop();
    expect(0, b.n_taken, 0);
    cr_assert_leq(b.n_taken, 4 * 100 + 1);
}

Test(h2, calls_it_maybe_when_the_connection_ends_after_sending)
{
    start((struct h2_server_options){.rules = {{H2_SERVER_CUT, 3, 3, 0}}},
          (struct nr_h2_options){.max_connections = 1, .max_streams = 1});

    cr_assert_eq(run(6), 0);

    cr_assert_eq(b.first_failure.kind, NR_ERR_UNAVAILABLE);
    expect_text(b.first_failure.message, "connection to \"localhost:%d\" lost: closed by the server");
    stop();
    expect(5, 0, 1);
    cr_assert_eq(b.journal.n_connections, 2);
}

Test(h2, calls_it_maybe_when_the_connection_ends_amid_a_reply)
{
    start((struct h2_server_options){.rules = {{H2_SERVER_HEADERS_CUT, 2, 2, 0}}},
          (struct nr_h2_options){.max_connections = 1, .max_streams = 1});

    cr_assert_eq(run(3), 0);

    stop();
    expect(2, 0, 1);
}

Test(h2, stops_at_a_server_that_cuts_every_connection)
{
    start((struct h2_server_options){.rules = {{H2_SERVER_CONN_TLS_CUT, 1, 100000, 0}}},
          (struct nr_h2_options){.max_connections = 2});

    cr_assert_eq(run(3000), -1);

    cr_assert_eq(b.err.kind, NR_ERR_UNAVAILABLE);
    cr_assert(strstr(b.err.message, "4 connections in a row answered nothing: connection to"), "%s",
              b.err.message);
    stop();
    cr_assert_eq(b.n_answered, 0);
    cr_assert_leq(b.n_taken, 500);
}

Test(h2, stops_when_the_server_hangs_up_before_tls)
{
    start((struct h2_server_options){.rules = {{H2_SERVER_CONN_CUT, 1, 100000, 0}}},
          (struct nr_h2_options){0});

    cr_assert_eq(run(10), -1);

    cr_assert(strstr(b.err.message, "TLS handshake with \"localhost:"), "%s", b.err.message);
    stop();
    expect(0, 1, 0);
}

Test(h2, loses_the_connection_when_the_server_speaks_something_else)
{
    start((struct h2_server_options){.rules = {{H2_SERVER_CONN_GARBAGE, 1, 100000, 0}}},
          (struct nr_h2_options){.max_connections = 1});

    cr_assert_eq(run(3000), -1);

    cr_assert_eq(b.err.kind, NR_ERR_UNAVAILABLE);
    expect_text(b.err.message,
                "4 connections in a row answered nothing: connection to \"localhost:%d\" lost: the "
                "server broke the protocol");
    stop();
    cr_assert_leq(b.n_taken, 4 * 100 + 1);
    cr_assert_eq(b.n_answered, 0);
}

/* --- between runs --------------------------------------------------------------------------------------- */

static int64_t wall_shift_ms, mono_shift_ms;

static int64_t shifted_wall_ms(void *self)
{
    struct timespec now;

    (void)self;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + wall_shift_ms;
}

static int64_t shifted_mono_ms(void *self)
{
    struct timespec now;

    (void)self;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + mono_shift_ms;
}

static const struct nr_clock shifted = {shifted_wall_ms, shifted_mono_ms, NULL};

Test(h2, reuses_its_connection_in_the_next_run)
{
    start((struct h2_server_options){0}, (struct nr_h2_options){0});

    cr_assert_eq(run(5), 0);
    cr_assert_eq(run(5), 0);

    stop();
    expect(10, 0, 0);
    cr_assert_eq(b.journal.n_connections, 1);
    cr_assert_eq(b.journal.n_pings, 0);
}

Test(h2, replaces_a_connection_that_the_server_closed_meanwhile)
{
    start((struct h2_server_options){.rules = {{H2_SERVER_ANSWER_CUT, 5, 5, 0}}},
          (struct nr_h2_options){.max_streams = 1, .max_connections = 1});

    cr_assert_eq(run(5), 0);
    h2_server_wait_closed(b.server, 1);
    cr_assert_eq(run(5), 0);

    cr_assert_eq(nr_h2_stats(b.h2).resubmissions, 0);
    stop();
    expect(10, 0, 0);
    cr_assert_eq(b.journal.n_connections, 2);
}

Test(h2, replaces_a_connection_that_was_silent_for_too_long_by_the_wall_clock)
{
    nr_clock_replace(&shifted);
    start((struct h2_server_options){0}, (struct nr_h2_options){.idle_max_ms = 30000});

    cr_assert_eq(run(1), 0);
    wall_shift_ms = 31000; /* frozen: mono stood still */
    cr_assert_eq(run(1), 0);

    cr_assert_eq(nr_h2_stats(b.h2).connections_opened, 2);
    stop();
    expect(2, 0, 0);
}

Test(h2, replaces_a_connection_that_was_silent_for_too_long_by_the_mono_clock)
{
    nr_clock_replace(&shifted);
    start((struct h2_server_options){0}, (struct nr_h2_options){.idle_max_ms = 30000});

    cr_assert_eq(run(1), 0);
    mono_shift_ms = 31000;
    cr_assert_eq(run(1), 0);

    cr_assert_eq(nr_h2_stats(b.h2).connections_opened, 2);
    stop();
}

Test(h2, asks_a_silent_connection_whether_it_is_there)
{
    nr_clock_replace(&shifted);
    start((struct h2_server_options){0}, (struct nr_h2_options){0});

    cr_assert_eq(run(1), 0);
    wall_shift_ms = 5000;
    cr_assert_eq(run(100), 0);

    cr_assert_eq(nr_h2_stats(b.h2).connections_opened, 1);
    stop();
    expect(101, 0, 0);
    cr_assert_eq(b.journal.n_pings, 1);
}

Test(h2, sends_nothing_over_a_connection_that_does_not_answer_when_asked)
{
    nr_clock_replace(&shifted);
    start((struct h2_server_options){.rules = {{H2_SERVER_DEAF, 1, 1, 0}}},
          (struct nr_h2_options){.connect_timeout_ms = 2 * SHORT_MS});

    cr_assert_eq(run(1), 0);
    wall_shift_ms = 5000;
    cr_assert_eq(run(100), 0, "%s", b.err.message);

    cr_assert_eq(nr_h2_stats(b.h2).connections_opened, 2);
    stop();
    expect(101, 0, 0);
}

/* --- when it cannot ------------------------------------------------------------------------------------- */

static void expect_refused(const char *cert, const char *why)
{
    start((struct h2_server_options){.cert = cert}, (struct nr_h2_options){0});

    cr_assert_eq(run(10), -1);

    cr_assert_eq(b.err.kind, NR_ERR_DENIED);
    cr_assert_str_eq(b.err.type, "Function.CertificateRefused");
    expect_text(b.err.message, why);
    expect_text(b.first_failure.message, why);
    cr_assert(strstr(b.err.hint, "/ca.pem"), "%s", b.err.hint);
    stop();
    expect(0, 1, 0);
    cr_assert_eq(b.journal.n_connections, 1);
    cr_assert_eq(b.journal.n_requests, 0);
}

Test(h2, names_host_and_reason_of_an_expired_certificate)
{
    expect_refused("expired", "certificate of \"localhost:%d\" refused: certificate has expired");
}

Test(h2, names_host_and_reason_of_an_untrusted_certificate)
{
    expect_refused("other",
                   "certificate of \"localhost:%d\" refused: self-signed certificate in certificate chain");
}

Test(h2, names_host_and_reason_of_another_hosts_certificate)
{
    expect_refused("wronghost", "certificate of \"localhost:%d\" refused: hostname mismatch");
}

Test(h2, says_that_a_server_does_not_offer_http2)
{
    start((struct h2_server_options){.has_no_alpn = true}, (struct nr_h2_options){0});

    cr_assert_eq(run(1), -1);

    expect_text(b.err.message,
                "TLS handshake with \"localhost:%d\" failed: the server does not offer HTTP/2");
    cr_assert_eq(b.err.kind, NR_ERR_UNAVAILABLE);
    stop();
}

Test(h2, says_that_a_connection_was_refused_and_gives_the_request_back)
{
    struct h2_server_journal gone;

    start((struct h2_server_options){0}, (struct nr_h2_options){0});
    cr_assert_eq(run(1), 0);
    h2_server_stop(b.server, &gone);
    b.server = h2_server_start(&(struct h2_server_options){.pki_dir = b.pki.dir}); /* at another port */

    cr_assert_eq(run(10), -1);

    cr_assert_eq(b.err.kind, NR_ERR_UNAVAILABLE);
    cr_assert_str_eq(b.err.type, "Function.Unreachable");
    cr_assert(strstr(b.err.message, "cannot connect to \"localhost:"), "%s", b.err.message);
    cr_assert(strstr(b.err.message, "\": connection refused"), "%s", b.err.message);
    stop();
    expect(1, 1, 0);
}

Test(h2, says_that_a_host_cannot_be_looked_up)
{
    test_pki_init(&b.pki);
    b.server = h2_server_start(&(struct h2_server_options){.pki_dir = b.pki.dir});
    open_client((struct nr_h2_options){0}, "no-such-host.invalid");

    cr_assert_eq(run(1), -1);

    cr_assert(strstr(b.err.message, "cannot look up \"no-such-host.invalid\": "), "%s", b.err.message);
    stop();
    expect(0, 1, 0);
}

Test(h2, gives_up_a_handshake_that_takes_too_long)
{
    start((struct h2_server_options){.rules = {{H2_SERVER_CONN_MUTE, 1, 100, 0}}},
          (struct nr_h2_options){.connect_timeout_ms = SHORT_MS});

    cr_assert_eq(run(5), -1);

    expect_text(b.err.message, "cannot connect to \"localhost:%d\": timed out");
    stop();
    expect(0, 1, 0);
}

Test(h2, begins_nothing_that_could_not_end_in_time)
{
    start((struct h2_server_options){0}, (struct nr_h2_options){.request_timeout_ms = 5000});
    nr_clock_replace(&shifted);
    b.n_requests = 10;

    cr_assert_eq(nr_h2_run(b.h2, &work, nr_clock_mono_ms() + 4000, &b.err), -1);

    cr_assert_eq(b.err.kind, NR_ERR_DEADLINE);
    cr_assert(strstr(b.err.message, " ms are left, and a request to \"localhost:"), "%s", b.err.message);
    cr_assert_eq(b.first_failure.kind, NR_ERR_DEADLINE);
    stop();
    expect(0, 1, 0);
    cr_assert_eq(b.journal.n_connections, 0);
}

Test(h2, stops_taking_when_time_runs_out_but_finishes_what_is_on_its_way)
{
    start((struct h2_server_options){.rules = {{H2_SERVER_STALL, 3, 3, 0}}},
          (struct nr_h2_options){.request_timeout_ms = SHORT_MS, .max_streams = 1, .max_connections = 1});
    b.n_requests = 10;

    cr_assert_eq(nr_h2_run(b.h2, &work, nr_clock_mono_ms() + SHORT_MS + SHORT_MS / 2, &b.err), -1);

    cr_assert_eq(b.err.kind, NR_ERR_DEADLINE);
    stop();
    cr_assert_leq(b.n_maybe, 1);
    cr_assert_lt(b.n_taken, 10);
}

/* The caller takes as long as a request may, and meanwhile the reply to another one comes: it waits in the
 * socket. */
static void be_busy_while_the_held_reply_comes(struct bench *bench)
{
    struct pollfd other = {.events = POLLIN};

    h2_server_release(bench->server);
    for (int i = 0; i < bench->h2->options.max_connections; i++)
        if (bench->h2->conns[i].slots.first)
            other.fd = bench->h2->conns[i].fd;
    cr_assert_eq(poll(&other, 1, 10 * 1000), 1, "the reply does not come");
    mono_shift_ms += bench->h2->options.request_timeout_ms;
}

Test(h2, takes_a_reply_that_came_while_the_caller_was_busy)
{
    nr_clock_replace(&shifted);
    start((struct h2_server_options){.rules = {{H2_SERVER_HOLD, 1, 1, 0}}},
          (struct nr_h2_options){.max_streams = 1, .max_connections = 2});
    b.on_first_done = be_busy_while_the_held_reply_comes;

    cr_assert_eq(run(2), 0);

    stop();
    expect(2, 0, 0);
    cr_assert_eq(b.journal.n_connections, 2);
}

/* --- which fate -------------------------------------------------------------------------------------------
 */

static enum nr_h2_fate fate_seen;

static void note_fate(void *ctx, const struct nr_h2_reply *reply)
{
    (void)ctx;
    fate_seen = reply->fate;
}

/* A request of which a stalled connection has taken 100 bytes, from its 1000th on; n_written of all have
 * left. */
static enum nr_h2_fate fate_of(uint64_t n_written, bool is_framed, bool is_lost)
{
    const struct nr_h2_work noting = {NULL, note_fate, NULL};
    struct nr_h2 h2 = {.work = &noting};
    struct h2_conn conn = {.h2 = &h2, .fd = -1, .n_framed = 1100, .n_written = n_written, .n_active = 1};
    struct h2_slot slot = {.conn = &conn, .is_framed = is_framed, .framed_at = 1000, .n_submitted = 100};
    struct nr_err why = {.kind = NR_ERR_UNAVAILABLE};

    h2_slot_append(&conn.slots, &slot);
    if (is_lost)
        h2_settle_lost(&h2, &conn, &why);
    else
        h2_settle_failed(&h2, &slot, &why);
    return fate_seen;
}

Test(h2, takes_a_request_that_may_still_leave_for_one_that_has)
{
    static const struct {
        uint64_t n_written;
        bool is_framed, is_lost;
        enum nr_h2_fate fate;
    } rows[] = {
        {1001, true, false, NR_H2_MAYBE},          {1000, true, false, NR_H2_MAYBE},
        {1000, false, false, NR_H2_NOT_PROCESSED}, {1001, true, true, NR_H2_MAYBE},
        {1000, true, true, NR_H2_NOT_PROCESSED}, /* what the connection held is gone with it */
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        cr_expect_eq(fate_of(rows[i].n_written, rows[i].is_framed, rows[i].is_lost), rows[i].fate, "row %zu",
                     i);
}

/* --- contracts ------------------------------------------------------------------------------------------ */

static const struct bad_options {
    struct nr_h2_options options;
    const char *message;
} bad_options[] = {
    {{.origin = NULL}, "origin must be \"https://host[:port]\", not \"\""},
    {{.origin = "http://x"}, "origin must be \"https://host[:port]\", not \"http://x\""},
    {{.origin = "https://"}, "origin must be \"https://host[:port]\", not \"https://\""},
    {{.origin = "https://x/y"}, "origin must be \"https://host[:port]\", not \"https://x/y\""},
    {{.origin = "https://x:"}, "origin must be \"https://host[:port]\", not \"https://x:\""},
    {{.origin = "https://x:0"}, "origin must be \"https://host[:port]\", not \"https://x:0\""},
    {{.origin = "https://x:65536"}, "origin must be \"https://host[:port]\", not \"https://x:65536\""},
    {{.origin = "https://a@x"}, "origin must be \"https://host[:port]\", not \"https://a@x\""},
    {{.origin = "https://[::1"}, "origin must be \"https://host[:port]\", not \"https://[::1\""},
    {{.origin = "https://[1.x]"}, "origin must be \"https://host[:port]\", not \"https://[1.x]\""},
    {{.origin = "https://x", .max_connections = 65}, "max_connections must be 1 to 64, not \"65\""},
    {{.origin = "https://x", .max_streams = -1}, "max_streams must be 1 to 1000, not \"-1\""},
    {{.origin = "https://x", .connect_timeout_ms = 600001},
     "connect_timeout_ms must be 1 to 600000 ms, not \"600001\""},
    {{.origin = "https://x", .reply_max_bytes = (size_t)-1},
     "reply_max_bytes must be 1 to 67108864 bytes, not \"9223372036854775807\""},
};

Test(h2, names_the_option_that_is_wrong)
{
    for (size_t i = 0; i < sizeof(bad_options) / sizeof(bad_options[0]); i++) {
        struct nr_err err = {0};
        struct nr_h2 *h2 = NULL;

        cr_assert_eq(nr_h2_new(&bad_options[i].options, &h2, &err), -1, "%zu", i);

        cr_assert_eq(err.kind, NR_ERR_INVALID);
        cr_assert_str_eq(err.message, bad_options[i].message);
        cr_assert_null(h2);
    }
}

static int next_odd(void *ctx, struct nr_h2_request *out)
{
    struct nr_h2_request odd[] = {
        {.method = NR_VIEW("POST"), .path = NR_VIEW("x")},
        {.method = NR_VIEW(""), .path = NR_VIEW("/x")},
        {.method = NR_VIEW("POST")},
        {.method = NR_VIEW("POST"), .path = NR_VIEW("/x"), .n_headers = NR_H2_HEADERS_MAX + 1},
    };
    struct bench *bench = ctx;

    if (bench->n_taken == 4)
        return 0;
    *out = odd[bench->n_taken];
    out->tag = paths[bench->n_taken];
    bench->n_taken++;
    return 1;
}

Test(h2, gives_a_request_back_that_cannot_be_one)
{
    const struct nr_h2_work odd = {next_odd, done, &b};

    start((struct h2_server_options){0}, (struct nr_h2_options){0});

    cr_assert_eq(nr_h2_run(b.h2, &odd, NR_CLOCK_NEVER_MS, &b.err), 0);

    cr_assert_eq(b.first_failure.kind, NR_ERR_BUG);
    cr_assert_str_eq(b.first_failure.message, "a request needs a method, a path and at most 16 headers");
    stop();
    expect(0, 4, 0);
    cr_assert_eq(b.journal.n_connections, 0);
}

static void run_again(void *ctx, const struct nr_h2_reply *reply)
{
    struct nr_err err = {0};

    done(ctx, reply);
    cr_assert_eq(nr_h2_run(b.h2, &work, NR_CLOCK_NEVER_MS, &err), -1);
    cr_assert_eq(err.kind, NR_ERR_BUG);
}

Test(h2, cannot_be_run_from_a_callback)
{
    const struct nr_h2_work nested = {next, run_again, &b};

    start((struct h2_server_options){0}, (struct nr_h2_options){0});
    b.n_requests = 2;

    cr_assert_eq(nr_h2_run(b.h2, &nested, NR_CLOCK_NEVER_MS, &b.err), 0);

    stop();
    expect(2, 0, 0);
}

Test(h2, can_be_freed_when_there_is_none)
{
    nr_h2_free(NULL);
}
