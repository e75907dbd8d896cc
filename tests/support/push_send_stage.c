#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "tests/support/push_send_stage.h"

void push_send_stage_init(void)
{
    push_stage_init();
    setenv("NARAE_PUSH_SPARE_QUARTERS", "off", 1);
    test_database_run(&push_stage_database,
                      "insert into narae_push.device (user_id, kind, platform, registration, "
                      "registration_hash) select u, 'token', 'android', 'hush-' || u, "
                      "sha256(u::bytea) from unnest(array['17', '18', '18b']) as u");
}

void push_send_stage_expect_reply_within(const char *event, int64_t ms, const char *wanted)
{
    push_stage_time_ms = ms;
    cr_expect_eq(push_stage_invoke(&push_send_handler, event), 0, "%s", push_stage_err.message);
    cr_expect_str_eq(nr_buf_text(&push_stage_reply), wanted);
}

void push_send_stage_expect_reply(const char *event, const char *wanted)
{
    push_send_stage_expect_reply_within(event, 30000, wanted);
}

const char *push_send_stage_line(int line)
{
    static char text[65536];
    const char *at = push_stage_log();

    while (line-- > 0 && (at = strchr(at, '\n')))
        at++;
    snprintf(text, sizeof(text), "%.*s", at ? (int)strcspn(at, "\n") : 0, at ? at : "");
    return text;
}

void push_send_stage_expect_line(int line, const char *level, const char *part)
{
    const char *text = push_send_stage_line(line);

    cr_expect(strstr(text, level) && strstr(text, part), "line %d: %s\nwanted %s %s", line, text, level,
              part);
}

void push_send_stage_expect_one_line(const char *level, const char *part)
{
    push_send_stage_expect_line(0, level, part);
    push_send_stage_expect_line(1, "\"INFO\"", "\"message\":\"batch done\"");
    push_send_stage_expect_line(2, "\"INFO\"", "\"Namespace\":\"Narae/Push\"");
    cr_expect_str_eq(push_send_stage_line(3), "");
}

const char *push_send_stage_trail(void)
{
    return push_stage_text(
        "select coalesce(string_agg(concat_ws(' ', message_id, device_id, state, verdict, attempts), ', ' "
        "order by message_id, device_id), '') from narae_push.trail");
}
