#include <stdlib.h>

#include <narae/json.h>

#include "functions/push/plan.h"

enum { TAIL_MAX_BYTES = 1024 * 1024 /* no larger than the SQS message that it came in */ };

/* The piece before the target, indexed by what the target is. */
static const struct nr_view head_token = {"{\"message\":{\"token\":", sizeof("{\"message\":{\"token\":") - 1};
static const struct nr_view head_fid = {"{\"message\":{\"fid\":", sizeof("{\"message\":{\"fid\":") - 1};
static const struct nr_view head_topic = {"{\"message\":{\"topic\":", sizeof("{\"message\":{\"topic\":") - 1};
static const struct nr_view head_condition = {"{\"message\":{\"condition\":",
                                              sizeof("{\"message\":{\"condition\":") - 1};

static bool is_named(const struct push_message *message)
{
    return message->target == PUSH_TO_TOPIC || message->target == PUSH_TO_CONDITION;
}

/* `,"notification":{...}}` and what closes the request. */
static int write_tail(const struct push_message *message, struct nr_buf *tail, struct nr_err *err)
{
    nr_buf_init(tail, TAIL_MAX_BYTES);
    if (nr_json_dump(message->message, tail, err) != 0)
        return -1;
    /* The opening brace gives way to the comma behind the target; an empty object has nothing to separate. */
    if (json_object_size(message->message))
        tail->data[0] = ',';
    else
        nr_buf_reset(tail), nr_buf_add_char(tail, '}');
    nr_buf_add_text(tail, message->is_validate_only ? ",\"validate_only\":true}" : "}");
    return nr_buf_check(tail, "message", err);
}

static void add_device(struct plan *plan, const struct plan_device *device)
{
    plan->sends[plan->n_sends++] = (struct plan_send){
        .message = device->message,
        .device_id = device->device_id,
        .version = device->version,
        .body = {device->is_fid ? head_fid : head_token, device->registration,
                 nr_buf_view(&plan->tails[device->message])},
    };
}

static void add_named(struct plan *plan, size_t index, const struct push_message *message)
{
    size_t at = plan->names.len;

    nr_buf_add_json_text(&plan->names, message->name);
    plan->sends[plan->n_sends++] = (struct plan_send){
        .message = index,
        .body = {message->target == PUSH_TO_TOPIC ? head_topic : head_condition,
                 /* An offset for now: the buffer moves while it grows. */
                 nr_view_n((const char *)at, plan->names.len - at), nr_buf_view(&plan->tails[index])},
    };
}

/* Now that no more names come, offsets become pointers. */
static void settle_names(struct plan *plan, const struct push_message *messages)
{
    for (size_t i = 0; i < plan->n_sends; i++) {
        struct plan_send *send = &plan->sends[i];

        if (is_named(&messages[send->message]))
            send->body[1].ptr = plan->names.data + (size_t)send->body[1].ptr;
    }
}

static int fill(const struct push_message *messages, const bool *is_skipped,
                const struct plan_device *devices, size_t n_devices, struct plan *plan, struct nr_err *err)
{
    for (size_t i = 0; i < plan->n_messages; i++)
        if (!is_skipped[i] && write_tail(&messages[i], &plan->tails[i], err) != 0)
            return -1;
    for (size_t i = 0; i < n_devices; i++)
        if (!is_skipped[devices[i].message])
            add_device(plan, &devices[i]);
    for (size_t i = 0; i < plan->n_messages; i++)
        if (!is_skipped[i] && is_named(&messages[i]))
            add_named(plan, i, &messages[i]);
    settle_names(plan, messages);
    return nr_buf_check(&plan->names, "topics", err);
}

int plan_make(const struct push_message *messages, const bool *is_skipped, size_t n_messages,
              const struct plan_device *devices, size_t n_devices, struct plan *out, struct nr_err *err)
{
    struct plan plan = {.n_messages = n_messages};

    plan.sends = calloc(n_devices + n_messages + 1, sizeof(*plan.sends));
    plan.tails = calloc(n_messages + 1, sizeof(*plan.tails));
    nr_buf_init(&plan.names, NR_ERR_MESSAGE_MAX_BYTES * (n_messages + 1) * 8);
    if (!plan.sends || !plan.tails) {
        plan_done(&plan);
        return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.OutOfMemory", "no memory to plan %zu sends",
                          n_devices);
    }
    if (fill(messages, is_skipped, devices, n_devices, &plan, err) != 0) {
        plan_done(&plan);
        return -1;
    }
    *out = plan;
    return 0;
}

void plan_done(struct plan *plan)
{
    for (size_t i = 0; plan->tails && i < plan->n_messages; i++)
        nr_buf_done(&plan->tails[i]);
    free(plan->tails);
    free(plan->sends);
    nr_buf_done(&plan->names);
    *plan = (struct plan){0};
}
