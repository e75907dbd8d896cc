/* kinesis_wire.h - PutRecords as bytes: the request, and what the reply says of each record.
 *
 * Is:      pure; JSON 1.1 out; the reply is read strictly, once to count its entries and once to believe them.
 * Is not:  a call (kinesis.h).
 * Beware:  HTTP 200 says nothing: each entry does. FailedRecordCount is looked at by nobody.
 * Source:  Kinesis API Reference, "PutRecords" and "PutRecordsResultEntry".
 */
#ifndef NARAE_SEARCH_KINESIS_WIRE_H
#define NARAE_SEARCH_KINESIS_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include <narae/buf.h>
#include <narae/err.h>
#include <narae/view.h>

struct kinesis_record {
    struct nr_view data; /* as it is stored */
    struct nr_view key;  /* partition key: 1 to 256 characters that JSON need not escape */
};

/* What became of a record. */
enum kinesis_fate {
    KINESIS_PENDING, /* not stored, or perhaps not: to be sent (again) */
    KINESIS_STORED,
    KINESIS_THROTTLED, /* refused: its shard is at its limit */
    KINESIS_FAILED     /* refused: InternalFailure, or a code that is new */
};

/* Append the request for those of the records whose fate is not KINESIS_STORED; `stream` is a name or an
 * ARN. */
void kinesis_request_write(const char *stream, const struct kinesis_record *records, const uint8_t *fates,
                           size_t n, struct nr_buf *out);

/* Read the reply to that request: the fate of each record that was in it changes.
 * Returns 0, or -1 and no fate has changed: UNAVAILABLE, Function.InvalidReply (no JSON of that form, or not
 * as many entries as records). */
int kinesis_reply_read(struct nr_view reply, uint8_t *fates, size_t n, struct nr_err *err) NR_MUST_CHECK;

#endif
