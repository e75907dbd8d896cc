#include <stdlib.h>
#include <string.h>

#include "functions/search/intake.h"
#include "functions/search/members.h"

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

/* --- SQS ------------------------------------------------------------------------------------------------ */

struct message {
    struct nr_sqs_record record;
    struct nr_view source, receive_count;
};

/* One member of a message: how it is read, and where in struct message it goes. */
struct message_member {
    struct scan_name name;
    void (*read)(struct reader *reader, void *out);
    size_t offset;
};

static void pass(struct reader *reader, void *out)
{
    (void)out;
    scan_skip(&reader->scan);
}

/* A string, or nothing when something else stands there. */
static void read_text(struct reader *reader, void *out)
{
    struct scan_text text;

    if (scan_peek(&reader->scan) != SCAN_STRING)
        scan_skip(&reader->scan);
    else if (scan_string(&reader->scan, &text))
        *(struct nr_view *)out = text.raw;
}

/* For what goes back to AWS as it came, and has no escapes when it comes from there. */
static void read_plain(struct reader *reader, void *out)
{
    struct scan_text text;

    if (scan_peek(&reader->scan) != SCAN_STRING)
        scan_skip(&reader->scan);
    else if (scan_string(&reader->scan, &text) && !text.has_escapes && text.raw.len <= HANDLE_MAX_BYTES)
        *(struct nr_view *)out = text.raw;
}

/* Whoever reads the events in a body checks every byte of it: here its end is enough. */
static void read_message_body(struct reader *reader, void *out)
{
    if (scan_peek(&reader->scan) == SCAN_STRING)
        scan_skim(&reader->scan, out);
    else
        scan_skip(&reader->scan);
}

static void read_members(struct reader *reader, struct members members, struct message *message)
{
    const void *row;

    scan_enter(&reader->scan, SCAN_OBJECT);
    while (members_next(&members, &reader->scan, &row)) {
        const struct message_member *member = row;

        if (member)
            member->read(reader, (char *)message + member->offset);
        else
            scan_skip(&reader->scan);
    }
}

#define INTO(member) offsetof(struct message, member)

static void read_attributes(struct reader *reader, void *message)
{
    static const struct message_member attributes[] = {
        {SCAN_NAME("ApproximateReceiveCount"), read_text, INTO(receive_count)},
        {SCAN_NAME("SentTimestamp"), pass, 0},
        {SCAN_NAME("SenderId"), pass, 0},
        {SCAN_NAME("MessageGroupId"), read_text, INTO(record.group_id)},
    };

    if (scan_peek(&reader->scan) == SCAN_OBJECT)
        read_members(reader, (struct members)MEMBERS(attributes), message);
    else
        scan_skip(&reader->scan);
}

/* In the order in which Lambda writes them. */
static const struct message_member message_members[] = {
    {SCAN_NAME("messageId"), read_text, INTO(record.message_id)},
    {SCAN_NAME("receiptHandle"), read_plain, INTO(record.receipt_handle)},
    {SCAN_NAME("body"), read_message_body, INTO(record.body)},
    {SCAN_NAME("attributes"), read_attributes, 0},
    {SCAN_NAME("messageAttributes"), pass, 0},
    {SCAN_NAME("md5OfBody"), pass, 0},
    {SCAN_NAME("eventSource"), read_text, INTO(source)},
    {SCAN_NAME("eventSourceARN"), read_plain, INTO(record.queue_arn)},
    {SCAN_NAME("awsRegion"), pass, 0},
};

static int check_message(struct reader *reader, const struct message *message)
{
    if (message->source.ptr && !nr_view_is(message->source, NR_VIEW("aws:sqs")))
        return refuse_record(reader, ".eventSource", "must be aws:sqs");
    if (!message->record.message_id.len || message->record.message_id.len > ID_MAX_BYTES)
        return refuse_record(reader, ".messageId", "must be a string of 1 to 128 characters");
    if (!message->record.body.ptr)
        return refuse_record(reader, ".body", "must be a string");
    return 0;
}

static int keep(struct reader *reader, const struct nr_sqs_record *record)
{
    struct nr_sqs_batch *batch = &reader->intake->sqs;

    if (batch->n_records == reader->cap) {
        size_t cap = reader->cap ? 2 * reader->cap : FIRST_RECORDS;
        struct nr_sqs_record *grown = realloc(batch->records, cap * sizeof(*grown));

        if (!grown)
            return nr_err_set(reader->err, NR_ERR_UNAVAILABLE, "Function.OutOfMemory",
                              "no memory for %zu records", cap);
        batch->records = grown;
        reader->cap = cap;
    }
    batch->records[batch->n_records++] = *record;
    return 0;
}

static int read_message(struct reader *reader)
{
    struct message message = {0};

    if (scan_peek(&reader->scan) != SCAN_OBJECT)
        return refuse_record(reader, "", "must be an object");
    read_members(reader, (struct members)MEMBERS(message_members), &message);
    if (reader->scan.fault)
        return broken(reader);
    if (check_message(reader, &message) != 0)
        return -1;
    if (!scan_whole(message.receive_count, &message.record.receive_count))
        message.record.receive_count = 0;
    return keep(reader, &message.record);
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
        if (read_message(reader) != 0)
            return -1;
    }
    return reader->scan.fault ? broken(reader) : 0;
}

/* --- HTTP ----------------------------------------------------------------------------------------------- */

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

/* --- the event ------------------------------------------------------------------------------------------ */

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
