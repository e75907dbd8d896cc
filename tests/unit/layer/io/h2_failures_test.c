#include <criterion/criterion.h>
#include <poll.h>
#include <string.h>

#include <narae/clock.h>
#include <narae/h2.h>

#include "layer/io/h2_client.h"
#include "tests/support/h2_stage.h"

static void expect_refused(const char *cert, const char *why)
{
    h2_stage_start((struct h2_server_options){.cert = cert}, (struct nr_h2_options){0});

    cr_assert_eq(h2_stage_run(10), -1);

    cr_assert_eq(h2_stage.err.kind, NR_ERR_DENIED);
    cr_assert_str_eq(h2_stage.err.type, "Function.CertificateRefused");
    h2_stage_expect_text(h2_stage.err.message, why);
    h2_stage_expect_text(h2_stage.first_failure.message, why);
    cr_assert(strstr(h2_stage.err.hint, "/ca.pem"), "%s", h2_stage.err.hint);
    h2_stage_stop();
    h2_stage_expect(0, 1, 0);
    cr_assert_eq(h2_stage.journal.n_connections, 1);
    cr_assert_eq(h2_stage.journal.n_requests, 0);
}

Test(h2_failures, names_host_and_reason_of_an_expired_certificate)
{
    expect_refused("expired", "certificate of \"localhost:%d\" refused: certificate has expired");
}

Test(h2_failures, names_host_and_reason_of_an_untrusted_certificate)
{
    expect_refused("other",
                   "certificate of \"localhost:%d\" refused: self-signed certificate in certificate chain");
}

Test(h2_failures, names_host_and_reason_of_another_hosts_certificate)
{
    expect_refused("wronghost", "certificate of \"localhost:%d\" refused: hostname mismatch");
}

Test(h2_failures, says_that_a_server_does_not_offer_http2)
{
    h2_stage_start((struct h2_server_options){.has_no_alpn = true}, (struct nr_h2_options){0});

    cr_assert_eq(h2_stage_run(1), -1);

    h2_stage_expect_text(h2_stage.err.message,
                         "TLS handshake with \"localhost:%d\" failed: the server does not offer HTTP/2");
    cr_assert_eq(h2_stage.err.kind, NR_ERR_UNAVAILABLE);
    h2_stage_stop();
}

Test(h2_failures, says_that_a_connection_was_refused_and_gives_the_request_back)
{
    struct h2_server_journal gone;

    h2_stage_start((struct h2_server_options){0}, (struct nr_h2_options){0});
    cr_assert_eq(h2_stage_run(1), 0);
    h2_server_stop(h2_stage.server, &gone);
    h2_stage.server =
        h2_server_start(&(struct h2_server_options){.pki_dir = h2_stage.pki.dir}); /* at another port */

    cr_assert_eq(h2_stage_run(10), -1);

    cr_assert_eq(h2_stage.err.kind, NR_ERR_UNAVAILABLE);
    cr_assert_str_eq(h2_stage.err.type, "Function.Unreachable");
    cr_assert(strstr(h2_stage.err.message, "cannot connect to \"localhost:"), "%s", h2_stage.err.message);
    cr_assert(strstr(h2_stage.err.message, "\": connection refused"), "%s", h2_stage.err.message);
    h2_stage_stop();
    h2_stage_expect(1, 1, 0);
}

Test(h2_failures, says_that_a_host_cannot_be_looked_up)
{
    test_pki_init(&h2_stage.pki);
    h2_stage.server = h2_server_start(&(struct h2_server_options){.pki_dir = h2_stage.pki.dir});
    h2_stage_open_client((struct nr_h2_options){0}, "no-such-host.invalid");

    cr_assert_eq(h2_stage_run(1), -1);

    cr_assert(strstr(h2_stage.err.message, "cannot look up \"no-such-host.invalid\": "), "%s",
              h2_stage.err.message);
    h2_stage_stop();
    h2_stage_expect(0, 1, 0);
}

Test(h2_failures, gives_up_a_handshake_that_takes_too_long)
{
    h2_stage_start((struct h2_server_options){.rules = {{H2_SERVER_CONN_MUTE, 1, 100, 0}}},
                   (struct nr_h2_options){.connect_timeout_ms = H2_STAGE_SHORT_MS});

    cr_assert_eq(h2_stage_run(5), -1);

    h2_stage_expect_text(h2_stage.err.message, "cannot connect to \"localhost:%d\": timed out");
    h2_stage_stop();
    h2_stage_expect(0, 1, 0);
}

Test(h2_failures, begins_nothing_that_could_not_end_in_time)
{
    h2_stage_start((struct h2_server_options){0}, (struct nr_h2_options){.request_timeout_ms = 5000});
    h2_stage_shift_clock();
    h2_stage.n_requests = 10;

    cr_assert_eq(nr_h2_run(h2_stage.h2, &h2_stage_work, nr_clock_mono_ms() + 4000, &h2_stage.err), -1);

    cr_assert_eq(h2_stage.err.kind, NR_ERR_DEADLINE);
    cr_assert(strstr(h2_stage.err.message, " ms are left, and a request to \"localhost:"), "%s",
              h2_stage.err.message);
    cr_assert_eq(h2_stage.first_failure.kind, NR_ERR_DEADLINE);
    h2_stage_stop();
    h2_stage_expect(0, 1, 0);
    cr_assert_eq(h2_stage.journal.n_connections, 0);
}

Test(h2_failures, stops_taking_when_time_runs_out_but_finishes_what_is_on_its_way)
{
    h2_stage_start((struct h2_server_options){.rules = {{H2_SERVER_STALL, 3, 3, 0}}},
                   (struct nr_h2_options){
                       .request_timeout_ms = H2_STAGE_SHORT_MS, .max_streams = 1, .max_connections = 1});
    h2_stage.n_requests = 10;

    cr_assert_eq(nr_h2_run(h2_stage.h2, &h2_stage_work,
                           nr_clock_mono_ms() + H2_STAGE_SHORT_MS + H2_STAGE_SHORT_MS / 2, &h2_stage.err),
                 -1);

    cr_assert_eq(h2_stage.err.kind, NR_ERR_DEADLINE);
    h2_stage_stop();
    cr_assert_leq(h2_stage.n_maybe, 1);
    cr_assert_lt(h2_stage.n_taken, 10);
}

/* The caller takes as long as a request may, and meanwhile the reply to another one comes: it waits in the
 * socket. */
static void be_busy_while_the_held_reply_comes(struct h2_stage *stage)
{
    struct pollfd other = {.events = POLLIN};

    h2_server_release(stage->server);
    for (int i = 0; i < stage->h2->options.max_connections; i++)
        if (stage->h2->conns[i].slots.first)
            other.fd = stage->h2->conns[i].fd;
    cr_assert_eq(poll(&other, 1, 10 * 1000), 1, "the reply does not come");
    h2_stage_mono_shift_ms += stage->h2->options.request_timeout_ms;
}

Test(h2_failures, takes_a_reply_that_came_while_the_caller_was_busy)
{
    h2_stage_shift_clock();
    h2_stage_start((struct h2_server_options){.rules = {{H2_SERVER_HOLD, 1, 1, 0}}},
                   (struct nr_h2_options){.max_streams = 1, .max_connections = 2});
    h2_stage.on_first_done = be_busy_while_the_held_reply_comes;

    cr_assert_eq(h2_stage_run(2), 0);

    h2_stage_stop();
    h2_stage_expect(2, 0, 0);
    cr_assert_eq(h2_stage.journal.n_connections, 2);
}
