/* api_error.h - a failure in the words of the Runtime API.
 *
 * Is:      pure: the error body, the type as a header, the cause for X-Ray.
 * Is not:  a sender (api, crash and api_stream are).
 * Source:  Lambda Developer Guide, "runtimes-api"; the emulator's fatalerror.go (header) and error_cause.go
 *          (X-Ray).
 */
#ifndef NARAE_RUNTIME_API_ERROR_H
#define NARAE_RUNTIME_API_ERROR_H

#include <narae/buf.h>
#include <narae/err.h>

/* The body of an error report: {"errorMessage","errorType","stackTrace"}; valid UTF-8 whatever the message
 * holds. */
void api_error_body(struct nr_buf *out, const struct nr_err *failure);

/* Put the type into `out` as Lambda keeps it: "Function.X" and "Runtime.X" as they are, a bare "InvalidInput"
 * as "Function.InvalidInput", what cannot be made fit as "Function.Unknown". */
void api_error_header_type(const char *type, char out[NR_ERR_TYPE_MAX_BYTES + 16]);

/* The value of Lambda-Runtime-Function-XRay-Error-Cause: JSON in ASCII, since it travels as a header.
 *
 * out          out  appended; far below the 64 KiB at which Lambda crops it, as messages are capped
 * working_dir  in   "" = not known */
void api_error_cause(struct nr_buf *out, const struct nr_err *failure, const char *working_dir);

#endif
