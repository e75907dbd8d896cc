#include <string.h>

#include <criterion/criterion.h>

#include <narae/clock.h>
#include <narae/handler.h>
#include <narae/json.h>

#include "tests/support/fake_clock.h"

Test(handler, request_json_is_parsed_once)
{
    json_t *slot = NULL;
    json_t *first = NULL;
    json_t *second = NULL;
    struct nr_err err = {0};
    const struct nr_request request = {.event = nr_view("{\"a\":1}"), .json_slot = &slot};

    cr_assert_eq(nr_request_json(&request, &first, &err), 0);
    cr_assert_eq(nr_request_json(&request, &second, &err), 0);

    cr_assert_eq(first, second);
    cr_assert_eq(json_integer_value(json_object_get(first, "a")), 1);
    json_decref(slot);
}

Test(handler, request_json_says_what_is_wrong_with_the_event)
{
    json_t *slot = NULL;
    json_t *doc = NULL;
    struct nr_err err = {0};
    const struct nr_request request = {.event = nr_view("{\"a\""), .json_slot = &slot};

    cr_assert_eq(nr_request_json(&request, &doc, &err), -1);

    cr_assert_eq(err.kind, NR_ERR_INVALID);
    cr_assert_str_eq(err.message, "event: not JSON: line 1, column 4: ':' expected near end of file");
    cr_assert_null(doc);
}

Test(handler, left_follows_the_deadline)
{
    fake_clock_set(0, 1000);

    cr_assert_eq(nr_request_left_ms(&(struct nr_request){.deadline_mono_ms = 4000}), 3000);
    cr_assert_eq(nr_request_left_ms(&(struct nr_request){.deadline_mono_ms = NR_CLOCK_NEVER_MS}),
                 NR_CLOCK_NEVER_MS);
}

Test(handler, reply_json_replaces_what_was_there)
{
    struct nr_buf body;
    struct nr_reply reply = {.body = &body};
    struct nr_err err = {0};
    NR_JSON_AUTO *value = json_pack("{s:i}", "n", 1);
    nr_buf_init(&body, 100);

    cr_assert_eq(nr_reply_bytes(&reply, nr_view("old"), "text/plain", &err), 0);
    cr_assert_eq(nr_reply_json(&reply, value, &err), 0);

    cr_assert_str_eq(nr_buf_text(&body), "{\"n\":1}");
    cr_assert_str_eq(reply.content_type, "application/json");
    nr_buf_done(&body);
}

Test(handler, reply_refuses_a_content_type_that_is_no_header_value)
{
    char longest[129] = "";
    const char *const bad[] = {"a\r\nX: y", "caf\xC3\xA9", longest};
    struct nr_buf body;
    struct nr_reply reply = {.body = &body};
    nr_buf_init(&body, 100);
    memset(longest, 'x', sizeof(longest) - 1);

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct nr_err err = {0};

        cr_assert_eq(nr_reply_bytes(&reply, nr_view("x"), bad[i], &err), -1);
        cr_assert_str_eq(err.message, "content type must be at most 127 visible ASCII characters");
    }
    nr_buf_done(&body);
}

Test(handler, reply_over_the_cap_is_an_error)
{
    struct nr_buf body;
    struct nr_reply reply = {.body = &body};
    struct nr_err err = {0};
    nr_buf_init(&body, 3);

    cr_assert_eq(nr_reply_bytes(&reply, nr_view("abcd"), NULL, &err), -1);

    cr_assert_eq(err.kind, NR_ERR_INVALID);
    nr_buf_done(&body);
}
