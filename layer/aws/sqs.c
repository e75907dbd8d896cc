#include <stdlib.h>
#include <string.h>

#include <narae/json.h>
#include <narae/sqs.h>

enum {
    MESSAGE_ID_MAX_BYTES = 128,   /* AWS documents 100 */
    BODY_MAX_BYTES = 1024 * 1024, /* SQS's own limit since 2025 (botocore's sqs model) */
    RECEIPT_HANDLE_MAX_BYTES = 4096,
    RECEIVE_COUNT_MAX = 1000000,
};

#define SENT_MAX_UNIX_MS INT64_C(253402300799999) /* the year 9999: no arithmetic can overflow */

/* An event made by hand may lack what only later features need; what is there must still be sound. */
static int optional_text(const struct nr_json_place *place, size_t max_bytes, struct nr_view *out,
                         struct nr_err *err)
{
    return nr_json_has(place) ? nr_json_want_text(place, 0, max_bytes, out, err) : 0;
}

/* A number that travels as a string; what is none counts as unknown. */
static int64_t number_of(struct nr_view text, int64_t max)
{
    int64_t value = 0;

    for (size_t i = 0; i < text.len && value <= max; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return 0;
        value = value * 10 + (text.ptr[i] - '0');
    }
    return value;
}

static int parse_attributes(const struct nr_json_place *place, struct nr_sqs_record *out, struct nr_err *err)
{
    struct nr_json_place attributes = nr_json_member(place, "attributes");
    struct nr_json_place group = nr_json_member(&attributes, "MessageGroupId");
    struct nr_json_place count = nr_json_member(&attributes, "ApproximateReceiveCount");
    struct nr_json_place sent = nr_json_member(&attributes, "SentTimestamp");
    struct nr_view count_text = {0};
    struct nr_view sent_text = {0};

    if (optional_text(&group, MESSAGE_ID_MAX_BYTES, &out->group_id, err) != 0 ||
        optional_text(&count, MESSAGE_ID_MAX_BYTES, &count_text, err) != 0 ||
        optional_text(&sent, MESSAGE_ID_MAX_BYTES, &sent_text, err) != 0)
        return -1;
    out->receive_count = number_of(count_text, RECEIVE_COUNT_MAX);
    out->sent_unix_ms = number_of(sent_text, SENT_MAX_UNIX_MS);
    return 0;
}

static int parse_record(const struct nr_json_place *place, struct nr_sqs_record *out, struct nr_err *err)
{
    struct nr_json_place id = nr_json_member(place, "messageId");
    struct nr_json_place body = nr_json_member(place, "body");
    struct nr_json_place receipt = nr_json_member(place, "receiptHandle");
    struct nr_json_place queue = nr_json_member(place, "eventSourceARN");

    if (nr_json_want_object(place, err) != 0 ||
        nr_json_want_text(&id, 1, MESSAGE_ID_MAX_BYTES, &out->message_id, err) != 0 ||
        nr_json_want_text(&body, 0, BODY_MAX_BYTES, &out->body, err) != 0 ||
        optional_text(&receipt, RECEIPT_HANDLE_MAX_BYTES, &out->receipt_handle, err) != 0 ||
        optional_text(&queue, RECEIPT_HANDLE_MAX_BYTES, &out->queue_arn, err) != 0)
        return -1;
    return parse_attributes(place, out, err);
}

static int parse_records(const struct nr_json_place *records, size_t n, struct nr_sqs_record *out,
                         struct nr_err *err)
{
    for (size_t i = 0; i < n; i++) {
        struct nr_json_place record = nr_json_item(records, i);

        if (parse_record(&record, &out[i], err) != 0)
            return -1;
    }
    return 0;
}

/* The same errors as for a message, under the event's own type. */
static int as_event_error(struct nr_err *why, struct nr_err *err)
{
    return nr_err_set(err, why->kind, why->kind == NR_ERR_INVALID ? "Function.InvalidEvent" : why->type,
                      "not an SQS event: %s", why->message);
}

int nr_sqs_parse(const json_t *event, struct nr_sqs_batch *out, struct nr_err *err)
{
    struct nr_json_place root = nr_json_root("", event);
    struct nr_json_place records = nr_json_member(&root, "Records");
    struct nr_sqs_record *parsed;
    struct nr_err why = {0};
    size_t n;

    if (nr_json_want_array(&records, 0, NR_SQS_RECORDS_MAX, &n, &why) != 0)
        return as_event_error(&why, err);
    parsed = calloc(n ? n : 1, sizeof(*parsed));
    if (!parsed)
        return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.OutOfMemory", "no memory for %zu records", n);
    if (parse_records(&records, n, parsed, &why) != 0) {
        free(parsed);
        return as_event_error(&why, err);
    }
    *out = (struct nr_sqs_batch){parsed, n};
    return 0;
}

bool nr_sqs_is_ordered(const struct nr_sqs_record *record)
{
    static const char suffix[] = ".fifo";
    const size_t len = sizeof(suffix) - 1;
    struct nr_view arn = record->queue_arn;

    return record->group_id.len && arn.len >= len && memcmp(arn.ptr + arn.len - len, suffix, len) == 0;
}

void nr_sqs_fail(struct nr_sqs_batch *batch, size_t index)
{
    if (index < batch->n_records)
        batch->records[index].is_failed = true;
}

void nr_sqs_fail_for(struct nr_sqs_batch *batch, size_t index, int64_t delay_ms)
{
    int64_t delay_s = delay_ms / 1000 + (delay_ms % 1000 > 0);

    nr_sqs_fail(batch, index);
    if (index >= batch->n_records)
        return;
    batch->records[index].has_delay = true;
    batch->records[index].delay_s = delay_s > NR_SQS_DELAY_MAX_S ? NR_SQS_DELAY_MAX_S
                                    : delay_s < 0                ? 0
                                                                 : delay_s;
}

void nr_sqs_fail_all(struct nr_sqs_batch *batch)
{
    for (size_t i = 0; i < batch->n_records; i++)
        batch->records[i].is_failed = true;
}

size_t nr_sqs_n_failed(const struct nr_sqs_batch *batch)
{
    size_t n = 0;

    for (size_t i = 0; i < batch->n_records; i++)
        n += batch->records[i].is_failed;
    return n;
}

int nr_sqs_reply(const struct nr_sqs_batch *batch, struct nr_reply *reply, struct nr_err *err)
{
    const char *between = "";

    if (nr_reply_bytes(reply, NR_VIEW("{\"batchItemFailures\":["), NULL, err) != 0)
        return -1;
    for (size_t i = 0; i < batch->n_records; i++) {
        if (!batch->records[i].is_failed)
            continue;
        nr_buf_add_text(reply->body, between);
        nr_buf_add_text(reply->body, "{\"itemIdentifier\":");
        nr_buf_add_json_text(reply->body, batch->records[i].message_id);
        nr_buf_add_char(reply->body, '}');
        between = ",";
    }
    nr_buf_add_text(reply->body, "]}");
    return nr_buf_check(reply->body, "reply", err);
}

void nr_sqs_batch_done(struct nr_sqs_batch *batch)
{
    free(batch->records);
    *batch = (struct nr_sqs_batch){0};
}
