/* Any bytes as a push message: refused with words, or made into requests that are JSON with one target. */
#include <stdlib.h>

#include <narae/json.h>

#include "functions/push/plan.h"
#include "functions/push/priority.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void is_request(const struct plan_send *send)
{
    static const char *const targets[] = {"token", "fid", "topic", "condition"};
    NR_BUF_AUTO text;
    NR_JSON_AUTO *doc = NULL;
    struct nr_err err = {0};
    int n_targets = 0;

    nr_buf_init(&text, 8 << 20);
    for (int i = 0; i < PLAN_BODY_PARTS; i++)
        nr_buf_add(&text, send->body[i]);
    if (nr_json_parse(nr_buf_view(&text), "request", &doc, &err) != 0)
        abort();
    for (int i = 0; i < 4; i++)
        n_targets += json_object_get(json_object_get(doc, "message"), targets[i]) != NULL;
    if (n_targets != 1)
        abort();
}

static void make_requests(const struct push_message *message)
{
    static const bool is_left_out = false;
    const struct plan_device devices[] = {{.device_id = 1, .registration = NR_VIEW("\"r\"")},
                                          {.device_id = 2, .is_fid = true, .registration = NR_VIEW("\"f\"")},
                                          {.device_id = 0}};
    bool is_named = message->target == PUSH_TO_TOPIC || message->target == PUSH_TO_CONDITION;
    struct plan plan = {0};
    struct nr_err err = {0};

    (void)priority_allows_delay(message->message);
    if (plan_make(message, &is_left_out, 1, is_named ? &devices[2] : devices, is_named ? 1 : 2, &plan,
                  &err) != 0)
        return; /* written again, it may be longer than a request may be */
    for (size_t i = 0; i < plan.n_sends; i++)
        is_request(&plan.sends[i]);
    plan_done(&plan);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct push_message message = {0};
    struct nr_err err = {0};

    if (push_message_parse(nr_view_n((const char *)data, size), 3, &message, &err) == 0)
        make_requests(&message);
    else if (!err.message[0])
        abort();
    push_message_done(&message);
    return 0;
}
