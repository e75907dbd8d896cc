/* One turn against a real ledger, a canned token endpoint and an HTTP/2 server in FCM's place. */
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include <narae/clock.h>

#include "functions/push/round.h"
#include "tests/support/push_stage.h"

enum { HOLDER = 7, TIME_MS = 20000 };

#define RECORD(id, user)                                                                                     \
    "{\"messageId\":\"" id "\",\"body\":\"{\\\"id\\\":\\\"" id "\\\",\\\"to\\\":{\\\"users\\\":[\\\"" user   \
    "\\\"]},\\\"message\\\":{}}\"}"

static struct sandbox sandbox;
static struct batch batch;
static json_t *event;
static struct round_counts counts;
static struct nr_err err;
static struct nr_buf told; /* "id:device:verdict " for each send */

static void set_up(void)
{
    push_stage_init();
    nr_buf_init(&told, 1024);
    test_database_run(&push_stage_database,
                      "insert into narae_push.device (user_id, kind, platform, registration, "
                      "registration_hash) select u, 'token', 'android', 'hush-' || u, sha256(u::bytea) "
                      "from unnest(array['17', '18']) as u");
}

static void tear_down(void)
{
    batch_done(&batch);
    json_decref(event);
    nr_buf_done(&told);
    ledger_done(&sandbox.debt);
    nr_h2_free(sandbox.h2);
    settings_done(&sandbox.settings);
    push_stage_done();
}

TestSuite(round, .init = set_up, .fini = tear_down, .timeout = 60);

/* What push_send keeps, and a batch of "a" for user 17 and "b" for user 18. */
static void start(void)
{
    const char *text = "{\"Records\":[" RECORD("a", "17") "," RECORD("b", "18") "]}";

    cr_assert_eq(settings_read(&sandbox.settings, &err), 0, "%s", err.message);
    cr_assert_eq(
        nr_h2_new(&(struct nr_h2_options){.origin = sandbox.settings.fcm_endpoint}, &sandbox.h2, &err), 0,
        "%s", err.message);
    pace_init(&sandbox.pace, 1000, 0);
    event = json_loads(text, 0, NULL);
    cr_assert_eq(batch_parse(&batch, event, nr_clock_wall_ms(), 0, false, &err), 0, "%s", err.message);
}

static void begin_again(void)
{
    batch_done(&batch);
    cr_assert_eq(batch_parse(&batch, event, nr_clock_wall_ms(), 0, false, &err), 0, "%s", err.message);
    counts = (struct round_counts){0};
}

static void tell(const struct push_message *message, int64_t device_id, enum fcm_verdict verdict,
                 int64_t latency_us)
{
    nr_buf_printf(&told, "%.*s:%d:%s%s ", NR_VIEW_ARG(message->id), (int)device_id,
                  fcm_meaning(verdict)->name, latency_us > 0 ? "" : " at no time");
}

static int turn(void)
{
    cr_assert(batch_next_turn(&batch));
    return round_run(&batch, &sandbox, HOLDER, nr_clock_mono_ms() + TIME_MS, tell, &counts, &err);
}

static void break_the_ledger(void)
{
    test_database_run(&push_stage_database,
                      "create function fail() returns trigger language plpgsql as 'begin raise exception "
                      "''out of order'' using errcode = ''22023''; end'");
    test_database_run(&push_stage_database,
                      "create trigger fail before update on narae_push.send for each row "
                      "execute function fail()");
}

static void mend_the_ledger(void)
{
    test_database_run(&push_stage_database, "drop trigger fail on narae_push.send");
}

static const char *ledger(void)
{
    return push_stage_text(
        "select string_agg(concat_ws(' ', message_id, state), ', ' order by message_id) from "
        "narae_push.send");
}

Test(round, sends_writes_down_and_counts)
{
    start();

    cr_assert_eq(turn(), 0, "%s", err.message);

    cr_expect(batch.items[0].fate == BATCH_DONE && batch.items[1].fate == BATCH_DONE);
    cr_expect_str_eq(ledger(), "a sent, b sent");
    cr_expect_eq(counts.n_sends, 2);
    cr_expect_eq(counts.n_by_verdict[FCM_SENT], 2);
    cr_expect_eq(counts.n_answered, 2);
    cr_expect_geq(counts.latency_sum_us, counts.latency_max_us);
    cr_expect_str_eq(nr_buf_text(&told), "a:1:sent b:2:sent ");
    cr_expect_eq(push_stage_calls(), 2);
}

Test(round, adds_up_over_turns)
{
    start();
    batch.items[1].fate = BATCH_DONE;
    cr_assert_eq(turn(), 0, "%s", err.message);
    batch.items[1].fate = BATCH_OPEN;

    cr_assert_eq(turn(), 0, "%s", err.message);

    cr_expect_eq(counts.n_sends, 2);
    cr_expect_eq(counts.n_by_verdict[FCM_SENT], 2);
}

Test(round, leaves_alone_who_is_left_out)
{
    start();
    batch.items[0].fate = BATCH_EXPIRED;

    cr_assert_eq(turn(), 0, "%s", err.message);

    cr_expect_eq(batch.items[0].fate, BATCH_EXPIRED);
    cr_expect_eq(batch.items[1].fate, BATCH_DONE);
    cr_expect_str_eq(ledger(), "b sent");
}

Test(round, has_sent_nothing_when_it_fails)
{
    setenv("THE_DATABASE", "postgresql://narae:hush@127.0.0.1:1/none", 1);
    start();

    cr_expect_eq(turn(), -1);

    cr_expect_eq(err.kind, NR_ERR_UNAVAILABLE, "%s", err.message);
    cr_expect(batch.items[0].fate == BATCH_OPEN && batch.items[1].fate == BATCH_OPEN);
    cr_expect_eq(push_stage_calls(), 0);
}

Test(round, keeps_the_trouble_of_sending_for_the_log_and_gives_every_message_its_fate)
{
    setenv("NARAE_FCM_ENDPOINT", "https://127.0.0.1:1", 1);
    start();

    cr_assert_eq(turn(), 0, "%s", err.message);

    cr_expect_eq(counts.not_sent.kind, NR_ERR_UNAVAILABLE);
    cr_expect_eq(counts.n_by_verdict[FCM_PENDING], 2);
    for (int i = 0; i < 2; i++) {
        cr_expect_eq(batch.items[i].fate, BATCH_AGAIN);
        cr_expect_geq(batch.items[i].wait_ms, 10000, "FCM's own floor");
    }
    cr_expect_str_eq(ledger(), "a retry, b retry");
}

/* As long as the sandbox lives, what it has sent is known to be sent. */
Test(round, pays_its_debt_before_it_sends)
{
    start();
    break_the_ledger();
    cr_assert_eq(turn(), 0, "%s", err.message);
    cr_expect_neq(counts.not_written.kind, NR_ERR_NONE);
    cr_expect_eq(sandbox.debt.n, 2);
    cr_expect_str_eq(ledger(), "a claimed, b claimed");
    mend_the_ledger();
    begin_again();

    cr_assert_eq(turn(), 0, "%s", err.message);

    cr_expect_eq(sandbox.debt.n, 0);
    cr_expect_str_eq(ledger(), "a sent, b sent");
    cr_expect(batch.items[0].fate == BATCH_DONE && batch.items[1].fate == BATCH_DONE);
    cr_expect_eq(push_stage_calls(), 2, "sent again");
}

Test(round, sends_nothing_while_it_is_in_debt_and_gives_up_what_no_waiting_mends)
{
    start();
    batch.items[1].fate = BATCH_DONE;
    break_the_ledger();
    cr_assert_eq(turn(), 0, "%s", err.message);
    begin_again();

    cr_expect_eq(turn(), -1);

    cr_expect_eq(err.kind, NR_ERR_INVALID, "%s", err.message);
    cr_expect_eq(sandbox.debt.n, 0);
    cr_expect_eq(batch.items[1].fate, BATCH_OPEN);
    cr_expect_eq(push_stage_calls(), 1);
}

/* Until then nobody else sends; from then on somebody must. */
Test(round, brings_back_what_is_not_written_when_its_claim_has_run_out)
{
    start();
    break_the_ledger();
    cr_assert_eq(turn(), 0, "%s", err.message);

    cr_expect(batch.items[0].fate == BATCH_AGAIN && batch.items[1].fate == BATCH_AGAIN);
    cr_expect_gt(batch.items[0].wait_ms, TIME_MS, "the claim outlives the invocation");
    cr_expect_leq(batch.items[0].wait_ms, TIME_MS + 5000);
    cr_expect_str_eq(push_stage_text("select bool_and(claimable_at between first_at + interval '20 s' and "
                                     "first_at + interval '25 s')::text from narae_push.send"),
                     "true");
}
