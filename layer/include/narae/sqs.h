/* sqs.h - a batch of SQS messages in, the failed ones out.
 *
 * Is:      the event source mapping's contract: which records came, and batchItemFailures that return exactly
 *          those that failed, each after its own delay.
 * Is not:  a client of the SQS API.
 * Beware:  an empty or null reply means that all succeeded, and an id that was not in the batch means that
 *          all failed: ids go back as they came, and the reply is built last.
 * Source:  Lambda Developer Guide, "services-sqs-errorhandling".
 */
#ifndef NARAE_SQS_H
#define NARAE_SQS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include <narae/attr.h>
#include <narae/err.h>
#include <narae/handler.h>
#include <narae/view.h>

/* One message; views borrow from the event's JSON. */
struct nr_sqs_record {
    struct nr_view message_id;
    struct nr_view receipt_handle;
    struct nr_view body;
    struct nr_view group_id;  /* message group; on a standard queue it means fair shares, and no order */
    struct nr_view queue_arn; /* eventSourceARN; empty when the event has none */
    int64_t receive_count;    /* ApproximateReceiveCount; 0 = unknown */
    bool is_failed;
    bool has_delay;       /* and how long it stays away; else as long as the queue's visibility timeout */
    int64_t delay_s;      /* 0 to NR_SQS_DELAY_MAX_S */
    int64_t sent_unix_ms; /* SentTimestamp; 0 = unknown */
};

struct nr_sqs_batch {
    struct nr_sqs_record *records; /* owned */
    size_t n_records;
};

enum {
    NR_SQS_RECORDS_MAX = 10000,    /* largest batch of a standard queue: "services-sqs-parameters" */
    NR_SQS_DELAY_MAX_S = 12 * 3600 /* largest visibility timeout: SQS API, ChangeMessageVisibility */
};

/* Read an SQS event. Only what the reply cannot do without is required: Records[], and in each messageId and
 * body.
 *
 * event  in   borrowed as long as the batch is used
 * out    out  owned by the caller, nr_sqs_batch_done()
 * Returns 0, or -1: INVALID, Function.InvalidEvent, with the path ("Records[3].messageId: ..."). */
int nr_sqs_parse(const json_t *event, struct nr_sqs_batch *out, struct nr_err *err) NR_MUST_CHECK;

/* Of a FIFO queue, whose messages have an order within their group? */
bool nr_sqs_is_ordered(const struct nr_sqs_record *record);

/* Report record `index` as failed; it returns to the queue. */
void nr_sqs_fail(struct nr_sqs_batch *batch, size_t index);

/* The same, and it is to come back after delay_ms, rounded up to whole seconds and cut at NR_SQS_DELAY_MAX_S;
 * nr_sqs_delay() tells the queue. */
void nr_sqs_fail_for(struct nr_sqs_batch *batch, size_t index, int64_t delay_ms);

/* How long a message stays away that failed through no fault of its own: 5 s after its first receive, twice
 * as long after each further one, 15 minutes at most; what the other side asked for when that is more, an
 * hour at most; and up to half as much again, so that what failed together does not come back together. 12
 * receives, the last before the dead-letter queue in template.yaml, so span 66 minutes at least. Pure.
 *
 * why            in  its retry_after_ms counts
 * receive_count  in  of this receive, from 1; 0 = unknown, as 1
 * random         in  uniform in [0, 2^32) */
int64_t nr_sqs_wait_ms(const struct nr_err *why, int64_t receive_count, uint64_t random);

/* Report record `index` as failed, to come back after nr_sqs_wait_ms(); in a FIFO queue's group not before
 * one that stands before it and has been reported. */
void nr_sqs_fail_by(struct nr_sqs_batch *batch, size_t index, const struct nr_err *why, uint64_t random);

/* Tell the queue when each failed record that has a delay is to come back (ChangeMessageVisibilityBatch).
 * Records without receipt handle or queue ARN, as in events made by hand, are passed over.
 *
 * n_refused  out  written in any case: records that come back after the queue's visibility timeout instead
 * Returns 0 when the queue was told all; or -1 with the first reason, as nr_aws_json(). Either way the
 * records stay failed, and the reply is as good. Permission: sqs:ChangeMessageVisibility. */
int nr_sqs_delay(const struct nr_sqs_batch *batch, int64_t deadline_mono_ms, size_t *n_refused,
                 struct nr_err *err) NR_MUST_CHECK;

void nr_sqs_fail_all(struct nr_sqs_batch *batch);

/* How many are reported as failed. */
size_t nr_sqs_n_failed(const struct nr_sqs_batch *batch);

/* Write {"batchItemFailures":[...]}. Returns 0, or -1 as nr_reply_bytes(). */
int nr_sqs_reply(const struct nr_sqs_batch *batch, struct nr_reply *reply, struct nr_err *err) NR_MUST_CHECK;

/* Accepts a zeroed batch. */
void nr_sqs_batch_done(struct nr_sqs_batch *batch);

#endif
