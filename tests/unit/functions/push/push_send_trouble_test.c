#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "tests/support/push_send_stage.h"

TestSuite(push_send_trouble, .init = push_send_stage_init, .fini = push_stage_done, .timeout = 60);

Test(push_send_trouble, names_the_setting_when_the_password_is_wrong)
{
    char wrong[512];

    snprintf(wrong, sizeof(wrong), "postgresql://narae:hush%s", strchr(push_stage_database.uri, '@'));
    setenv("THE_DATABASE", wrong, 1);
    push_stage_start(&push_send_handler);

    push_send_stage_expect_reply(EVENT(RECORD("1", TO_17) "," RECORD("2", TO_18)),
                                 REPLY(FAILED("1") "," FAILED("2")));

    push_send_stage_expect_one_line("\"ERROR\"", "\"errorMessage\":\"NARAE_DATABASE: ");
    push_send_stage_expect_line(0, "\"errorKind\":\"denied\"", "\"messages\":2");
}

Test(push_send_trouble, recovers_when_the_password_was_rotated)
{
    char wrong[512];

    snprintf(wrong, sizeof(wrong), "postgresql://narae:hush%s", strchr(push_stage_database.uri, '@'));
    setenv("THE_DATABASE", wrong, 1);
    push_stage_start(&push_send_handler);
    push_send_stage_expect_reply(EVENT(RECORD("1", TO_17)), REPLY(FAILED("1")));
    setenv("THE_DATABASE", push_stage_database.uri, 1);

    push_send_stage_expect_reply(EVENT(RECORD("1", TO_17)), REPLY());
}

Test(push_send_trouble, names_the_setting_when_the_database_is_down)
{
    setenv("THE_DATABASE", "postgresql://narae:hush@127.0.0.1:1/none", 1);
    push_stage_start(&push_send_handler);

    push_send_stage_expect_reply(EVENT(RECORD("1", TO_17)), REPLY(FAILED("1")));

    push_send_stage_expect_one_line("\"errorKind\":\"unavailable\"", "\"errorMessage\":\"NARAE_DATABASE: ");
}

Test(push_send_trouble, names_the_host_when_fcm_cannot_be_reached)
{
    setenv("NARAE_FCM_ENDPOINT", "https://127.0.0.1:1", 1);
    push_stage_start(&push_send_handler);

    push_send_stage_expect_reply(EVENT(RECORD("1", TO_17) "," RECORD("2", TO_18)),
                                 REPLY(FAILED("1") "," FAILED("2")));

    push_send_stage_expect_one_line("\"ERROR\"", "127.0.0.1:1");
    push_send_stage_expect_line(0, "\"message\":\"pushes not sent\"", "refused");
}

Test(push_send_trouble, names_host_and_reason_when_the_certificate_is_expired)
{
    push_stage_fcm_as("expired", (struct h2_server_rule){0});
    push_stage_start(&push_send_handler);

    push_send_stage_expect_reply(EVENT(RECORD("1", TO_17) "," RECORD("2", TO_18)),
                                 REPLY(FAILED("1") "," FAILED("2")));

    push_send_stage_expect_one_line("\"errorKind\":\"denied\"", "127.0.0.1");
    push_send_stage_expect_line(0, "\"message\":\"pushes not sent\"", "expired");
}

Test(push_send_trouble, names_host_and_reason_when_the_certificate_is_not_trusted)
{
    push_stage_fcm_as("other", (struct h2_server_rule){0});
    push_stage_start(&push_send_handler);

    push_send_stage_expect_reply(EVENT(RECORD("1", TO_17)), REPLY(FAILED("1")));

    push_send_stage_expect_one_line("\"errorKind\":\"denied\"", "127.0.0.1");
    push_send_stage_expect_line(0, "\"message\":\"pushes not sent\"", "certificate");
}

Test(push_send_trouble, returns_what_fcm_had_no_room_for_and_says_why)
{
    push_stage_fcm((struct h2_server_rule){H2_SERVER_STATUS, 1, 1, 429});
    push_stage_start(&push_send_handler);

    push_send_stage_expect_reply(EVENT(RECORD("1", TO_17)), REPLY(FAILED("1")));
    push_send_stage_expect_one_line("\"WARN\"", "\"verdict\":\"quota_exceeded\",\"sends\":1,\"hint\":\"");

    /* FCM wants a minute of peace; what comes sooner is not sent, and does not get lost. */
    push_send_stage_expect_reply(EVENT(RECORD("1", TO_17)), REPLY(FAILED("1")));
    test_database_run(&push_stage_database,
                      "update narae_push.send set claimable_at = now() where claimable_at > now() + "
                      "interval '59 s' and attempts = 1 and verdict = 'quota_exceeded'");
    push_send_stage_expect_reply(EVENT(RECORD("1", TO_17)), REPLY());
}

Test(push_send_trouble, touches_no_device_when_the_project_is_wrong)
{
    push_stage_fcm((struct h2_server_rule){H2_SERVER_STATUS, 1, 99, 404});
    push_stage_start(&push_send_handler);

    push_send_stage_expect_reply(EVENT(RECORD("1", TO_17) "," RECORD("2", TO_18)),
                                 REPLY(FAILED("1") "," FAILED("2")));

    push_send_stage_expect_one_line("\"ERROR\"", "\"verdict\":\"wrong_endpoint\"");
    cr_expect_str_eq(push_stage_text("select count(*) from narae_push.device where status = 'active'"), "3");
}
