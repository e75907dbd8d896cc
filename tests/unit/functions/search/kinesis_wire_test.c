#include <string.h>

#include <criterion/criterion.h>

#include "functions/search/kinesis_wire.h"

enum { N = 3 };

static uint8_t fates[N];
static struct nr_err err;

static int read_reply(const char *reply)
{
    nr_err_reset(&err);
    return kinesis_reply_read(nr_view(reply), fates, N, &err);
}

static void expect_fates(int a, int b, int c)
{
    cr_expect_eq(fates[0], a);
    cr_expect_eq(fates[1], b);
    cr_expect_eq(fates[2], c);
}

#define GOOD "{\"SequenceNumber\":\"1\",\"ShardId\":\"s\"}"
#define FULL                                                                                                 \
    "{\"ErrorCode\":\"ProvisionedThroughputExceededException\",\"ErrorMessage\":\"account 123456789012\"}"
#define BAD "{\"ErrorMessage\":\"x\",\"ErrorCode\":\"InternalFailure\"}"

Test(kinesis_wire, writes_a_name_or_an_arn_and_only_what_is_not_stored)
{
    const struct kinesis_record records[N] = {
        {NR_VIEW("a"), NR_VIEW("k1")}, {NR_VIEW("bb"), NR_VIEW("k2")}, {NR_VIEW("ccc"), NR_VIEW("k3")}};
    struct nr_buf out;

    nr_buf_init(&out, 4096);
    fates[1] = KINESIS_STORED;
    kinesis_request_write("searches", records, fates, N, &out);
    cr_expect_str_eq(nr_buf_text(&out),
                     "{\"StreamName\":\"searches\",\"Records\":[{\"Data\":\"YQ==\",\"PartitionKey\":\"k1\"},"
                     "{\"Data\":\"Y2Nj\",\"PartitionKey\":\"k3\"}]}");
    nr_buf_reset(&out);
    fates[0] = fates[2] = KINESIS_STORED;
    fates[1] = KINESIS_THROTTLED;
    kinesis_request_write("arn:aws:kinesis:r:1:stream/s", records, fates, N, &out);
    cr_expect_str_eq(nr_buf_text(&out), "{\"StreamARN\":\"arn:aws:kinesis:r:1:stream/"
                                        "s\",\"Records\":[{\"Data\":\"YmI=\",\"PartitionKey\":\"k2\"}]}");
    nr_buf_done(&out);
}

Test(kinesis_wire, reads_what_became_of_each)
{
    cr_assert_eq(read_reply("{\"FailedRecordCount\" : 2,\"Records\":[" GOOD "," FULL "," BAD "]}"), 0, "%s",
                 err.message);
    expect_fates(KINESIS_STORED, KINESIS_THROTTLED, KINESIS_FAILED);
    /* the second request held two */
    cr_assert_eq(read_reply("{\"Records\":[" GOOD "," FULL "],\"FailedRecordCount\":1}"), 0, "%s",
                 err.message);
    expect_fates(KINESIS_STORED, KINESIS_STORED, KINESIS_THROTTLED);
    cr_assert_eq(read_reply("{\"Records\":[" GOOD "]}"), 0, "%s", err.message);
    expect_fates(KINESIS_STORED, KINESIS_STORED, KINESIS_STORED);
}

Test(kinesis_wire, believes_entries_not_the_count)
{
    cr_assert_eq(read_reply("{\"FailedRecordCount\":0,\"Records\":[" GOOD "," FULL "," GOOD "]}"), 0);
    expect_fates(KINESIS_STORED, KINESIS_THROTTLED, KINESIS_STORED);
}

Test(kinesis_wire, takes_null_for_absent_and_an_empty_entry_for_not_stored)
{
    cr_assert_eq(read_reply("{\"Records\":[{\"ErrorCode\":null,\"ErrorMessage\":null,\"SequenceNumber\":"
                            "\"1\",\"ShardId\":\"s\"},{},"
                            "{\"SequenceNumber\":\"1\",\"ErrorCode\":\"Brandnew\"}]}"),
                 0);
    expect_fates(KINESIS_STORED, KINESIS_FAILED, KINESIS_FAILED);
}

Test(kinesis_wire, changes_nothing_when_the_reply_is_not_one)
{
    static const struct {
        const char *reply, *message;
    } rows[] = {
        {"{\"Records\":[" GOOD "," GOOD "]}", "the reply of PutRecords has 2 entries for 3 records"},
        {"{\"Records\":[" GOOD "," GOOD "," GOOD "," GOOD "]}",
         "the reply of PutRecords has 4 entries for 3 records"},
        {"{}", "the reply of PutRecords has 0 entries for 3 records"},
        {"<html>", "the reply of PutRecords has no object where one is wanted at byte 0"},
        {"{\"Records\":[" GOOD "," GOOD "," GOOD, "the reply of PutRecords ends inside an array at byte 122"},
        {"{\"Records\":[" GOOD "],\"Records\":[" GOOD "," GOOD "]}",
         "the reply of PutRecords has two lists of entries at byte 60"},
        {"{\"Records\":[1,2,3]}", "the reply of PutRecords has no object where one is wanted at byte 12"},
        {"", "the reply of PutRecords has no object where one is wanted at byte 0"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cr_expect_eq(read_reply(rows[i].reply), -1, "%s", rows[i].reply);
        cr_expect_eq(err.kind, NR_ERR_UNAVAILABLE);
        cr_expect_str_eq(err.message, rows[i].message);
        expect_fates(KINESIS_PENDING, KINESIS_PENDING, KINESIS_PENDING);
    }
}
