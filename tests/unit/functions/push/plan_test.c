#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include <narae/json.h>

#include "functions/push/plan.h"

#define APNS_KEY(id) "\"apns\":{\"headers\":{\"apns-collapse-id\":\"" id "\"}}"
#define KEYS(id)                                                                                             \
    ",\"android\":{\"notification\":{\"tag\":\"" id                                                          \
    "\"}}," APNS_KEY(id) ",\"webpush\":{\"notification\":{\"tag\":\"" id "\"}}"

enum { N = 4 };

static struct push_message messages[N];
static bool is_skipped[N];
static struct plan plan;
static struct nr_err err;

static void message(size_t i, const char *to, const char *rest)
{
    char body[1024];

    snprintf(body, sizeof(body), "{\"id\":\"m%zu\",\"to\":%s,%s}", i, to, rest);
    cr_assert_eq(push_message_parse(nr_view(body), i, &messages[i], &err), 0, "%s", err.message);
}

static void make(const struct plan_device *devices, size_t n_devices)
{
    cr_assert_eq(plan_make(messages, is_skipped, N, devices, n_devices, &plan, &err), 0, "%s", err.message);
}

static const char *body_of(size_t send)
{
    static char out[2048];
    size_t at = 0;

    for (int i = 0; i < PLAN_BODY_PARTS; i++)
        at += (size_t)snprintf(out + at, sizeof(out) - at, "%.*s", NR_VIEW_ARG(plan.sends[send].body[i]));
    return out;
}

static void set_up(void)
{
    for (size_t i = 0; i < N; i++)
        is_skipped[i] = true;
}

static void tear_down(void)
{
    plan_done(&plan);
    for (size_t i = 0; i < N; i++)
        push_message_done(&messages[i]);
}

TestSuite(plan, .init = set_up, .fini = tear_down);

static struct plan_device device(size_t message_index, int64_t id, bool is_fid, const char *json)
{
    return (struct plan_device){.message = message_index,
                                .device_id = id,
                                .version = id + 100,
                                .is_fid = is_fid,
                                .registration = nr_view(json)};
}

Test(plan, puts_the_registration_between_shared_parts)
{
    message(0, "{\"users\":[\"17\"]}",
            "\"message\":{\"notification\":{\"title\":\"caf\xC3\xA9\"},\"x\":[1,null]}");
    is_skipped[0] = false;
    const struct plan_device devices[] = {device(0, 5, false, "\"tok:5\""), device(0, 6, true, "\"f\\\"6\"")};

    make(devices, 2);

    cr_assert_eq(plan.n_sends, 2);
    cr_expect_eq(plan.sends[0].message, 0);
    cr_expect_eq(plan.sends[0].device_id, 5);
    cr_expect_eq(plan.sends[0].version, 105);
    cr_expect_str_eq(
        body_of(0),
        "{\"message\":{\"token\":\"tok:5\",\"notification\":{\"title\":\"caf\xC3\xA9\"},\"x\":[1,null]" KEYS(
            "m0") "}}");
    cr_expect_str_eq(
        body_of(1),
        "{\"message\":{\"fid\":\"f\\\"6\",\"notification\":{\"title\":\"caf\xC3\xA9\"},\"x\":[1,null]" KEYS(
            "m0") "}}");
    cr_expect_eq(plan.sends[0].body[2].ptr, plan.sends[1].body[2].ptr, "the message is written once");
}

Test(plan, sends_once_to_a_topic_or_condition)
{
    message(0, "{\"topic\":\"news\"}", "\"message\":{\"data\":{\"k\":\"v\"}}");
    message(1, "{\"condition\":\"'a\\\"' in topics\"}",
            "\"message\":{\"data\":{\"k\":\"v\"}},\"validate_only\":true");
    is_skipped[0] = is_skipped[1] = false;
    const struct plan_device named[] = {device(0, 0, false, ""), device(1, 0, false, "")};

    make(named, 2);

    cr_assert_eq(plan.n_sends, 2);
    cr_expect_eq(plan.sends[1].message, 1);
    cr_expect_eq(plan.sends[1].device_id, 0);
    cr_expect_str_eq(body_of(0),
                     "{\"message\":{\"topic\":\"news\",\"data\":{\"k\":\"v\"}," APNS_KEY("m0") "}}");
    cr_expect_str_eq(body_of(1),
                     "{\"message\":{\"condition\":\"'a\\\"' in topics\",\"data\":{\"k\":\"v\"}," APNS_KEY(
                         "m1") "},"
                               "\"validate_only\":true}");
}

Test(plan, writes_an_empty_message_and_validate_only)
{
    message(0, "{\"users\":[\"1\"]}", "\"message\":{}");
    message(1, "{\"users\":[\"1\"]}", "\"message\":{},\"validate_only\":true");
    message(2, "{\"topic\":\"t\"}", "\"message\":{}");
    is_skipped[0] = is_skipped[1] = is_skipped[2] = false;
    const struct plan_device devices[] = {device(0, 1, false, "\"a\""), device(1, 1, false, "\"a\""),
                                          device(2, 0, false, "")};

    make(devices, 3);

    cr_expect_str_eq(body_of(0), "{\"message\":{\"token\":\"a\"," APNS_KEY("m0") "}}");
    cr_expect_str_eq(body_of(1), "{\"message\":{\"token\":\"a\"," APNS_KEY("m1") "},\"validate_only\":true}");
    cr_expect_str_eq(body_of(2), "{\"message\":{\"topic\":\"t\"," APNS_KEY("m2") "}}");
}

Test(plan, leaves_skipped_messages_out)
{
    message(0, "{\"topic\":\"t\"}", "\"message\":{}");
    message(1, "{\"users\":[\"1\"]}", "\"message\":{}");
    const struct plan_device devices[] = {device(1, 1, false, "\"a\"")};

    make(devices, 1);

    cr_expect_eq(plan.n_sends, 0);
}

Test(plan, every_body_is_json)
{
    message(0, "{\"users\":[\"1\"]}", "\"message\":{\"n\":1e9,\"f\":0.1,\"s\":\"\\u0001\\ud83d\\ude00\"}");
    is_skipped[0] = false;
    const struct plan_device devices[] = {device(0, 1, false, "\"a\"")};
    NR_JSON_AUTO *doc = NULL;

    make(devices, 1);

    cr_assert_eq(nr_json_parse(nr_view(body_of(0)), "body", &doc, &err), 0, "%s", err.message);
    json_t *inner = json_object_get(doc, "message");
    cr_expect_float_eq(json_number_value(json_object_get(inner, "n")), 1e9, 0);
    cr_expect_float_eq(json_number_value(json_object_get(inner, "f")), 0.1, 0);
    cr_expect_str_eq(json_string_value(json_object_get(inner, "s")), "\x01\xF0\x9F\x98\x80");
}

/* One that did not fit would send the whole batch back, again and again. */
Test(plan, takes_the_message_that_grows_most)
{
    enum { SQS_MAX_BYTES = 1024 * 1024 };
    const struct plan_device devices[] = {device(0, 1, false, "\"a\"")};
    struct nr_buf body;

    nr_buf_init(&body, SQS_MAX_BYTES);
    nr_buf_add_text(&body, "{\"id\":\"m\",\"to\":{\"users\":[\"1\"]},\"message\":{\"x\":[0.1");
    while (body.len < SQS_MAX_BYTES - 8)
        nr_buf_add_text(&body, ",0.1"); /* becomes 0.10000000000000001 */
    nr_buf_add_text(&body, "]}}");
    cr_assert_eq(push_message_parse(nr_buf_view(&body), 0, &messages[0], &err), 0, "%s", err.message);
    is_skipped[0] = false;

    make(devices, 1);

    cr_expect_gt(plan.sends[0].body[2].len, 4 * SQS_MAX_BYTES);
    nr_buf_done(&body);
}
