#include <narae/aws.h>
#include <narae/buf.h>
#include <narae/clock.h>
#include <narae/json.h>

#include "functions/search/event_queue.h"

enum { BODY_MAX_BYTES = 1024 * 1024 /* SQS's own limit */ };

static int send_message(const struct event_queue *queue, struct nr_view event, int64_t deadline_mono_ms,
                        struct nr_err *err)
{
    NR_BUF_AUTO body;
    NR_JSON_AUTO *reply = NULL;
    struct nr_aws_call call = {.service = "sqs",
                               .endpoint_env = "AWS_ENDPOINT_URL_SQS",
                               .target = "AmazonSQS.SendMessage",
                               .json_version = "1.0",
                               .deadline_mono_ms = deadline_mono_ms};

    nr_buf_init(&body, BODY_MAX_BYTES);
    nr_buf_add_text(&body, "{\"QueueUrl\":");
    nr_buf_add_json_text(&body, nr_view(queue->url));
    nr_buf_add_text(&body, ",\"MessageBody\":");
    nr_buf_add_json_text(&body, event);
    nr_buf_add_char(&body, '}');
    if (nr_buf_check(&body, "search event", err) != 0)
        return -1;
    call.body = nr_buf_view(&body);
    return nr_aws_json(&call, &reply, err);
}

enum event_queue_result event_queue_send(struct event_queue *queue, struct nr_view event,
                                         int64_t deadline_mono_ms, struct nr_err *err)
{
    int64_t now_mono_ms = nr_clock_mono_ms();
    int64_t deadline = now_mono_ms + queue->timeout_ms;

    if (now_mono_ms < queue->paused_until_mono_ms) {
        queue->n_lost++;
        return EVENT_QUEUE_LOST;
    }
    if (send_message(queue, event, deadline < deadline_mono_ms ? deadline : deadline_mono_ms, err) == 0)
        return EVENT_QUEUE_SENT;
    queue->n_lost++;
    queue->paused_until_mono_ms = nr_clock_mono_ms() + EVENT_QUEUE_PAUSE_MS;
    return EVENT_QUEUE_FAILED;
}
