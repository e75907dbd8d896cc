/* aws_query.h - one call to an AWS service's Query API: a form goes out, XML comes back.
 *
 * Is:      the form's encoding, signature, retries, and the error that an answer other than 200 holds.
 * Is not:  a parser of the answer: its bytes go to the caller, who knows what he asked.
 * Beware:  after a time-out or a broken connection nobody knows whether the call was carried out. A call that
 *          makes something sets is_once: it is not sent again, and the caller looks before he does.
 * Source:  "Making API requests" (Query protocol) of the Amazon RDS API reference; AWS SDKs' standard retry
 *          mode.
 */
#ifndef NARAE_AWS_QUERY_H
#define NARAE_AWS_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <narae/attr.h>
#include <narae/buf.h>
#include <narae/err.h>
#include <narae/view.h>

enum { NR_AWS_CODE_BYTES = 96, NR_AWS_MESSAGE_BYTES = 512, NR_AWS_REQUEST_ID_BYTES = 64 };

/* Everything is borrowed for the call. */
struct nr_aws_query_call {
    const char *service;      /* signing name and host prefix: "rds" */
    const char *endpoint_env; /* "AWS_ENDPOINT_URL_RDS": wins over AWS_ENDPOINT_URL, which wins over the
                                 public host */
    const char *region;       /* NULL = AWS_REGION, then AWS_DEFAULT_REGION */
    const char *action;       /* "CreateDBClusterSnapshot", for errors; the form holds it, too */
    struct nr_view form;      /* made with nr_aws_query_begin() and _add() */
    bool is_once;             /* only throttling is tried again */
    size_t reply_max_bytes;   /* 0 = 1 MiB */
    int64_t deadline_mono_ms; /* NR_CLOCK_NEVER_MS = the default time-outs alone */
};

/* What AWS said beside the body, on success and on failure; zeroed where it said nothing. */
struct nr_aws_query_note {
    int status;                               /* of the last answer; 0 = there was none */
    char code[NR_AWS_CODE_BYTES];             /* "Throttling"; "" on success */
    char message[NR_AWS_MESSAGE_BYTES];       /* entities decoded, cut */
    char request_id[NR_AWS_REQUEST_ID_BYTES]; /* of an error */
    int64_t date_unix_s;                      /* AWS's clock; 0 = no Date header */
    int n_sent;                               /* requests sent, first and again */
    int n_throttled;                          /* answers that said too fast */
};

/* Start a form, or go on with one: "Action=...&Version=..." and "&name=value" with what must be escaped
 * escaped.
 *
 * name  in  printf format: nr_aws_query_add(form, value, "Tags.Tag.%zu.Key", n) */
void nr_aws_query_begin(struct nr_buf *form, const char *action, const char *version);
void nr_aws_query_add(struct nr_buf *form, struct nr_view value, const char *name, ...) NR_PRINTF(3, 4);

/* Call. Throttling, 5xx and broken connections are tried again (3 attempts, full jitter, within the deadline;
 * the last two not for is_once); expired or wrong credentials are asked for anew, once.
 *
 * xml   out  replaced by the answer's body; init it, release with nr_buf_done()
 * note  out  written whatever the result
 * Returns 0 for a 200, or -1 with action, status, code and AWS's message: NOT_FOUND, DENIED, THROTTLED,
 * UNAVAILABLE, DEADLINE, INVALID. */
int nr_aws_query(const struct nr_aws_query_call *call, struct nr_buf *xml, struct nr_aws_query_note *note,
                 struct nr_err *err) NR_MUST_CHECK;

#endif
