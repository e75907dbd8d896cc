#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "functions/search/intake.h"

static struct intake intake;
static struct nr_err err;

static int read(const char *event)
{
    nr_err_reset(&err);
    intake_done(&intake);
    intake = (struct intake){0};
    return intake_read(nr_view(event), &intake, &err);
}

/* The one message of an event with these members. */
static const struct nr_sqs_record *message(const char *members)
{
    static char event[16384];

    snprintf(event, sizeof(event), "{\"Records\":[{%s}]}", members);
    cr_assert_eq(read(event), 0, "%s", err.message);
    cr_assert_eq(intake.shape, INTAKE_SQS);
    cr_assert_eq(intake.sqs.n_records, 1);
    return intake.sqs.records;
}

static void expect_text(struct nr_view found, const char *wanted)
{
    cr_expect(nr_view_is(found, nr_view(wanted)), "%.*s, not %s", NR_VIEW_ARG(found), wanted);
}

Test(intake, reads_a_message_as_lambda_writes_it)
{
    const struct nr_sqs_record *record =
        message("\"messageId\":\"m-1\",\"receiptHandle\":\"AQEB\",\"body\":\"{\\\"a\\\":1}\",\"attributes\":{"
                "\"ApproximateReceiveCount\":\"3\",\"SentTimestamp\":\"1790000000000\",\"SenderId\":\"AIDA\","
                "\"ApproximateFirstReceiveTimestamp\":\"1790000000001\"},\"messageAttributes\":{},"
                "\"md5OfBody\":\"e4\","
                "\"eventSource\":\"aws:sqs\",\"eventSourceARN\":\"arn:aws:sqs:r:1:q\",\"awsRegion\":\"r\"");

    expect_text(record->message_id, "m-1");
    expect_text(record->receipt_handle, "AQEB");
    expect_text(record->body, "{\\\"a\\\":1}");
    expect_text(record->queue_arn, "arn:aws:sqs:r:1:q");
    cr_expect_eq(record->receive_count, 3);
    cr_expect_null(record->group_id.ptr);
    cr_expect_not(record->is_failed || record->has_delay);
}

Test(intake, reads_members_in_any_order_and_passes_over_others)
{
    const struct nr_sqs_record *record =
        message(" \"awsRegion\" : null , "
                "\"eventSourceARN\":\"arn\",\"new\":[{\"body\":\"no\"}],\"attributes\":{\"new\":{},"
                "\"MessageGroupId\":\"g\",\"SenderId\":7,\"ApproximateReceiveCount\":\"12\"},\"body\":\"b\","
                "\"messageId\":\"m\"");

    expect_text(record->message_id, "m");
    expect_text(record->body, "b");
    expect_text(record->queue_arn, "arn");
    expect_text(record->group_id, "g");
    cr_expect_eq(record->receive_count, 12);
}

Test(intake, takes_a_count_or_a_handle_that_is_none_for_absent)
{
    static const char *const attributes[] = {"null", "{\"ApproximateReceiveCount\":7}",
                                             "{\"ApproximateReceiveCount\":\"\"}",
                                             "{\"ApproximateReceiveCount\":\"7x\"}", "[]"};
    char long_one[8192];
    char members[8300];

    for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++) {
        snprintf(members, sizeof(members), "\"messageId\":\"m\",\"body\":\"b\",\"attributes\":%s",
                 attributes[i]);
        cr_expect_eq(message(members)->receive_count, 0, "%s", attributes[i]);
    }
    memset(long_one, 'A', sizeof(long_one));
    snprintf(members, sizeof(members), "\"messageId\":\"m\",\"body\":\"b\",\"receiptHandle\":\"%.4096s\"",
             long_one);
    cr_expect_eq(message(members)->receipt_handle.len, 4096);
    snprintf(members, sizeof(members), "\"messageId\":\"m\",\"body\":\"b\",\"receiptHandle\":\"%.4097s\"",
             long_one);
    cr_expect_null(message(members)->receipt_handle.ptr);
    cr_expect_null(
        message("\"messageId\":\"m\",\"body\":\"b\",\"receiptHandle\":\"A\\u0041\"")->receipt_handle.ptr);
    cr_expect_null(message("\"messageId\":\"m\",\"body\":\"b\",\"receiptHandle\":{}")->receipt_handle.ptr);
}

Test(intake, refuses_what_is_no_message)
{
    static const char *const rows[][2] = {
        {"{\"Records\":[7]}", "not an SQS event: Records[0]: must be an object"},
        {"{\"Records\":[{\"messageId\":\"m\"}]}", "not an SQS event: Records[0].body: must be a string"},
        {"{\"Records\":[{\"messageId\":\"m\",\"body\":{}}]}",
         "not an SQS event: Records[0].body: must be a string"},
        {"{\"Records\":[{\"messageId\":\"m\",\"body\":\"b\"},{\"body\":\"b\"}]}",
         "not an SQS event: Records[1].messageId: must be a string of 1 to 128 characters"},
        {"{\"Records\":[{\"messageId\":\"m\",\"body\":\"b\",\"eventSource\":\"aws:kinesis\"}]}",
         "not an SQS event: Records[0].eventSource: must be aws:sqs"},
        {"{\"Records\":[{\"messageId\":\"m\",\"body\":\"b\"]}",
         "event: has no comma between two values at byte 39"},
        {"{\"Records\":{}}", "Records: must be an array"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cr_assert_eq(read(rows[i][0]), -1, "%s", rows[i][0]);
        cr_expect_eq(err.kind, NR_ERR_INVALID);
        cr_expect_str_eq(err.message, rows[i][1]);
    }
}

Test(intake, holds_as_many_messages_as_come)
{
    char event[32 * 1024] = "{\"Records\":[";
    size_t len = strlen(event);

    for (int i = 0; i < 500; i++)
        len += (size_t)snprintf(event + len, sizeof(event) - len,
                                "%s{\"messageId\":\"m%d\",\"body\":\"b%d\"}", i ? "," : "", i, i);
    strcpy(event + len, "]}");
    cr_assert_eq(read(event), 0, "%s", err.message);
    cr_assert_eq(intake.sqs.n_records, 500);
    expect_text(intake.sqs.records[499].body, "b499");
    intake_done(&intake);
}
