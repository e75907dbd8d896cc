#include <criterion/criterion.h>

#include <narae/clock.h>
#include <narae/h2.h>

#include "tests/support/h2_stage.h"

Test(h2, sends_many_requests_over_one_connection)
{
    h2_stage_start((struct h2_server_options){0}, (struct nr_h2_options){.max_connections = 1});

    cr_assert_eq(h2_stage_run(3000), 0, "%s", h2_stage.err.message);

    cr_assert_eq(nr_h2_stats(h2_stage.h2).requests, 3000);
    cr_assert_eq(nr_h2_stats(h2_stage.h2).connections_opened, 1);
    h2_stage_stop();
    h2_stage_expect(3000, 0, 0);
    cr_assert_eq(h2_stage.journal.n_open_max, 100);
    for (int i = 0; i < 3000; i++) {
        cr_assert_eq(h2_stage.journal.answered[i], 1);
        cr_assert_eq(h2_stage.journal.n_body[i], 350);
    }
}

Test(h2, spreads_over_more_connections_only_when_they_are_full)
{
    h2_stage_start((struct h2_server_options){0},
                   (struct nr_h2_options){.max_connections = 3, .max_streams = 10});

    cr_assert_eq(h2_stage_run(10), 0);
    cr_assert_eq(nr_h2_stats(h2_stage.h2).connections_opened, 1);
    cr_assert_eq(h2_stage_run(2000), 0);

    cr_assert_geq(nr_h2_stats(h2_stage.h2).connections_opened, 2);
    cr_assert_leq(nr_h2_stats(h2_stage.h2).connections_opened, 3);
    h2_stage_stop();
    h2_stage_expect(2010, 0, 0);
    cr_assert_leq(h2_stage.journal.n_open_max, 10);
}

/* A caller that paces itself says "not now": it is asked again at its time, not before, and nothing is
 * lost. */
Test(h2, asks_again_when_the_caller_says_and_not_before)
{
    int64_t begun_ms;

    h2_stage.later_every = 5;
    h2_stage.later_ms = 7;
    h2_stage_start((struct h2_server_options){0}, (struct nr_h2_options){.max_connections = 1});
    begun_ms = nr_clock_mono_ms();

    cr_assert_eq(h2_stage_run(40), 0, "%s", h2_stage.err.message);

    cr_expect_eq(h2_stage.n_asked_early, 0);
    cr_expect_geq(nr_clock_mono_ms() - begun_ms, 9 * 7);
    h2_stage_stop();
    h2_stage_expect(40, 0, 0);
}

/* The very first answer may be "not now", when there is no connection yet to wait on. */
Test(h2, waits_for_the_first_request_without_a_connection)
{
    h2_stage.later_every = 2;
    h2_stage.n_asked = 1; /* so that the first question is a second one */
    h2_stage.later_ms = 20;
    h2_stage_start((struct h2_server_options){0}, (struct nr_h2_options){0});

    cr_assert_eq(h2_stage_run(1), 0, "%s", h2_stage.err.message);

    cr_expect_eq(h2_stage.n_asked_early, 0);
    h2_stage_stop();
    h2_stage_expect(1, 0, 0);
}

Test(h2, gives_status_body_retry_after_and_date)
{
    h2_stage_start((struct h2_server_options){.rules = {{H2_SERVER_STATUS, 1, 1, 429}}},
                   (struct nr_h2_options){0});

    cr_assert_eq(h2_stage_run(1), 0);

    cr_assert_eq(h2_stage.last.status, 429);
    cr_assert_str_eq(h2_stage.last_body, "{\"n\":0}");
    cr_assert_str_eq(h2_stage.last_retry_after, "7");
    cr_assert_str_eq(h2_stage.last_date, "Tue, 24 Nov 2026 15:06:48 GMT");
    cr_assert_gt(h2_stage.last.latency_us, 0);
    cr_assert_eq(h2_stage_run(1), 0);
    cr_assert_eq(h2_stage.last.status, 200);
    cr_assert_str_eq(h2_stage.last_retry_after, "", "a slot must forget its last reply");
    h2_stage_stop();
    h2_stage_expect(2, 0, 0);
}

Test(h2, reads_replies_that_come_in_small_pieces)
{
    h2_stage_start((struct h2_server_options){.is_split = true}, (struct nr_h2_options){0});

    cr_assert_eq(h2_stage_run(50), 0);

    h2_stage_stop();
    h2_stage_expect(50, 0, 0);
    cr_assert_str_eq(h2_stage.last_body, "{\"n\":49}");
}

Test(h2, sends_and_receives_more_than_the_windows_hold)
{
    h2_stage_start((struct h2_server_options){.rules = {{H2_SERVER_BODY, 1, 20, 400000}}},
                   (struct nr_h2_options){.reply_max_bytes = 400000});
    h2_stage.body_bytes = 300000;

    cr_assert_eq(h2_stage_run(20), 0);

    cr_assert_eq(h2_stage.last.body.len, 400000);
    h2_stage_stop();
    h2_stage_expect(20, 0, 0);
    cr_assert_eq(h2_stage.journal.n_body[19], 300000);
}

Test(h2, keeps_to_the_servers_stream_limit)
{
    h2_stage_start((struct h2_server_options){.max_streams = 1},
                   (struct nr_h2_options){.max_connections = 1});

    cr_assert_eq(h2_stage_run(1), 0);
    cr_assert_eq(h2_stage_run(50), 0);

    h2_stage_stop();
    h2_stage_expect(51, 0, 0);
    cr_assert_eq(h2_stage.journal.n_open_max, 1);
}

Test(h2, survives_streams_that_were_sent_before_the_servers_limit_was_known)
{
    h2_stage_start((struct h2_server_options){.max_streams = 2},
                   (struct nr_h2_options){.max_connections = 1});

    cr_assert_eq(h2_stage_run(100), 0);

    h2_stage_stop();
    h2_stage_expect(100, 0, 0);
}

Test(h2, asks_for_nothing_and_connects_to_nothing_without_work)
{
    h2_stage_start((struct h2_server_options){0}, (struct nr_h2_options){0});

    cr_assert_eq(h2_stage_run(0), 0);

    h2_stage_stop();
    cr_assert_eq(h2_stage.journal.n_connections, 0);
}

Test(h2, speaks_to_an_address_as_to_a_name)
{
    test_pki_init(&h2_stage.pki);
    h2_stage.server = h2_server_start(&(struct h2_server_options){.pki_dir = h2_stage.pki.dir});
    h2_stage_open_client((struct nr_h2_options){0}, "127.0.0.1");

    cr_assert_eq(h2_stage_run(3), 0, "%s", h2_stage.err.message);

    h2_stage_stop();
    h2_stage_expect(3, 0, 0);
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
    struct h2_stage *stage = ctx;

    if (stage->n_taken == 4)
        return 0;
    *out = odd[stage->n_taken];
    out->tag = h2_stage_paths[stage->n_taken];
    stage->n_taken++;
    return 1;
}

Test(h2, gives_a_request_back_that_cannot_be_one)
{
    const struct nr_h2_work odd = {next_odd, h2_stage_done, &h2_stage};

    h2_stage_start((struct h2_server_options){0}, (struct nr_h2_options){0});

    cr_assert_eq(nr_h2_run(h2_stage.h2, &odd, NR_CLOCK_NEVER_MS, &h2_stage.err), 0);

    cr_assert_eq(h2_stage.first_failure.kind, NR_ERR_BUG);
    cr_assert_str_eq(h2_stage.first_failure.message,
                     "a request needs a method, a path and at most 16 headers");
    h2_stage_stop();
    h2_stage_expect(0, 4, 0);
    cr_assert_eq(h2_stage.journal.n_connections, 0);
}

static void run_again(void *ctx, const struct nr_h2_reply *reply)
{
    struct nr_err err = {0};

    h2_stage_done(ctx, reply);
    cr_assert_eq(nr_h2_run(h2_stage.h2, &h2_stage_work, NR_CLOCK_NEVER_MS, &err), -1);
    cr_assert_eq(err.kind, NR_ERR_BUG);
}

Test(h2, cannot_be_run_from_a_callback)
{
    const struct nr_h2_work nested = {h2_stage_next, run_again, &h2_stage};

    h2_stage_start((struct h2_server_options){0}, (struct nr_h2_options){0});
    h2_stage.n_requests = 2;

    cr_assert_eq(nr_h2_run(h2_stage.h2, &nested, NR_CLOCK_NEVER_MS, &h2_stage.err), 0);

    h2_stage_stop();
    h2_stage_expect(2, 0, 0);
}

Test(h2, can_be_freed_when_there_is_none)
{
    nr_h2_free(NULL);
}
