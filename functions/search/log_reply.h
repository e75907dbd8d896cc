/* log_reply.h - what became of each event, told to whoever sent them and waits for the answer.
 *
 * Is:      the body of an HTTP answer, and of a direct invocation: counts, and an entry for each event that
 *          was not stored now, and for the first hundred that never can be.
 * Is not:  for SQS (nr_sqs_reply() is).
 * Beware:  reasons of refusals come from our own words; what AWS said stays in the log.
 */
#ifndef NARAE_SEARCH_LOG_REPLY_H
#define NARAE_SEARCH_LOG_REPLY_H

#include <stddef.h>
#include <stdint.h>

#include <narae/buf.h>
#include <narae/err.h>
#include <narae/handler.h>

/* Refusals beyond these are counted, and not told one by one. */
enum { LOG_REPLY_REFUSALS_MAX = 100 };

struct log_reply {
    size_t n_events, n_refused, n_lost; /* accepted are the rest; what somebody opted out of is accepted */
    struct nr_buf errors;               /* entries of the array */
};

void log_reply_init(struct log_reply *reply);
void log_reply_done(struct log_reply *reply);

/* Event `index` can never be stored. */
void log_reply_refuse(struct log_reply *reply, size_t index, const struct nr_err *why);

/* Event `index` was not stored now. */
void log_reply_lose(struct log_reply *reply, size_t index);

/* 202; 400 when all were refused, 503 when all were lost, 207 when some were either. */
int log_reply_status(const struct log_reply *reply);

/* {"accepted":1,"refused":0,"failed":0,"errors":[...]}. Returns 0, or -1 as nr_reply_bytes(). */
int log_reply_write(const struct log_reply *reply, struct nr_reply *out, struct nr_err *err) NR_MUST_CHECK;

/* The same in the envelope of an HTTP API. */
int log_reply_write_http(const struct log_reply *reply, struct nr_reply *out,
                         struct nr_err *err) NR_MUST_CHECK;

/* A request that holds no events to speak of: {"error":"..."} under `status`. */
int log_reply_write_http_error(int status, const char *message, struct nr_reply *out,
                               struct nr_err *err) NR_MUST_CHECK;

#endif
