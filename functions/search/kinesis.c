#include <errno.h>
#include <string.h>
#include <time.h>

#include <narae/aws.h>
#include <narae/clock.h>
#include <narae/rand.h>
#include <narae/retry.h>

#include "functions/search/kinesis.h"

enum {
    ACCOUNT_ID_DIGITS = 12,
    REPLY_MAX_BYTES = 1024 * 1024, /* 500 entries with long messages are a quarter of it */
};

/* A throttled shard has room again within a second; ten attempts last ten seconds at most. */
static const struct nr_retry_policy retry_policy = {
    .max_attempts = KINESIS_ATTEMPTS_MAX, .base_ms = 50, .cap_ms = 2000};

/* AWS's words name the account. They are for operators, but an error travels further than one knows. */
static void hide_accounts(char *text)
{
    for (char *at = text; *at;) {
        size_t n = strspn(at, "0123456789");

        if (n == ACCOUNT_ID_DIGITS)
            memset(at, '*', n);
        at += n ? n : 1;
    }
}

static int64_t call_deadline(const struct kinesis_stream *stream, int64_t deadline_mono_ms)
{
    int64_t own = nr_clock_mono_ms() + stream->request_timeout_ms;

    return own < deadline_mono_ms ? own : deadline_mono_ms;
}

static int call(const struct kinesis_stream *stream, struct nr_view body, int64_t deadline_mono_ms,
                struct nr_buf *reply, struct nr_err *err)
{
    const struct nr_aws_call call = {
        .service = "kinesis",
        .endpoint_env = "AWS_ENDPOINT_URL_KINESIS",
        .region = stream->region,
        .target = "Kinesis_20131202.PutRecords",
        .json_version = "1.1",
        .body = body,
        .deadline_mono_ms = call_deadline(stream, deadline_mono_ms),
    };

    return nr_aws_bytes(&call, reply, err);
}

/* Entries that were refused, as an error that says what to do. */
static int refused(const uint8_t *fates, size_t n, struct kinesis_tally *tally, struct nr_err *err)
{
    size_t n_throttled = 0;
    size_t n_failed = 0;

    for (size_t i = 0; i < n; i++) {
        n_throttled += fates[i] == KINESIS_THROTTLED;
        n_failed += fates[i] == KINESIS_FAILED;
    }
    tally->n_throttled += n_throttled;
    if (n_throttled + n_failed == 0)
        return 0;
    if (n_throttled >= n_failed)
        return nr_err_set(err, NR_ERR_THROTTLED, "Function.StreamThrottled",
                          "%zu of %zu records refused: the stream is at its limit", n_throttled + n_failed,
                          n);
    return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.StreamFailed",
                      "%zu of %zu records refused by the stream", n_throttled + n_failed, n);
}

/* A refusal is an answer; only of what was not answered nobody knows whether it is stored. */
static void count_failure(const struct nr_err *err, struct kinesis_tally *tally)
{
    if (err->kind == NR_ERR_THROTTLED)
        tally->n_throttled++;
    else if (nr_err_is_transient(err))
        tally->n_in_doubt++;
}

static int put_once(const struct kinesis_stream *stream, const struct kinesis_record *records, uint8_t *fates,
                    size_t n, int64_t deadline_mono_ms, struct nr_buf *body, struct kinesis_tally *tally,
                    struct nr_err *err)
{
    NR_BUF_AUTO reply;

    nr_buf_init(&reply, REPLY_MAX_BYTES);
    if (nr_clock_left_ms(deadline_mono_ms) == 0)
        return nr_err_set(err, NR_ERR_DEADLINE, "Function.Timeout", "no time left for PutRecords");
    nr_buf_reset(body);
    kinesis_request_write(stream->name, records, fates, n, body);
    if (nr_buf_check(body, "a request to the stream", err) != 0)
        return -1;
    tally->n_requests++;
    if (call(stream, nr_buf_view(body), deadline_mono_ms, &reply, err) == 0 &&
        kinesis_reply_read(nr_buf_view(&reply), fates, n, err) == 0)
        return refused(fates, n, tally, err);
    count_failure(err, tally);
    hide_accounts(err->message);
    return -1;
}

static void (*replaced)(int64_t wait_ms);

void kinesis_pause_replace(void (*fake)(int64_t wait_ms))
{
    replaced = fake;
}

static void pause_ms(int64_t wait_ms)
{
    struct timespec wait = {wait_ms / 1000, wait_ms % 1000 * 1000000};

    if (replaced)
        replaced(wait_ms);
    else
        while (nanosleep(&wait, &wait) != 0 && errno == EINTR)
            ;
}

int kinesis_put(const struct kinesis_stream *stream, const struct kinesis_record *records, uint8_t *fates,
                size_t n, int64_t deadline_mono_ms, struct nr_buf *body, struct kinesis_tally *tally,
                struct nr_err *err)
{
    for (int attempt = 1;; attempt++) {
        struct nr_err why = {0};
        struct nr_retry_decision decision;

        if (put_once(stream, records, fates, n, deadline_mono_ms, body, tally, &why) == 0)
            return 0;
        decision = nr_retry_decide(&retry_policy, attempt, &why, nr_clock_left_ms(deadline_mono_ms),
                                   nr_rand_below(1ULL << 32));
        if (!decision.is_again) {
            *err = why;
            return -1;
        }
        pause_ms(decision.wait_ms);
    }
}
