/* intake.h - what Lambda was called with, and the bodies in it.
 *
 * Is:      pure: an SQS event, a request of an HTTP API (payload 2.0) or of a Function URL, or events as they
 *          are; told apart by their form, in one pass without a document.
 * Is not:  a reader of the bodies (decode.h, event.h).
 * Beware:  views point into the event's bytes; `body` of a message is raw: its escapes are still there.
 * Source:  Lambda Developer Guide, "Using Lambda with Amazon SQS"; API Gateway Developer Guide, payload
 *          format 2.0.
 */
#ifndef NARAE_SEARCH_INTAKE_H
#define NARAE_SEARCH_INTAKE_H

#include <stdbool.h>
#include <stddef.h>

#include <narae/err.h>
#include <narae/sqs.h>
#include <narae/view.h>

#include "functions/search/scan.h"

enum intake_shape { INTAKE_DIRECT, INTAKE_SQS, INTAKE_HTTP };

struct intake {
    enum intake_shape shape;
    struct nr_sqs_batch sqs; /* of SQS: bodies as they stand in the event; no time of sending */
    struct nr_view method;   /* of HTTP */
    struct scan_text body;   /* of HTTP; raw.ptr NULL = none */
    bool is_base64;          /* of HTTP */
};

/* Read the event.
 *
 * event  in   borrowed as long as the intake is used
 * out    out  the caller's, intake_done()
 * Returns 0, or -1: INVALID, Function.InvalidEvent or Function.InvalidJson, with the path; UNAVAILABLE
 * (memory). */
int intake_read(struct nr_view event, struct intake *out, struct nr_err *err) NR_MUST_CHECK;

/* Accepts a zeroed one. */
void intake_done(struct intake *intake);

#endif
