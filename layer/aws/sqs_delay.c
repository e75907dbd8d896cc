#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <narae/aws.h>
#include <narae/buf.h>
#include <narae/clock.h>
#include <narae/json.h>
#include <narae/sqs.h>

enum {
    ENTRIES_MAX = 10, /* of one ChangeMessageVisibilityBatch: SQS API reference */
    BODY_MAX_BYTES = 64 * 1024,
    NAME_MAX_BYTES = 128 /* of region, account and queue; a queue's name has at most 80 */
};

/* One request. */
struct call {
    const struct nr_sqs_record *entries[ENTRIES_MAX];
    size_t n;
};

/* "arn:aws:sqs:REGION:ACCOUNT:NAME" */
struct queue {
    char region[NAME_MAX_BYTES], account[NAME_MAX_BYTES], name[NAME_MAX_BYTES];
};

static bool read_arn(struct nr_view arn, struct queue *out)
{
    char copy[4 * NAME_MAX_BYTES];

    if (arn.len >= sizeof(copy))
        return false;
    snprintf(copy, sizeof(copy), "%.*s", NR_VIEW_ARG(arn));
    return sscanf(copy, "arn:%*[^:]:sqs:%127[a-z0-9-]:%127[0-9]:%127[A-Za-z0-9_.-]", out->region,
                  out->account, out->name) == 3;
}

/* The URL names the queue; where the request goes is the endpoint's business. */
static void add_body(struct nr_buf *out, const struct queue *queue, const struct call *call)
{
    const char *top = strncmp(queue->region, "cn-", 3) == 0 ? ".cn" : "";

    nr_buf_printf(out, "{\"QueueUrl\":\"https://sqs.%s.amazonaws.com%s/%s/%s\",\"Entries\":[", queue->region,
                  top, queue->account, queue->name);
    for (size_t i = 0; i < call->n; i++) {
        nr_buf_printf(out, "%s{\"Id\":\"%zu\",\"ReceiptHandle\":", i ? "," : "", i);
        nr_buf_add_json_text(out, call->entries[i]->receipt_handle);
        nr_buf_printf(out, ",\"VisibilityTimeout\":%" PRId64 "}", call->entries[i]->delay_s);
    }
    nr_buf_add_text(out, "]}");
}

/* A call can fail for single entries under HTTP 200. */
static size_t read_failed(const json_t *answer, struct nr_err *err)
{
    const json_t *failed = json_object_get(answer, "Failed");
    const json_t *first = json_array_get(failed, 0);
    const char *code = json_string_value(json_object_get(first, "Code"));

    if (first)
        nr_err_set(err, NR_ERR_INVALID, "Function.DelayRefused",
                   "AmazonSQS.ChangeMessageVisibilityBatch: %.64s", code ? code : "an entry was refused");
    return json_array_size(failed);
}

/* Returns 0 when SQS answered; *n_refused grows by what it refused. */
static int send_call(const struct call *call, int64_t deadline_mono_ms, size_t *n_refused, struct nr_err *err)
{
    struct nr_view arn = call->entries[0]->queue_arn;
    NR_JSON_AUTO *answer = NULL;
    struct queue queue;
    NR_BUF_AUTO body;

    nr_buf_init(&body, BODY_MAX_BYTES);
    if (!read_arn(arn, &queue))
        return nr_err_set(err, NR_ERR_INVALID, "Function.InvalidEvent",
                          "eventSourceARN: \"%.*s\" is no queue",
                          (int)(arn.len > NAME_MAX_BYTES ? NAME_MAX_BYTES : arn.len), arn.ptr);
    add_body(&body, &queue, call);
    if (nr_buf_check(&body, "entries", err) != 0 ||
        nr_aws_json(&(struct nr_aws_call){.service = "sqs",
                                          .endpoint_env = "AWS_ENDPOINT_URL_SQS",
                                          .region = queue.region,
                                          .target = "AmazonSQS.ChangeMessageVisibilityBatch",
                                          .json_version = "1.0",
                                          .body = nr_buf_view(&body),
                                          .deadline_mono_ms = deadline_mono_ms},
                    &answer, err) != 0)
        return -1;
    *n_refused += read_failed(answer, err);
    return 0;
}

static bool is_wanted(const struct nr_sqs_record *record)
{
    return record->is_failed && record->has_delay && record->receipt_handle.len && record->queue_arn.len;
}

/* The next records for one call, from *at on; all of one queue. */
static void gather(const struct nr_sqs_batch *batch, size_t *at, struct call *out)
{
    for (out->n = 0; *at < batch->n_records && out->n < ENTRIES_MAX; ++*at) {
        const struct nr_sqs_record *record = &batch->records[*at];

        if (!is_wanted(record))
            continue;
        if (out->n && !nr_view_is(record->queue_arn, out->entries[0]->queue_arn))
            return;
        out->entries[out->n++] = record;
    }
}

/* An SQS that does not answer now will not answer the next hundred calls either: their time is better spent
 * on the reply. */
int nr_sqs_delay(const struct nr_sqs_batch *batch, int64_t deadline_mono_ms, size_t *n_refused,
                 struct nr_err *err)
{
    struct call call;
    struct nr_err why = {0};
    bool is_lost = false;
    size_t at = 0;

    *n_refused = 0;
    for (gather(batch, &at, &call); call.n; gather(batch, &at, &call)) {
        is_lost = is_lost || send_call(&call, deadline_mono_ms, n_refused, &why) != 0;
        if (is_lost)
            *n_refused += call.n;
    }
    if (why.kind == NR_ERR_NONE)
        return 0;
    *err = why;
    return -1;
}
