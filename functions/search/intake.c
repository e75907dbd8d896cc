#include <stdlib.h>
#include <string.h>

#include "functions/search/intake.h"

enum { ID_MAX_BYTES = 128, HANDLE_MAX_BYTES = 4096, FIRST_RECORDS = 16 };

struct reader {
    struct scan scan;
    struct intake *intake;
    size_t cap; /* of the records */
    struct nr_err *err;
};

static int refuse(struct reader *reader, const char *path, const char *why)
{
    return nr_err_set(reader->err, NR_ERR_INVALID, "Function.InvalidEvent", "%s: %s", path, why);
}

static int refuse_record(struct reader *reader, const char *member, const char *why)
{
    return nr_err_set(reader->err, NR_ERR_INVALID, "Function.InvalidEvent",
                      "not an SQS event: Records[%zu]%s: %s", reader->intake->sqs.n_records, member, why);
}

static int broken(struct reader *reader)
{
    return nr_err_set(reader->err, NR_ERR_INVALID, "Function.InvalidJson", "event: %s at byte %zu",
                      reader->scan.fault, (size_t)(reader->scan.at - reader->scan.start));
}

/* --- SQS ----------------------------------------------------------------------------------------------- */

static struct nr_sqs_record *next_record(struct reader *reader)
{
    struct nr_sqs_batch *batch = &reader->intake->sqs;

    if (batch->n_records == reader->cap) {
        size_t cap = reader->cap ? 2 * reader->cap : FIRST_RECORDS;
        struct nr_sqs_record *grown = realloc(batch->records, cap * sizeof(*grown));

        if (!grown) {
            nr_err_set(reader->err, NR_ERR_UNAVAILABLE, "Function.OutOfMemory", "no memory for %zu records",
                       cap);
            return NULL;
        }
        batch->records = grown;
        reader->cap = cap;
    }
    batch->records[batch->n_records] = (struct nr_sqs_record){0};
    return &batch->records[batch->n_records];
}

/* Whoever reads the events in a body checks every byte of it: here its end is enough. */
static bool read_record_body(struct reader *reader, struct nr_view *out)
{
    return scan_peek(&reader->scan) == SCAN_STRING ? scan_skim(&reader->scan, out) : scan_skip(&reader->scan);
}

/* A string member, or nothing when something else stands there. */
static bool read_text(struct reader *reader, struct nr_view *out)
{
    struct scan_text text;

    if (scan_peek(&reader->scan) != SCAN_STRING)
        return scan_skip(&reader->scan);
    if (!scan_string(&reader->scan, &text))
        return false;
    *out = text.raw;
    return true;
}

/* For what goes back to AWS as it came, and has no escapes when it comes from there. */
static void read_plain(struct reader *reader, size_t max_bytes, struct nr_view *out)
{
    struct nr_view text = {0};

    read_text(reader, &text);
    if (text.len <= max_bytes && (!text.len || !memchr(text.ptr, '\\', text.len)))
        *out = text;
}

static void read_attributes(struct reader *reader, struct nr_sqs_record *record)
{
    struct scan_text name;
    struct nr_view count = {0};

    if (scan_peek(&reader->scan) != SCAN_OBJECT) {
        scan_skip(&reader->scan);
        return;
    }
    scan_enter(&reader->scan, SCAN_OBJECT);
    while (scan_member(&reader->scan, &name)) {
        if (nr_view_is(name.raw, NR_VIEW("ApproximateReceiveCount")))
            read_text(reader, &count);
        else if (nr_view_is(name.raw, NR_VIEW("MessageGroupId")))
            read_text(reader, &record->group_id);
        else
            scan_skip(&reader->scan);
    }
    if (!scan_whole(count, &record->receive_count))
        record->receive_count = 0;
}

static int check_record(struct reader *reader, const struct nr_sqs_record *record, struct nr_view source)
{
    if (source.ptr && !nr_view_is(source, NR_VIEW("aws:sqs")))
        return refuse_record(reader, ".eventSource", "must be aws:sqs");
    if (!record->message_id.len || record->message_id.len > ID_MAX_BYTES)
        return refuse_record(reader, ".messageId", "must be a string of 1 to 128 characters");
    if (!record->body.ptr)
        return refuse_record(reader, ".body", "must be a string");
    return 0;
}

static int read_record(struct reader *reader)
{
    struct nr_sqs_record *record = next_record(reader);
    struct nr_view source = {0};
    struct scan_text name;

    if (!record)
        return -1;
    if (scan_peek(&reader->scan) != SCAN_OBJECT)
        return refuse_record(reader, "", "must be an object");
    scan_enter(&reader->scan, SCAN_OBJECT);
    while (scan_member(&reader->scan, &name)) {
        if (nr_view_is(name.raw, NR_VIEW("body")))
            read_record_body(reader, &record->body);
        else if (nr_view_is(name.raw, NR_VIEW("messageId")))
            read_text(reader, &record->message_id);
        else if (nr_view_is(name.raw, NR_VIEW("eventSource")))
            read_text(reader, &source);
        else if (nr_view_is(name.raw, NR_VIEW("receiptHandle")))
            read_plain(reader, HANDLE_MAX_BYTES, &record->receipt_handle);
        else if (nr_view_is(name.raw, NR_VIEW("eventSourceARN")))
            read_plain(reader, HANDLE_MAX_BYTES, &record->queue_arn);
        else if (nr_view_is(name.raw, NR_VIEW("attributes")))
            read_attributes(reader, record);
        else
            scan_skip(&reader->scan);
    }
    if (reader->scan.fault)
        return broken(reader);
    return check_record(reader, record, source);
}

static int read_records(struct reader *reader)
{
    struct nr_sqs_batch *batch = &reader->intake->sqs;

    if (scan_peek(&reader->scan) != SCAN_ARRAY)
        return refuse(reader, "Records", "must be an array");
    if (reader->intake->shape == INTAKE_SQS)
        return refuse(reader, "Records", "is there twice");
    reader->intake->shape = INTAKE_SQS;
    scan_enter(&reader->scan, SCAN_ARRAY);
    while (scan_item(&reader->scan)) {
        if (batch->n_records == NR_SQS_RECORDS_MAX)
            return refuse(reader, "Records", "must have at most 10000 items");
        if (read_record(reader) != 0)
            return -1;
        batch->n_records++;
    }
    return reader->scan.fault ? broken(reader) : 0;
}

/* --- HTTP ---------------------------------------------------------------------------------------------- */

/* requestContext.http is what tells payload 2.0 from others. */
static void read_context(struct reader *reader)
{
    struct scan_text name;

    if (scan_peek(&reader->scan) != SCAN_OBJECT || !scan_enter(&reader->scan, SCAN_OBJECT)) {
        scan_skip(&reader->scan);
        return;
    }
    while (scan_member(&reader->scan, &name)) {
        if (!nr_view_is(name.raw, NR_VIEW("http")) || scan_peek(&reader->scan) != SCAN_OBJECT) {
            scan_skip(&reader->scan);
            continue;
        }
        reader->intake->shape = INTAKE_HTTP;
        scan_enter(&reader->scan, SCAN_OBJECT);
        while (scan_member(&reader->scan, &name)) {
            if (nr_view_is(name.raw, NR_VIEW("method")))
                read_text(reader, &reader->intake->method);
            else
                scan_skip(&reader->scan);
        }
    }
}

static void read_body(struct reader *reader)
{
    if (scan_peek(&reader->scan) == SCAN_STRING)
        scan_string(&reader->scan, &reader->intake->body);
    else
        scan_skip(&reader->scan);
}

/* --- the event ----------------------------------------------------------------------------------------- */

static int read_member(struct reader *reader, struct nr_view name)
{
    if (nr_view_is(name, NR_VIEW("Records")))
        return read_records(reader);
    if (nr_view_is(name, NR_VIEW("requestContext"))) {
        read_context(reader);
    } else if (nr_view_is(name, NR_VIEW("body"))) {
        read_body(reader);
    } else {
        if (nr_view_is(name, NR_VIEW("isBase64Encoded")))
            reader->intake->is_base64 = scan_peek(&reader->scan) == SCAN_TRUE;
        scan_skip(&reader->scan);
    }
    return 0;
}

static int read_root(struct reader *reader)
{
    struct scan_text name;

    if (scan_peek(&reader->scan) == SCAN_ARRAY)
        return 0; /* events as they are: whoever reads them looks at them */
    if (scan_peek(&reader->scan) != SCAN_OBJECT)
        return refuse(reader, "event", "must be an object or an array");
    scan_enter(&reader->scan, SCAN_OBJECT);
    while (scan_member(&reader->scan, &name))
        if (read_member(reader, name.raw) != 0)
            return -1;
    return scan_end(&reader->scan) ? 0 : broken(reader);
}

int intake_read(struct nr_view event, struct intake *out, struct nr_err *err)
{
    struct intake intake = {0};
    struct reader reader = {.intake = &intake, .err = err};

    scan_init(&reader.scan, event);
    if (read_root(&reader) != 0) {
        intake_done(&intake);
        return -1;
    }
    *out = intake;
    return 0;
}

void intake_done(struct intake *intake)
{
    nr_sqs_batch_done(&intake->sqs);
}
