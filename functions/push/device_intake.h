/* device_intake.h - where device messages come from, and how each of them is answered.
 *
 * Is:      pure: an SQS event, one message, or a list of messages in; messages out; then batchItemFailures,
 *          or a result for each message of a direct invocation: {"results":[{"outcome":"registered",...}]}.
 * Is not:  what the messages do.
 * Beware:  inputs borrow from the event, which must outlive the intake.
 */
#ifndef NARAE_PUSH_DEVICE_INTAKE_H
#define NARAE_PUSH_DEVICE_INTAKE_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include <narae/buf.h>
#include <narae/err.h>
#include <narae/handler.h>
#include <narae/sqs.h>

#include "functions/push/device_event.h"

/* Of a direct invocation: Lambda takes 6 MB, and the caller waits for the answer. */
enum { DEVICE_DIRECT_MAX = 1000 };

struct device_intake {
    bool is_direct;
    struct nr_sqs_batch sqs; /* when it is not */
    const json_t *list;      /* when it is: the messages, or NULL for a single one */
    const json_t *single;
    size_t n;
    json_t **docs; /* parsed bodies of SQS messages; owned */
    struct device_result {
        struct nr_buf text; /* JSON */
        bool is_failed;
    } * results; /* of a direct invocation; owned */
};

/* Tell what came.
 *
 * event  in   borrowed as long as the intake is used
 * out    out  the caller's, device_intake_done()
 * Returns 0, or -1: INVALID, Function.InvalidEvent; UNAVAILABLE (memory). */
int device_intake_read(const json_t *event, struct device_intake *out, struct nr_err *err) NR_MUST_CHECK;

/* Read message i. Returns 0, or -1: INVALID, with the path ("Records[3].body.kind: ...", "[3].kind: ..."). */
int device_intake_parse(struct device_intake *intake, size_t i, struct device_message *out,
                        struct nr_err *err) NR_MUST_CHECK;

/* When message i was sent, by SQS; ms since 1970, 0 = not known. */
int64_t device_intake_sent_unix_ms(const struct device_intake *intake, size_t i);

/* The id that a log line names it by: SQS's, or empty. */
struct nr_view device_intake_id(const struct device_intake *intake, size_t i);

/* Are both in one FIFO group, so that i must not be done before `before` is? */
bool device_intake_is_behind(const struct device_intake *intake, size_t i, size_t before);

/* Message i can never work: back at once, so that it reaches the dead-letter queue within seconds. why is
 * copied. */
void device_intake_refuse(struct device_intake *intake, size_t i, const struct nr_err *why);

/* Message i did not work now: back after a while. random: uniform in [0, 2^32). */
void device_intake_fail(struct device_intake *intake, size_t i, const struct nr_err *why, uint64_t random);

/* Message i is done. device_id: 0 = there is none. */
void device_intake_settle(struct device_intake *intake, size_t i, const char *outcome, int64_t device_id);

/* How many failed. */
size_t device_intake_n_failed(const struct device_intake *intake);

/* Write the reply. Returns 0, or -1 as nr_reply_bytes(). */
int device_intake_reply(const struct device_intake *intake, struct nr_reply *reply,
                        struct nr_err *err) NR_MUST_CHECK;

/* Accepts a zeroed intake. */
void device_intake_done(struct device_intake *intake);

#endif
