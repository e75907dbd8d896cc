/* kinesis.h - store records in a stream, as many as the time allows.
 *
 * Is:      PutRecords over nr_aws_bytes(): what was refused is sent again, and only that, after a back-off
 *          with full jitter, inside the remaining time.
 * Is not:  a queue: what is left when it returns is the caller's to give back.
 * Beware:  a call without an answer may have been stored. It is sent again all the same: a reader tells
 *          copies by event_id. A permanent error (no such stream, no permission) is not tried again.
 * Source:  Kinesis API Reference, "PutRecords".
 */
#ifndef NARAE_SEARCH_KINESIS_H
#define NARAE_SEARCH_KINESIS_H

#include <stddef.h>
#include <stdint.h>

#include <narae/buf.h>
#include <narae/err.h>

#include "functions/search/kinesis_wire.h"

struct kinesis_stream {
    const char *name;   /* name or ARN; borrowed */
    const char *region; /* of the ARN; NULL = the function's own */
    int64_t request_timeout_ms;
};

/* How it went; counts add up over several calls. */
struct kinesis_tally {
    size_t n_requests;  /* begun */
    size_t n_throttled; /* entries and whole requests */
    size_t n_in_doubt;  /* requests that failed without being refused: some of them may be stored */
};

enum { KINESIS_ATTEMPTS_MAX = 10 };

/* Store n records (1 to 500).
 *
 * fates             in out  KINESIS_PENDING at first; KINESIS_STORED for what is stored
 * body              in      scratch for requests: capped by the caller
 * deadline_mono_ms  in      nothing is begun behind it
 * Returns 0 when all are stored, else -1 with the reason of the last refusal, account numbers starred out:
 * THROTTLED, UNAVAILABLE, DEADLINE; NOT_FOUND, DENIED, INVALID. */
int kinesis_put(const struct kinesis_stream *stream, const struct kinesis_record *records, uint8_t *fates,
                size_t n, int64_t deadline_mono_ms, struct nr_buf *body, struct kinesis_tally *tally,
                struct nr_err *err) NR_MUST_CHECK;

/* Tests only: call `fake` instead of sleeping between two attempts; NULL sleeps again. */
void kinesis_pause_replace(void (*fake)(int64_t wait_ms));

#endif
