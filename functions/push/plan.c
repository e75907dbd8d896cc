#include <stdlib.h>

#include <narae/json.h>

#include "functions/push/collapse.h"
#include "functions/push/plan.h"

/* SQS takes 1 MiB; written again it may be five times as long, since a number such as 0.1 becomes
 * 0.10000000000000001. */
enum { TAIL_MAX_BYTES = 8 * 1024 * 1024 };

/* Indexed by enum push_target: a topic or a condition is the same for the whole message. */
static const char *const named_heads[] = {
    [PUSH_TO_TOPIC] = "{\"message\":{\"topic\":",
    [PUSH_TO_CONDITION] = "{\"message\":{\"condition\":",
};

static bool is_named(const struct push_message *message)
{
    return message->target == PUSH_TO_TOPIC || message->target == PUSH_TO_CONDITION;
}

static struct nr_view head_of(const struct plan_device *device)
{
    return device->is_fid ? NR_VIEW("{\"message\":{\"fid\":") : NR_VIEW("{\"message\":{\"token\":");
}

/* `,"notification":{...}}` and what closes the request; all of the request when the target has a name. */
static int write_tail(const struct push_message *message, struct nr_buf *tail, struct nr_err *err)
{
    NR_JSON_AUTO *keyed = NULL;
    size_t at;

    if (collapse_apply(message->message, message->id, &keyed, err) != 0)
        return -1;
    nr_buf_init(tail, TAIL_MAX_BYTES);
    if (is_named(message)) {
        nr_buf_add_text(tail, named_heads[message->target]);
        nr_buf_add_json_text(tail, message->name);
    }
    at = tail->len;
    if (nr_json_dump(keyed, tail, err) != 0)
        return -1;
    /* The opening brace gives way to the comma behind the target; an empty object has nothing to separate. */
    if (json_object_size(keyed))
        tail->data[at] = ',';
    else
        tail->data[at] = '}', tail->len = at + 1;
    nr_buf_add_text(tail, message->is_validate_only ? ",\"validate_only\":true}" : "}");
    return nr_buf_check(tail, "message", err);
}

static void add_send(struct plan *plan, const struct plan_device *device)
{
    struct plan_send *send = &plan->sends[plan->n_sends++];
    struct nr_view tail = nr_buf_view(&plan->tails[device->message]);

    *send = (struct plan_send){
        .message = device->message,
        .device_id = device->device_id,
        .version = device->version,
        .platform = device->device_id ? device->platform : PLAN_ANY,
        .attempts = device->attempts,
        .age_ms = device->age_ms,
        .body = {head_of(device), device->registration, tail},
    };
    if (!device->device_id) /* the tail of a topic or condition is the whole request */
        send->body[0] = tail, send->body[1] = send->body[2] = (struct nr_view){0};
}

static int fill(const struct push_message *messages, const bool *is_skipped,
                const struct plan_device *devices, size_t n_devices, struct plan *plan, struct nr_err *err)
{
    for (size_t i = 0; i < plan->n_messages; i++)
        if (!is_skipped[i] && write_tail(&messages[i], &plan->tails[i], err) != 0)
            return -1;
    for (size_t i = 0; i < n_devices; i++)
        if (!is_skipped[devices[i].message])
            add_send(plan, &devices[i]);
    return 0;
}

int plan_make(const struct push_message *messages, const bool *is_skipped, size_t n_messages,
              const struct plan_device *devices, size_t n_devices, struct plan *out, struct nr_err *err)
{
    struct plan plan = {.n_messages = n_messages};

    plan.sends = calloc(n_devices + 1, sizeof(*plan.sends));
    plan.tails = calloc(n_messages + 1, sizeof(*plan.tails));
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
    *plan = (struct plan){0};
}
