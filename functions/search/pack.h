/* pack.h - which rows travel in which record, and which records in which request.
 *
 * Is:      pure; rows of JSON, one a line, are put together into records of about the size that Firehose
 *          bills anyway.
 * Is not:  the wire form (kinesis_wire.h).
 * Beware:  a record is stored as a whole or not at all, and so is a unit: what must not be stored by
 *          halves, the rows of one SQS message, is one unit. Only a message of more rows, or larger ones,
 *          than a record has room for comes as several (log_batch.c).
 * Source:  Kinesis API Reference, "PutRecords": 500 records, 10 MiB, keys counted, base64 not. Firehose
 *          bills each record in steps of 5 KB (pricing page): 300 bytes alone are paid for as 5,000.
 */
#ifndef NARAE_SEARCH_PACK_H
#define NARAE_SEARCH_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <narae/buf.h>
#include <narae/view.h>

enum {
    PACK_BILLING_STEP_BYTES = 5000, /* fits whether a KB means 1,000 or 1,024 */
    PACK_RECORDS_MAX = 500,
    PACK_EVENTS_MAX = 500, /* in one record: Firehose splits no more */
    /* A stream's default limit is 1 MiB with the key; Firehose's for one record is 1,000 KiB. */
    PACK_RECORD_MAX_BYTES = 1000000,
    PACK_KEY_BYTES = 16,
    PACK_LANES =
        64, /* partition keys when sessions stay together: several for each shard of a middling stream */
};

/* Rows that stay together: `len` bytes of the text at `at`, without a newline at their end. */
struct pack_unit {
    size_t at, len;
    uint32_t item; /* what the rows came in: failures go back to it */
    uint16_t n_events;
    uint16_t lane; /* below PACK_LANES */
};

/* Units first_unit..first_unit+n_units are one record: their text, with a newline between each two. */
struct pack_record {
    size_t first_unit, n_units;
    size_t n_bytes; /* of data */
    uint32_t n_events;
    char key[PACK_KEY_BYTES]; /* partition key, no NUL */
};

/* Put units together, in their order.
 *
 * record_bytes  in   a record is closed before it grows beyond this, its key counted
 * is_by_lane    in   units of different lanes do not meet, and the key is the lane's
 * random        in   else the keys are drawn from it
 * out           out  room for n_units
 * Returns how many records. A unit that is larger than record_bytes is a record of its own. */
size_t pack_records(const struct pack_unit *units, size_t n_units, size_t record_bytes, bool is_by_lane,
                    uint64_t random, struct pack_record *out);

/* How many of the records from..n go into the next request, at least 1: PACK_RECORDS_MAX and request_bytes as
 * the service counts them. */
size_t pack_request(const struct pack_record *records, size_t n, size_t from, size_t request_bytes);

/* Sort units by lane, those of a lane in their order, and copy their text to `text_out` in the new order. */
void pack_by_lane(struct pack_unit *units, size_t n_units, struct nr_view text, struct nr_buf *text_out);

/* What Firehose bills for a record of so many bytes. */
static inline size_t pack_billed_bytes(size_t n_bytes)
{
    return (n_bytes + PACK_BILLING_STEP_BYTES - 1) / PACK_BILLING_STEP_BYTES * PACK_BILLING_STEP_BYTES;
}

#endif
