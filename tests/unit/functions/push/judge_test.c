#include <stdio.h>

#include <criterion/criterion.h>

#include <narae/clock.h>

#include "functions/push/judge.h"
#include "tests/support/h2_server.h"
#include "tests/support/test_pki.h"

enum { N_SENDS = 16, NEVER_PERCENT = 100 };

static struct test_pki pki;
static struct h2_server *fcm;
static struct plan_send sends[N_SENDS];
static struct plan plan = {.sends = sends, .n_messages = 1};
static struct delivery delivery;
static struct breaker breaker;
static struct nr_err err;

static void set_up(void)
{
    test_pki_init(&pki);
}

static void tear_down(void)
{
    nr_h2_free(delivery.means.h2);
    if (fcm)
        h2_server_stop(fcm, &(struct h2_server_journal){0});
    delivery_done(&delivery);
    test_pki_done(&pki);
}

TestSuite(judge, .init = set_up, .fini = tear_down, .timeout = 30);

/* One send for each verdict, to devices of one platform. */
static void deliver(const enum fcm_verdict *verdicts, size_t n)
{
    plan.n_sends = n;
    for (size_t i = 0; i < n; i++)
        sends[i] = (struct plan_send){.device_id = (int64_t)i + 1, .body = {NR_VIEW("{"), NR_VIEW("\"r\"")}};
    cr_assert_eq(delivery_init(&delivery, &plan, "narae-test", &err), 0, "%s", err.message);
    for (size_t i = 0; i < n; i++)
        delivery.verdicts[i] = (uint8_t)verdicts[i];
    delivery.means.deadline_mono_ms = NR_CLOCK_NEVER_MS;
}

#define DELIVER(...)                                                                                         \
    deliver((const enum fcm_verdict[]){__VA_ARGS__},                                                         \
            sizeof((const enum fcm_verdict[]){__VA_ARGS__}) / sizeof(enum fcm_verdict))

/* FCM, for probes: answers 200, or as the rule says. */
static void connect_to(int port)
{
    char origin[64];

    snprintf(origin, sizeof(origin), "https://127.0.0.1:%d", port);
    cr_assert_eq(nr_h2_new(&(struct nr_h2_options){.origin = origin}, &delivery.means.h2, &err), 0, "%s",
                 err.message);
}

static void start_fcm(struct h2_server_rule rule)
{
    fcm = h2_server_start(&(struct h2_server_options){.pki_dir = pki.dir, .rules = {rule}});
    connect_to(h2_server_port(fcm));
}

static int n_probes(void)
{
    static struct h2_server_journal journal;

    h2_server_stop(fcm, &journal);
    fcm = NULL;
    return journal.n_requests;
}

Test(judge, goes_by_evidence_before_it_asks)
{
    DELIVER(FCM_INVALID_ARGUMENT, FCM_SENT); /* and there is nobody whom it could ask */

    cr_expect_not(judge_verdicts(&delivery, &breaker, NEVER_PERCENT));

    cr_expect_eq(delivery.verdicts[0], FCM_INVALID_REGISTRATION);
    cr_expect_eq(delivery.verdicts[1], FCM_SENT);
}

Test(judge, asks_with_a_probe_what_evidence_leaves_open)
{
    DELIVER(FCM_INVALID_ARGUMENT, FCM_UNAVAILABLE, FCM_INVALID_ARGUMENT);
    start_fcm((struct h2_server_rule){H2_SERVER_STATUS, 1, 1, 400});

    cr_expect_not(judge_verdicts(&delivery, &breaker, NEVER_PERCENT));

    cr_expect_eq(delivery.verdicts[0], FCM_INVALID_REGISTRATION, "the harmless payload was refused as well");
    cr_expect_eq(delivery.verdicts[1], FCM_UNAVAILABLE);
    cr_expect_eq(delivery.verdicts[2], FCM_INVALID_PAYLOAD, "the harmless payload got through");
    cr_expect_eq(n_probes(), 2);
}

Test(judge, leaves_a_question_open_that_nobody_answers)
{
    DELIVER(FCM_INVALID_ARGUMENT);
    connect_to(1);

    cr_expect_not(judge_verdicts(&delivery, &breaker, NEVER_PERCENT));

    cr_expect_eq(delivery.verdicts[0], FCM_INVALID_ARGUMENT);
    cr_expect_eq(breaker.n_blamed, 0);
}

Test(judge, counts_what_was_answered)
{
    DELIVER(FCM_SENT, FCM_SENDER_ID_MISMATCH, FCM_UNREGISTERED, FCM_UNAVAILABLE, FCM_PENDING, FCM_NO_ANSWER);

    cr_expect_not(judge_verdicts(&delivery, &breaker, NEVER_PERCENT));

    cr_expect_eq(breaker.n_answered, 4);
    cr_expect_eq(breaker.n_blamed, 1, "UNREGISTERED is FCM's own word");
}

#define FIVE(verdict) verdict, verdict, verdict, verdict, verdict

Test(judge, believes_no_blame_when_the_breaker_opens)
{
    DELIVER(FIVE(FCM_SENDER_ID_MISMATCH), FIVE(FCM_APNS_UNREGISTERED), FCM_SENT, FCM_UNREGISTERED,
            FCM_INVALID_ARGUMENT);

    cr_expect(judge_verdicts(&delivery, &breaker, 20));

    for (size_t i = 0; i < 10; i++)
        cr_expect_eq(delivery.verdicts[i], FCM_STOPPED, "send %zu", i);
    cr_expect_eq(delivery.verdicts[10], FCM_SENT);
    cr_expect_eq(delivery.verdicts[11], FCM_UNREGISTERED);
    cr_expect_eq(delivery.verdicts[12], FCM_STOPPED, "blamed by evidence, and not believed");
}

Test(judge, remembers_what_earlier_deliveries_brought)
{
    breaker = (struct breaker){.n_answered = 40, .n_blamed = 12};
    DELIVER(FCM_SENDER_ID_MISMATCH, FCM_SENT);

    cr_expect(judge_verdicts(&delivery, &breaker, 20));

    cr_expect_eq(delivery.verdicts[0], FCM_STOPPED);
}

Test(judge, has_nothing_to_stop_where_nobody_is_blamed)
{
    breaker = (struct breaker){.n_answered = 40, .n_blamed = 12};
    DELIVER(FCM_SENT, FCM_UNREGISTERED);

    cr_expect_not(judge_verdicts(&delivery, &breaker, 20));

    cr_expect_eq(delivery.verdicts[1], FCM_UNREGISTERED);
}
