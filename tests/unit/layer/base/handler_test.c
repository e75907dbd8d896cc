#include <stddef.h>
#include <stdio.h>
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

/* --- replies in pieces */

struct seen {
    struct nr_stream base;
    int n_sent;
    char text[64];
    bool is_gone;
};

static int take_piece(struct nr_stream *base, const char *content_type, struct nr_view a, struct nr_view b,
                      struct nr_err *err)
{
    struct seen *seen = (struct seen *)(void *)base;

    if (seen->is_gone)
        return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.StreamClosed", "gone");
    seen->n_sent++;
    snprintf(seen->text, sizeof(seen->text), "%s|%.*s|%.*s", content_type, (int)a.len, a.ptr, (int)b.len,
             b.ptr);
    return 0;
}

#define STREAMED_REPLY                                                                                       \
    struct nr_err err = {0};                                                                                 \
    NR_BUF_AUTO body = {.max_bytes = 1000};                                                                  \
    struct seen seen = {.base = {.send = take_piece}};                                                       \
    struct nr_reply reply = {.struct_bytes = sizeof(reply), .body = &body, .stream = &seen.base}

Test(handler, stream_sends_nothing_before_the_first_write)
{
    STREAMED_REPLY;

    cr_assert_eq(nr_reply_stream(&reply, NULL, &err), 0);
    cr_assert_eq(seen.n_sent, 0);
    cr_assert_eq(nr_reply_write(&reply, NR_VIEW("x"), &err), 0);
    cr_assert_str_eq(seen.text, "application/octet-stream||x");
}

Test(handler, stream_http_puts_the_prelude_in_front_once)
{
    STREAMED_REPLY;
    json_t *prelude = json_pack("{s:i}", "statusCode", 200);

    cr_assert_eq(nr_reply_stream_http(&reply, prelude, &err), 0);
    cr_assert_eq(body.len, strlen("{\"statusCode\":200}") + 8);
    cr_assert_eq(nr_reply_write(&reply, NR_VIEW("x"), &err), 0);
    cr_assert_eq(body.len, 0u);
    json_decref(prelude);
}

Test(handler, stream_http_wants_an_object)
{
    STREAMED_REPLY;
    json_t *prelude = json_array();

    cr_assert_eq(nr_reply_stream_http(&reply, prelude, &err), -1);
    cr_assert_eq(err.kind, NR_ERR_INVALID);
    cr_assert_str_eq(err.message, "the prelude is not an object");
    cr_assert_not(seen.base.is_begun);
    json_decref(prelude);
}

Test(handler, stream_begins_once_and_is_not_replaced)
{
    STREAMED_REPLY;
    struct nr_err again = {0};

    cr_assert_eq(nr_reply_stream(&reply, "text/plain", &err), 0);
    cr_assert_eq(nr_reply_stream(&reply, "text/plain", &err), -1);
    cr_assert_eq(err.kind, NR_ERR_BUG);
    cr_assert_str_eq(err.message, "the reply is being streamed already");
    cr_assert_eq(nr_reply_bytes(&reply, NR_VIEW("x"), NULL, &again), -1);
    cr_assert_str_eq(again.type, "Function.ReplyBegun");
}

Test(handler, write_wants_a_stream_that_was_begun)
{
    STREAMED_REPLY;

    cr_assert_eq(nr_reply_write(&reply, NR_VIEW("x"), &err), -1);
    cr_assert_eq(err.kind, NR_ERR_BUG);
    cr_assert_str_eq(err.type, "Function.StreamNotBegun");
}

Test(handler, write_says_that_the_caller_is_gone)
{
    STREAMED_REPLY;

    seen.is_gone = true;
    cr_assert_eq(nr_reply_stream(&reply, NULL, &err), 0);
    cr_assert_eq(nr_reply_write(&reply, NR_VIEW("x"), &err), -1);
    cr_assert_str_eq(err.type, "Function.StreamClosed");
}

/* A reply made by a runtime that knows nothing of streams ends before the member. */
Test(handler, stream_is_refused_where_the_runtime_has_none)
{
    STREAMED_REPLY;

    reply.struct_bytes = offsetof(struct nr_reply, stream);
    cr_assert_eq(nr_reply_stream(&reply, NULL, &err), -1);
    cr_assert_eq(err.kind, NR_ERR_INVALID);
    cr_assert_str_eq(err.message, "replies cannot be streamed here");
}
