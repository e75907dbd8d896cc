#include <criterion/criterion.h>

#include <narae/json.h>
#include <narae/sqs.h>

static json_t *event(const char *text)
{
    struct nr_err err = {0};
    json_t *doc = NULL;

    cr_assert_eq(nr_json_parse(nr_view(text), "event", &doc, &err), 0, "%s", err.message);
    return doc;
}

Test(sqs, reads_what_the_mapping_sends)
{
    NR_JSON_AUTO *doc =
        event("{\"Records\":[{\"messageId\":\"m1\",\"receiptHandle\":\"r1\",\"body\":\"b1\",\"attributes\":"
              "{\"ApproximateReceiveCount\":\"3\",\"SentTimestamp\":\"1790000000123\",\"MessageGroupId\":"
              "\"g\"},\"eventSourceARN\":\"arn:q\"},"
              "{\"messageId\":\"m2\",\"body\":\"\"}]}");
    struct nr_sqs_batch batch = {0};
    struct nr_err err = {0};

    cr_assert_eq(nr_sqs_parse(doc, &batch, &err), 0, "%s", err.message);

    cr_assert_eq(batch.n_records, 2);
    cr_assert(nr_view_is(batch.records[0].message_id, nr_view("m1")));
    cr_assert(nr_view_is(batch.records[0].receipt_handle, nr_view("r1")));
    cr_assert(nr_view_is(batch.records[0].body, nr_view("b1")));
    cr_assert(nr_view_is(batch.records[0].group_id, nr_view("g")));
    cr_assert(nr_view_is(batch.records[0].queue_arn, nr_view("arn:q")));
    cr_assert_eq(batch.records[0].receive_count, 3);
    cr_assert_eq(batch.records[0].sent_unix_ms, 1790000000123);
    cr_assert_eq(batch.records[1].receive_count, 0);
    cr_assert_eq(batch.records[1].sent_unix_ms, 0);
    cr_assert_eq(batch.records[1].body.len, 0);
    nr_sqs_batch_done(&batch);
}

static const struct {
    const char *event;
    const char *message;
} refused[] = {
    {"{}", "not an SQS event: Records: missing; must be an array"},
    {"[]", "not an SQS event: Records: missing; must be an array"},
    {"{\"Records\":{}}", "not an SQS event: Records: must be an array, is an object"},
    {"{\"Records\":[1]}", "not an SQS event: Records[0]: must be an object, is a whole number"},
    {"{\"Records\":[{\"messageId\":\"a\",\"body\":\"\"},{\"body\":\"\"}]}",
     "not an SQS event: Records[1].messageId: missing; must be a string"},
    {"{\"Records\":[{\"messageId\":\"\",\"body\":\"\"}]}",
     "not an SQS event: Records[0].messageId: must be 1 to 128 bytes long, is 0"},
    {"{\"Records\":[{\"messageId\":\"a\"}]}", "not an SQS event: Records[0].body: missing; must be a string"},
    {"{\"Records\":[{\"messageId\":\"a\",\"body\":{}}]}",
     "not an SQS event: Records[0].body: must be a string, is an object"},
};

Test(sqs, refuses_what_is_no_sqs_event_with_the_path)
{
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        NR_JSON_AUTO *doc = event(refused[i].event);
        struct nr_sqs_batch batch = {0};
        struct nr_err err = {0};

        cr_assert_eq(nr_sqs_parse(doc, &batch, &err), -1, "%s", refused[i].event);
        cr_assert_eq(err.kind, NR_ERR_INVALID);
        cr_assert_str_eq(err.type, "Function.InvalidEvent");
        cr_assert_str_eq(err.message, refused[i].message, "%s", err.message);
        cr_assert_null(batch.records);
    }
}

static void assert_reply(const struct nr_sqs_batch *batch, const char *expected)
{
    struct nr_buf body;
    struct nr_reply reply = {.body = &body};
    struct nr_err err = {0};
    nr_buf_init(&body, 1000);

    cr_assert_eq(nr_sqs_reply(batch, &reply, &err), 0);
    cr_assert_str_eq(nr_buf_text(&body), expected);
    nr_buf_done(&body);
}

Test(sqs, reply_returns_exactly_the_failed_ones)
{
    NR_JSON_AUTO *doc =
        event("{\"Records\":[{\"messageId\":\"a\",\"body\":\"\"},{\"messageId\":\"b\\\"\",\"body\":\"\"},"
              "{\"messageId\":\"c\",\"body\":\"\"}]}");
    struct nr_sqs_batch batch = {0};
    struct nr_err err = {0};
    cr_assert_eq(nr_sqs_parse(doc, &batch, &err), 0);

    assert_reply(&batch, "{\"batchItemFailures\":[]}");
    nr_sqs_fail(&batch, 1);
    nr_sqs_fail(&batch, 1);
    nr_sqs_fail(&batch, 99);
    assert_reply(&batch, "{\"batchItemFailures\":[{\"itemIdentifier\":\"b\\\"\"}]}");
    cr_assert_eq(nr_sqs_n_failed(&batch), 1);
    nr_sqs_fail_all(&batch);
    assert_reply(&batch, "{\"batchItemFailures\":[{\"itemIdentifier\":\"a\"},{\"itemIdentifier\":\"b\\\"\"},"
                         "{\"itemIdentifier\":\"c\"}]}");
    nr_sqs_batch_done(&batch);
}

Test(sqs, knows_an_order_in_groups_of_fifo_queues_only)
{
    const struct {
        struct nr_view group_id, queue_arn;
        bool is_ordered;
    } rows[] = {
        {NR_VIEW("g"), NR_VIEW("arn:aws:sqs:us-east-1:1:q.fifo"), true},
        {NR_VIEW("g"), NR_VIEW("arn:aws:sqs:us-east-1:1:q"), false},
        {NR_VIEW(""), NR_VIEW("arn:aws:sqs:us-east-1:1:q.fifo"), false},
        {NR_VIEW("g"), NR_VIEW("fifo"), false},
        {NR_VIEW("g"), {NULL, 0}, false},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        cr_expect_eq(nr_sqs_is_ordered(&(struct nr_sqs_record){.group_id = rows[i].group_id,
                                                               .queue_arn = rows[i].queue_arn}),
                     rows[i].is_ordered, "row %zu", i);
}
