#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "tests/support/log_capture.h"
#include "tests/support/search_log_stage.h"

TestSuite(search_log_secrets, .init = search_log_stage_init, .fini = search_log_stage_done, .timeout = 120);

static const char *const secrets[] = {"010-1234-5678",       "01098765432",      "900101-1234567",
                                      "4111-1111-1111-1111", "5555555555554444", "hong@example.com",
                                      "110-123-456789"};

static void check_secrets(const char *text, const char *what)
{
    for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
        cr_expect_null(strstr(text, secrets[i]), "%s is in the %s: %s", secrets[i], what, text);
}

/* Every member that takes a text, one after the other. */
Test(search_log_secrets, lets_no_secret_through_in_any_member)
{
    static const char *const members[] = {
        "\"event_id\":\"%s\"",
        "\"application\":\"%s\"",
        "\"query_id\":\"%s\"",
        "\"client_id\":\"%s\"",
        "\"session_id\":\"%s\"",
        "\"user_id\":\"%s\"",
        "\"user_query\":\"전화 %s 입니다\"",
        "\"lang\":\"%s\"",
        "\"sort\":\"%s\"",
        "\"error\":\"%s\"",
        "\"filters\":{\"a\":\"%s\"}",
        "\"filters\":{\"a\":[\"x\",\"%s\"]}",
        "\"query_attributes\":{\"a\":\"x\\n%s\"}",
        "\"object_id_field\":\"%s\"",
        "\"query_response_id\":\"%s\"",
        "\"query_response_hit_ids\":[\"%s\"]",
        "\"message\":\"%s\"",
        "\"message_type\":\"%s\"",
        "\"action_name\":\"%s\",\"timestamp\":\"2026-01-01T00:00:00Z\"",
        "\"event_attributes\":{\"object\":{\"object_id\":\"%s\",\"object_id_type\":\"a\"}}",
        "\"page\":\"%s\"",
        "\"no_such\":\"%s\"",
        "\"event_attributes\":{\"object\":{\"internal_id\":\"%s\"},\"note\":\"%s\"}",
        "\"timestamp\":\"%s\"",
        "\"opt_out\":\"%s\"",
        "\"filters\":{\"%s\":1}",
        "\"event_attributes\":{\"object\":{\"object_id_type\":\"%s\"}}",
        "\"%s\":1",
    };
    char *log;

    search_log_stage_start(&(struct kinesis_options){0});
    for (size_t m = 0; m < sizeof(members) / sizeof(members[0]); m++)
        for (size_t s = 0; s < sizeof(secrets) / sizeof(secrets[0]); s++) {
            /* Plain numbers are names of things where programs write them; see privacy.h. */
            bool is_number = strspn(secrets[s], "0123456789") == strlen(secrets[s]) && secrets[s][0] != '0';
            bool is_account = s == 6;
            bool is_key = !strstr(members[m], "user_query") && !strstr(members[m], "filters") &&
                          !strstr(members[m], "attributes\":{\"a") && !strstr(members[m], "message") &&
                          !strstr(members[m], "action") && !strstr(members[m], "error");

            if (is_key && (is_number || is_account))
                continue;
            nr_buf_reset(&search_log_stage_event);
            nr_buf_add_text(&search_log_stage_event,
                            strstr(members[m], "user_query") ? "{" : "{\"user_query\":\"x\",");
            for (const char *at = members[m]; *at; at++) {
                if (at[0] == '%' && at[1] == 's') {
                    nr_buf_add_text(&search_log_stage_event, secrets[s]);
                    at++;
                } else {
                    nr_buf_add_char(&search_log_stage_event, *at);
                }
            }
            nr_buf_add_char(&search_log_stage_event, '}');
            if (search_log_stage_invoke(nr_buf_text(&search_log_stage_event), SEARCH_LOG_STAGE_TIMEOUT_MS) !=
                0)
                check_secrets(search_log_stage_err.message, "error");
            else
                check_secrets(nr_buf_text(&search_log_stage_reply), "reply");
        }
    search_log_stage_stop();
    cr_assert_gt(search_log_stage_journal.n_records, 80);
    check_secrets(search_log_stage_journal.rows, "stream");
    check_secrets(search_log_stage_journal.keys, "keys");
    log = log_capture_take();
    check_secrets(log, "log");
    free(log);
}
