#include <criterion/criterion.h>
#include <string.h>

#include <nghttp2/nghttp2.h>

#include <narae/h2.h>

#include "tests/support/h2_stage.h"

Test(h2_connections, goes_on_elsewhere_after_a_goaway)
{
    h2_stage_start((struct h2_server_options){.rules = {{H2_SERVER_GOAWAY, 31, 31, NGHTTP2_NO_ERROR}}},
                   (struct nr_h2_options){.max_connections = 1});

    cr_assert_eq(h2_stage_run(500), 0);

    cr_assert_eq(nr_h2_stats(h2_stage.h2).connections_opened, 2);
    cr_assert_geq(nr_h2_stats(h2_stage.h2).resubmissions, 1);
    h2_stage_stop();
    h2_stage_expect(500, 0, 0);
    for (int i = 0; i < 500; i++)
        cr_assert_eq(h2_stage.journal.answered[i], 1, "request %d was answered %d times", i,
                     h2_stage.journal.answered[i]);
}

Test(h2_connections, goes_on_elsewhere_after_a_goaway_that_asks_for_calm)
{
    h2_stage_start((struct h2_server_options){.rules = {{H2_SERVER_GOAWAY, 5, 5, NGHTTP2_ENHANCE_YOUR_CALM}}},
                   (struct nr_h2_options){.max_connections = 1, .max_streams = 10});

    cr_assert_eq(h2_stage_run(50), 0);

    h2_stage_stop();
    h2_stage_expect(50, 0, 0);
}

Test(h2_connections, stops_at_a_server_that_sends_every_connection_away)
{
    h2_stage_start((struct h2_server_options){.rules = {{H2_SERVER_GOAWAY, 1, 100000, NGHTTP2_NO_ERROR}}},
                   (struct nr_h2_options){0});

    cr_assert_eq(h2_stage_run(3000), -1);

    h2_stage_expect_text(h2_stage.err.message,
                         "4 connections in a row answered nothing: \"localhost:%d\" takes no more "
                         "requests: GOAWAY with NO_ERROR");
    h2_stage_stop();
    h2_stage_expect(0, h2_stage.n_taken, 0);
    cr_assert_leq(h2_stage.n_taken, 4 * 100 + 1);
}

Test(h2_connections, calls_it_maybe_when_the_connection_ends_after_sending)
{
    h2_stage_start((struct h2_server_options){.rules = {{H2_SERVER_CUT, 3, 3, 0}}},
                   (struct nr_h2_options){.max_connections = 1, .max_streams = 1});

    cr_assert_eq(h2_stage_run(6), 0);

    cr_assert_eq(h2_stage.first_failure.kind, NR_ERR_UNAVAILABLE);
    h2_stage_expect_text(h2_stage.first_failure.message,
                         "connection to \"localhost:%d\" lost: closed by the server");
    h2_stage_stop();
    h2_stage_expect(5, 0, 1);
    cr_assert_eq(h2_stage.journal.n_connections, 2);
}

Test(h2_connections, calls_it_maybe_when_the_connection_ends_amid_a_reply)
{
    h2_stage_start((struct h2_server_options){.rules = {{H2_SERVER_HEADERS_CUT, 2, 2, 0}}},
                   (struct nr_h2_options){.max_connections = 1, .max_streams = 1});

    cr_assert_eq(h2_stage_run(3), 0);

    h2_stage_stop();
    h2_stage_expect(2, 0, 1);
}

Test(h2_connections, stops_at_a_server_that_cuts_every_connection)
{
    h2_stage_start((struct h2_server_options){.rules = {{H2_SERVER_CONN_TLS_CUT, 1, 100000, 0}}},
                   (struct nr_h2_options){.max_connections = 2});

    cr_assert_eq(h2_stage_run(3000), -1);

    cr_assert_eq(h2_stage.err.kind, NR_ERR_UNAVAILABLE);
    cr_assert(strstr(h2_stage.err.message, "4 connections in a row answered nothing: connection to"), "%s",
              h2_stage.err.message);
    h2_stage_stop();
    cr_assert_eq(h2_stage.n_answered, 0);
    cr_assert_leq(h2_stage.n_taken, 500);
}

Test(h2_connections, stops_when_the_server_hangs_up_before_tls)
{
    h2_stage_start((struct h2_server_options){.rules = {{H2_SERVER_CONN_CUT, 1, 100000, 0}}},
                   (struct nr_h2_options){0});

    cr_assert_eq(h2_stage_run(10), -1);

    cr_assert(strstr(h2_stage.err.message, "TLS handshake with \"localhost:"), "%s", h2_stage.err.message);
    h2_stage_stop();
    h2_stage_expect(0, 1, 0);
}

Test(h2_connections, loses_the_connection_when_the_server_speaks_something_else)
{
    h2_stage_start((struct h2_server_options){.rules = {{H2_SERVER_CONN_GARBAGE, 1, 100000, 0}}},
                   (struct nr_h2_options){.max_connections = 1});

    cr_assert_eq(h2_stage_run(3000), -1);

    cr_assert_eq(h2_stage.err.kind, NR_ERR_UNAVAILABLE);
    h2_stage_expect_text(h2_stage.err.message,
                         "4 connections in a row answered nothing: connection to \"localhost:%d\" lost: the "
                         "server broke the protocol");
    h2_stage_stop();
    cr_assert_leq(h2_stage.n_taken, 4 * 100 + 1);
    cr_assert_eq(h2_stage.n_answered, 0);
}

/* --- between runs --------------------------------------------------------------------------------------- */

Test(h2_connections, reuses_its_connection_in_the_next_run)
{
    h2_stage_start((struct h2_server_options){0}, (struct nr_h2_options){0});

    cr_assert_eq(h2_stage_run(5), 0);
    cr_assert_eq(h2_stage_run(5), 0);

    h2_stage_stop();
    h2_stage_expect(10, 0, 0);
    cr_assert_eq(h2_stage.journal.n_connections, 1);
    cr_assert_eq(h2_stage.journal.n_pings, 0);
}

Test(h2_connections, replaces_a_connection_that_the_server_closed_meanwhile)
{
    h2_stage_start((struct h2_server_options){.rules = {{H2_SERVER_ANSWER_CUT, 5, 5, 0}}},
                   (struct nr_h2_options){.max_streams = 1, .max_connections = 1});

    cr_assert_eq(h2_stage_run(5), 0);
    h2_server_wait_closed(h2_stage.server, 1);
    cr_assert_eq(h2_stage_run(5), 0);

    cr_assert_eq(nr_h2_stats(h2_stage.h2).resubmissions, 0);
    h2_stage_stop();
    h2_stage_expect(10, 0, 0);
    cr_assert_eq(h2_stage.journal.n_connections, 2);
}

Test(h2_connections, replaces_a_connection_that_was_silent_for_too_long_by_the_wall_clock)
{
    h2_stage_shift_clock();
    h2_stage_start((struct h2_server_options){0}, (struct nr_h2_options){.idle_max_ms = 30000});

    cr_assert_eq(h2_stage_run(1), 0);
    h2_stage_wall_shift_ms = 31000; /* frozen: mono stood still */
    cr_assert_eq(h2_stage_run(1), 0);

    cr_assert_eq(nr_h2_stats(h2_stage.h2).connections_opened, 2);
    h2_stage_stop();
    h2_stage_expect(2, 0, 0);
}

Test(h2_connections, replaces_a_connection_that_was_silent_for_too_long_by_the_mono_clock)
{
    h2_stage_shift_clock();
    h2_stage_start((struct h2_server_options){0}, (struct nr_h2_options){.idle_max_ms = 30000});

    cr_assert_eq(h2_stage_run(1), 0);
    h2_stage_mono_shift_ms = 31000;
    cr_assert_eq(h2_stage_run(1), 0);

    cr_assert_eq(nr_h2_stats(h2_stage.h2).connections_opened, 2);
    h2_stage_stop();
}

Test(h2_connections, asks_a_silent_connection_whether_it_is_there)
{
    h2_stage_shift_clock();
    h2_stage_start((struct h2_server_options){0}, (struct nr_h2_options){0});

    cr_assert_eq(h2_stage_run(1), 0);
    h2_stage_wall_shift_ms = 5000;
    cr_assert_eq(h2_stage_run(100), 0);

    cr_assert_eq(nr_h2_stats(h2_stage.h2).connections_opened, 1);
    h2_stage_stop();
    h2_stage_expect(101, 0, 0);
    cr_assert_eq(h2_stage.journal.n_pings, 1);
}

Test(h2_connections, sends_nothing_over_a_connection_that_does_not_answer_when_asked)
{
    h2_stage_shift_clock();
    h2_stage_start((struct h2_server_options){.rules = {{H2_SERVER_DEAF, 1, 1, 0}}},
                   (struct nr_h2_options){.connect_timeout_ms = 2 * H2_STAGE_SHORT_MS});

    cr_assert_eq(h2_stage_run(1), 0);
    h2_stage_wall_shift_ms = 5000;
    cr_assert_eq(h2_stage_run(100), 0, "%s", h2_stage.err.message);

    cr_assert_eq(nr_h2_stats(h2_stage.h2).connections_opened, 2);
    h2_stage_stop();
    h2_stage_expect(101, 0, 0);
}
