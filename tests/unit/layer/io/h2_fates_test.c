#include <criterion/criterion.h>
#include <string.h>

#include <nghttp2/nghttp2.h>

#include <narae/h2.h>

#include "layer/io/h2_client.h"
#include "layer/io/h2_settle.h"
#include "tests/support/h2_stage.h"

Test(h2_fates, sends_a_refused_request_again)
{
    h2_stage_start((struct h2_server_options){.rules = {{H2_SERVER_RST, 1, 3, NGHTTP2_REFUSED_STREAM}}},
                   (struct nr_h2_options){0});

    cr_assert_eq(h2_stage_run(1), 0);

    cr_assert_eq(nr_h2_stats(h2_stage.h2).resubmissions, 3);
    h2_stage_stop();
    h2_stage_expect(1, 0, 0);
    cr_assert_eq(h2_stage.journal.n_requests, 4);
    cr_assert_eq(h2_stage.journal.answered[0], 1);
}

Test(h2_fates, gives_a_request_back_that_is_refused_four_times)
{
    h2_stage_start((struct h2_server_options){.rules = {{H2_SERVER_RST, 1, 4, NGHTTP2_REFUSED_STREAM}}},
                   (struct nr_h2_options){0});

    cr_assert_eq(h2_stage_run(1), 0);

    h2_stage_expect_text(h2_stage.first_failure.message,
                         "\"localhost:%d\" ended the request without a reply: REFUSED_STREAM");
    cr_assert_eq(h2_stage.first_failure.kind, NR_ERR_UNAVAILABLE);
    h2_stage_stop();
    h2_stage_expect(0, 1, 0);
}

Test(h2_fates, stops_at_a_server_that_refuses_everything)
{
    h2_stage_start((struct h2_server_options){.rules = {{H2_SERVER_RST, 1, 100000, NGHTTP2_REFUSED_STREAM}}},
                   (struct nr_h2_options){.max_connections = 1});

    cr_assert_eq(h2_stage_run(3000), -1);

    h2_stage_expect_text(h2_stage.err.message,
                         "100 requests in a row were refused: \"localhost:%d\" ended the request without "
                         "a reply: REFUSED_STREAM");
    cr_assert_leq(h2_stage.n_taken, 200);
    h2_stage_stop();
    h2_stage_expect(0, h2_stage.n_taken, 0);
}

static void expect_maybe_after_reset(uint32_t code)
{
    h2_stage_start((struct h2_server_options){.rules = {{H2_SERVER_RST, 2, 2, code}}},
                   (struct nr_h2_options){0});

    cr_assert_eq(h2_stage_run(3), 0);

    cr_assert(strstr(h2_stage.first_failure.message, nghttp2_http2_strerror(code)), "%s",
              h2_stage.first_failure.message);
    h2_stage_stop();
    h2_stage_expect(2, 0, 1);
    cr_assert_eq(h2_stage.journal.n_requests, 3);
}

Test(h2_fates, calls_it_maybe_when_a_stream_is_reset_without_error)
{
    expect_maybe_after_reset(NGHTTP2_NO_ERROR);
}

Test(h2_fates, calls_it_maybe_when_a_stream_is_reset_for_an_internal_error)
{
    expect_maybe_after_reset(NGHTTP2_INTERNAL_ERROR);
}

Test(h2_fates, calls_it_maybe_when_a_stream_is_cancelled)
{
    expect_maybe_after_reset(NGHTTP2_CANCEL);
}

Test(h2_fates, calls_it_maybe_when_a_stream_is_reset_for_a_protocol_error)
{
    expect_maybe_after_reset(NGHTTP2_PROTOCOL_ERROR);
}

Test(h2_fates, calls_it_maybe_when_a_stream_is_reset_for_calm)
{
    expect_maybe_after_reset(NGHTTP2_ENHANCE_YOUR_CALM);
}

Test(h2_fates, calls_it_maybe_when_a_reply_had_begun_before_it_was_refused)
{
    h2_stage_start(
        (struct h2_server_options){.rules = {{H2_SERVER_HEADERS_RST, 1, 1, NGHTTP2_REFUSED_STREAM}}},
        (struct nr_h2_options){0});

    cr_assert_eq(h2_stage_run(2), 0);

    h2_stage_stop();
    h2_stage_expect(1, 0, 1);
    cr_assert_eq(h2_stage.journal.n_requests, 2);
}

Test(h2_fates, takes_an_answer_that_comes_before_the_body_was_sent)
{
    h2_stage_start((struct h2_server_options){.rules = {{H2_SERVER_EARLY, 1, 1, 0}}},
                   (struct nr_h2_options){0});
    h2_stage.body_bytes = 500000;

    cr_assert_eq(h2_stage_run(1), 0);

    h2_stage_stop();
    h2_stage_expect(1, 0, 0);
    cr_assert_eq(h2_stage.journal.n_requests, 0, "the whole body was sent all the same");
}

Test(h2_fates, ends_a_request_whose_reply_is_too_long)
{
    h2_stage_start(
        (struct h2_server_options){.rules = {{H2_SERVER_BODY, 2, 2, 1001}, {H2_SERVER_BODY, 3, 3, 1000}}},
        (struct nr_h2_options){.reply_max_bytes = 1000});

    cr_assert_eq(h2_stage_run(4), 0);

    h2_stage_expect_text(h2_stage.first_failure.message,
                         "reply of \"localhost:%d\" with status 200 is longer than 1000 bytes");
    h2_stage_stop();
    h2_stage_expect(3, 0, 1);
    cr_assert_eq(h2_stage.journal.n_connections, 1);
}

Test(h2_fates, ends_a_request_that_gets_no_reply_in_time)
{
    h2_stage_start((struct h2_server_options){.rules = {{H2_SERVER_STALL, 2, 2, 0}}},
                   (struct nr_h2_options){.request_timeout_ms = H2_STAGE_SHORT_MS});

    cr_assert_eq(h2_stage_run(5), 0);

    h2_stage_expect_text(h2_stage.first_failure.message, "no reply from \"localhost:%d\" within 250 ms");
    cr_assert_eq(h2_stage.first_failure.kind, NR_ERR_UNAVAILABLE);
    cr_assert_str_eq(h2_stage.first_failure.type, "Function.RequestTimeout");
    h2_stage_stop();
    h2_stage_expect(4, 0, 1);
    cr_assert_eq(h2_stage.journal.n_cancelled, 1);
}

/* --- which fate ----------------------------------------------------------------------------------------- */

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

Test(h2_fates, takes_a_request_that_may_still_leave_for_one_that_has)
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
