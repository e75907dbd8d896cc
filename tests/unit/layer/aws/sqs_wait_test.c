#include <criterion/criterion.h>

#include <narae/sqs.h>

#define FIFO_ARN "arn:aws:sqs:eu-west-1:123456789012:devices.fifo"

static const uint64_t most = (1ULL << 32) - 1;

Test(sqs_wait, grows_with_each_receive_and_never_undercuts_what_was_asked)
{
    static const struct {
        int64_t receive_count, asked_ms, least_ms, most_ms;
    } rows[] = {
        {1, 0, 5000, 7500},
        {2, 0, 10000, 15000},
        {5, 0, 80000, 120000},
        {8, 0, 640000, 960000},
        {9, 0, 900000, 1350000},
        {1000000, 0, 900000, 1350000},
        {0, 0, 5000, 7500}, /* unknown */
        {-3, 0, 5000, 7500},
        {1, 2000, 5000, 7500},
        {1, 60000, 60000, 90000},
        {9, 60000, 900000, 1350000},
        {1, INT64_MAX, 3600000, 5400000},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct nr_err why = {.kind = NR_ERR_THROTTLED, .retry_after_ms = rows[i].asked_ms};

        cr_expect_eq(nr_sqs_wait_ms(&why, rows[i].receive_count, 0), rows[i].least_ms, "row %zu", i);
        cr_expect_eq(nr_sqs_wait_ms(&why, rows[i].receive_count, most), rows[i].most_ms, "row %zu", i);
    }
}

/* An hour's outage costs no message: the 12th receive is the last before the dead-letter queue. */
Test(sqs_wait, twelve_receives_span_more_than_an_hour)
{
    struct nr_err why = {.kind = NR_ERR_UNAVAILABLE};
    int64_t span_ms = 0;

    for (int64_t receive = 1; receive < 12; receive++)
        span_ms += nr_sqs_wait_ms(&why, receive, 0);

    cr_expect_eq(span_ms, 3975 * 1000);
}

/* --- in a batch ----------------------------------------------------------------------------------------- */

#define OF(group, arn, receives)                                                                             \
    {                                                                                                        \
        .group_id = NR_VIEW(group), .queue_arn = NR_VIEW(arn), .receive_count = (receives)                   \
    }

Test(sqs_wait, a_message_of_a_group_never_comes_before_one_that_stands_before_it)
{
    struct nr_sqs_record records[] = {OF("a", FIFO_ARN, 4), OF("b", FIFO_ARN, 1), OF("a", FIFO_ARN, 2),
                                      OF("a", FIFO_ARN, 5)};
    static const int64_t wanted_s[] = {40, 5, 40, 80};
    struct nr_sqs_batch batch = {records, 4};
    struct nr_err why = {.kind = NR_ERR_UNAVAILABLE};

    for (size_t i = 0; i < 4; i++)
        nr_sqs_fail_by(&batch, i, &why, 0);

    for (size_t i = 0; i < 4; i++)
        cr_expect_eq(records[i].delay_s, wanted_s[i], "record %zu", i);
    cr_expect_eq(nr_sqs_n_failed(&batch), 4);
}

Test(sqs_wait, a_malformed_message_hurries_nobody_behind_it)
{
    struct nr_sqs_record records[] = {OF("a", FIFO_ARN, 1), OF("a", FIFO_ARN, 1)};
    struct nr_sqs_batch batch = {records, 2};
    struct nr_err why = {.kind = NR_ERR_UNAVAILABLE};

    nr_sqs_fail_for(&batch, 0, 0);
    nr_sqs_fail_by(&batch, 1, &why, 0);

    cr_expect_eq(records[0].delay_s, 0);
    cr_expect_eq(records[1].delay_s, 5);
}

Test(sqs_wait, groups_of_a_standard_queue_have_no_order)
{
    struct nr_sqs_record records[] = {OF("a", "arn:aws:sqs:r:1:q", 4), OF("a", "arn:aws:sqs:r:1:q", 1)};
    struct nr_sqs_batch batch = {records, 2};
    struct nr_err why = {.kind = NR_ERR_UNAVAILABLE};

    nr_sqs_fail_by(&batch, 0, &why, 0);
    nr_sqs_fail_by(&batch, 1, &why, 0);
    nr_sqs_fail_by(&batch, 2, &why, 0); /* there is none */

    cr_expect_eq(records[1].delay_s, 5);
}
