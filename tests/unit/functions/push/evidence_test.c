#include <stdio.h>

#include <criterion/criterion.h>

#include "functions/push/evidence.h"

enum { N_SENDS = 64 };

static struct plan_send sends[N_SENDS];
static struct plan plan = {.sends = sends, .n_messages = 2};
static uint8_t verdicts[N_SENDS];
static size_t probes[EVIDENCE_PROBES_MAX];
static size_t n_probes;
static struct nr_err err;

static void add(size_t message, enum plan_platform platform, enum fcm_verdict verdict)
{
    size_t i = plan.n_sends++;

    sends[i] = (struct plan_send){.message = message, .device_id = (int64_t)i + 1, .platform = platform};
    verdicts[i] = (uint8_t)verdict;
}

static void weigh(void)
{
    cr_assert_eq(evidence_weigh(&plan, verdicts, probes, &n_probes, &err), 0, "%s", err.message);
}

Test(evidence, blames_the_registration_when_the_payload_reached_another_one)
{
    add(0, PLAN_ANDROID, FCM_INVALID_ARGUMENT);
    add(0, PLAN_ANDROID, FCM_SENT);

    weigh();

    cr_expect_eq(verdicts[0], FCM_INVALID_REGISTRATION);
    cr_expect_eq(n_probes, 0);
}

Test(evidence, does_not_take_another_platform_or_message_for_evidence)
{
    add(0, PLAN_IOS, FCM_INVALID_ARGUMENT);
    add(0, PLAN_ANDROID, FCM_SENT);
    add(1, PLAN_IOS, FCM_SENT);

    weigh();

    cr_expect_eq(verdicts[0], FCM_INVALID_ARGUMENT);
    cr_assert_eq(n_probes, 1);
    cr_expect_eq(probes[0], 0);
}

Test(evidence, blames_the_payload_of_a_topic)
{
    add(0, PLAN_ANY, FCM_INVALID_ARGUMENT);
    sends[0].device_id = 0;

    weigh();

    cr_expect_eq(verdicts[0], FCM_INVALID_PAYLOAD);
    cr_expect_eq(n_probes, 0);
}

Test(evidence, leaves_other_verdicts_alone)
{
    for (int v = 0; v < FCM_N_VERDICTS; v++)
        add(0, PLAN_ANDROID, (enum fcm_verdict)v);

    weigh();

    for (int v = 0; v < FCM_N_VERDICTS; v++)
        cr_expect_eq(verdicts[v], v == FCM_INVALID_ARGUMENT ? FCM_INVALID_REGISTRATION : v);
}

Test(evidence, asks_few_probes_however_much_is_open)
{
    for (int i = 0; i < N_SENDS; i++)
        add(0, PLAN_WEB, FCM_INVALID_ARGUMENT);

    weigh();

    cr_expect_eq(n_probes, EVIDENCE_PROBES_MAX);
    cr_expect_eq(verdicts[N_SENDS - 1], FCM_INVALID_ARGUMENT);
}

Test(evidence, probes_the_same_target_with_a_payload_that_cannot_be_wrong)
{
    struct nr_view body[PLAN_BODY_PARTS];
    char text[256];
    const struct plan_send send = {
        .body = {NR_VIEW("{\"message\":{\"fid\":"), NR_VIEW("\"r\""), NR_VIEW(",\"data\":{}}}")}};

    evidence_probe(&send, body);

    snprintf(text, sizeof(text), "%.*s%.*s%.*s", NR_VIEW_ARG(body[0]), NR_VIEW_ARG(body[1]),
             NR_VIEW_ARG(body[2]));
    cr_expect_str_eq(
        text, "{\"message\":{\"fid\":\"r\",\"notification\":{\"title\":\"-\"}},\"validate_only\":true}");
}

Test(evidence, concludes_from_a_probe)
{
    static const struct {
        enum fcm_verdict of_probe, of_send;
    } rows[] = {
        {FCM_SENT, FCM_INVALID_PAYLOAD},
        {FCM_INVALID_ARGUMENT, FCM_INVALID_REGISTRATION},
        {FCM_INVALID_REGISTRATION, FCM_INVALID_REGISTRATION},
        {FCM_UNREGISTERED, FCM_UNREGISTERED},
        {FCM_APNS_UNREGISTERED, FCM_APNS_UNREGISTERED},
        {FCM_SENDER_ID_MISMATCH, FCM_SENDER_ID_MISMATCH},
        {FCM_PENDING, FCM_INVALID_ARGUMENT},
        {FCM_UNAVAILABLE, FCM_INVALID_ARGUMENT},
        {FCM_QUOTA_EXCEEDED, FCM_INVALID_ARGUMENT},
        {FCM_UNAUTHENTICATED, FCM_INVALID_ARGUMENT},
        {FCM_WRONG_ENDPOINT, FCM_INVALID_ARGUMENT},
        {FCM_INVALID_PAYLOAD, FCM_INVALID_ARGUMENT},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        cr_expect_eq(evidence_conclude(rows[i].of_probe), rows[i].of_send, "%s",
                     fcm_meaning(rows[i].of_probe)->name);
}
