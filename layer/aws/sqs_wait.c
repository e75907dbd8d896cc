#include <narae/sqs.h>

enum {
    FIRST_MS = 5 * 1000,
    CAP_MS = 15 * 60 * 1000,
    ASKED_MAX_MS = 60 * 60 * 1000, /* a Retry-After of days would be a slip of the other side */
    JITTER_DIVISOR = 2,
};

static int64_t step_ms(int64_t receive_count)
{
    int64_t step = FIRST_MS;

    for (int64_t i = 1; i < receive_count && step < CAP_MS; i++)
        step *= 2;
    return step < CAP_MS ? step : CAP_MS;
}

int64_t nr_sqs_wait_ms(const struct nr_err *why, int64_t receive_count, uint64_t random)
{
    int64_t wait = step_ms(receive_count);
    int64_t asked = why->retry_after_ms < ASKED_MAX_MS ? why->retry_after_ms : ASKED_MAX_MS;

    if (wait < asked)
        wait = asked;
    return wait + (int64_t)(random * (uint64_t)(wait / JITTER_DIVISOR + 1) >> 32);
}

/* The longest delay of what failed before it in its group. */
static int64_t delay_before_s(const struct nr_sqs_batch *batch, size_t index)
{
    const struct nr_sqs_record *record = &batch->records[index];
    int64_t longest_s = 0;

    for (size_t i = 0; i < index && nr_sqs_is_ordered(record); i++) {
        const struct nr_sqs_record *before = &batch->records[i];

        if (before->is_failed && before->has_delay && before->delay_s > longest_s &&
            nr_view_is(before->group_id, record->group_id))
            longest_s = before->delay_s;
    }
    return longest_s;
}

void nr_sqs_fail_by(struct nr_sqs_batch *batch, size_t index, const struct nr_err *why, uint64_t random)
{
    struct nr_sqs_record *record;
    int64_t before_s;

    if (index >= batch->n_records)
        return;
    record = &batch->records[index];
    nr_sqs_fail_for(batch, index, nr_sqs_wait_ms(why, record->receive_count, random));
    before_s = delay_before_s(batch, index);
    if (record->delay_s < before_s)
        record->delay_s = before_s;
}
