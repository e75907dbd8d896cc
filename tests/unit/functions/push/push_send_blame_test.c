#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "tests/support/push_send_stage.h"

TestSuite(push_send_blame, .init = push_send_stage_init, .fini = push_stage_done, .timeout = 60);

static const char *device(int id)
{
    char sql[128];

    snprintf(sql, sizeof(sql),
             "select concat_ws(' ', status, inactive_reason) from narae_push.device where device_id = %d",
             id);
    return push_stage_text(sql);
}

/* The payload reached another device of the same platform: it cannot be the payload. */
Test(push_send_blame, blames_a_registration_by_evidence)
{
    push_stage_fcm((struct h2_server_rule){H2_SERVER_STATUS, 1, 1, 400});
    push_stage_start(&push_send_handler);

    push_send_stage_expect_reply(EVENT(RECORD("1", TO_BOTH)), REPLY());

    cr_expect_str_eq(
        test_database_text(&push_stage_database,
                           "select string_agg(concat_ws(' ', d.status, d.inactive_reason, s.state, "
                           "s.verdict), ', ' order by d.status) from narae_push.send s join "
                           "narae_push.device d using (device_id)"),
        "active sent sent, inactive invalid_registration skipped invalid_registration");
    cr_expect_eq(push_stage_calls(), 2);
}

Test(push_send_blame, blames_a_registration_that_a_harmless_probe_cannot_reach_either)
{
    push_stage_fcm((struct h2_server_rule){H2_SERVER_STATUS, 1, 2, 400});
    push_stage_start(&push_send_handler);

    push_send_stage_expect_reply(EVENT(RECORD("1", TO_17)), REPLY());

    cr_expect_str_eq(device(1), "inactive invalid_registration");
    cr_expect_eq(push_stage_calls(), 2);
}

Test(push_send_blame, blames_the_payload_when_a_harmless_probe_gets_through)
{
    push_stage_fcm((struct h2_server_rule){H2_SERVER_STATUS, 1, 1, 400});
    push_stage_start(&push_send_handler);

    push_send_stage_expect_reply(EVENT(RECORD("1", TO_17)), REPLY(FAILED("1")));

    cr_expect_str_eq(device(1), "active");
    cr_expect_str_eq(push_send_stage_trail(), "a 1 failed invalid_payload 1");
    /* On its way to the dead-letter queue FCM is not asked again. */
    push_send_stage_expect_reply(EVENT(RECORD("1", TO_17)), REPLY(FAILED("1")));
    cr_expect_eq(push_stage_calls(), 2);
}

/* As when a payload that only some servers refuse, or the key of another project, is rolled out. */
Test(push_send_blame, deactivates_nobody_when_too_many_are_blamed_at_once)
{
    test_database_run(
        &push_stage_database,
        "insert into narae_push.device (user_id, kind, platform, registration, registration_hash) "
        "select '17', 'token', 'android', 'hush-x' || i, sha256(i::text::bytea) "
        "from generate_series(1, 15) as i");
    push_stage_fcm((struct h2_server_rule){H2_SERVER_STATUS, 1, 12, 400});
    push_stage_start(&push_send_handler);

    push_send_stage_expect_reply(EVENT(RECORD("1", TO_17)), REPLY(FAILED("1")));

    push_send_stage_expect_line(0, "\"ERROR\"", "\"verdict\":\"stopped\",\"sends\":12,\"hint\":\"");
    cr_expect_str_eq(push_stage_text("select count(*) from narae_push.device where status = 'inactive'"),
                     "0");
    cr_expect_str_eq(push_stage_text("select string_agg(distinct state || ' ' || verdict, ', ') from "
                                     "narae_push.send"),
                     "failed stopped, sent sent");
}
