/* api_stream.h - one reply in pieces, over the Runtime API.
 *
 * Is:      a chunked POST to /response, begun with the first piece, so that a failure before it is an
 *          ordinary /error; a failure after it travels in the two trailers.
 * Is not:  a buffer: each piece is one chunk and, where the kernel takes it, one system call.
 * Beware:  pieces are sent as fast as Lambda takes them (about 2 MB/s after the first 6 MB): a write may
 *          wait.
 * Source:  Lambda Developer Guide, "runtimes-custom" (response streaming),
 *          "configuration-response-streaming"; RFC 9112 sections 7.1 and 7.1.2.
 */
#ifndef NARAE_RUNTIME_API_STREAM_H
#define NARAE_RUNTIME_API_STREAM_H

#include <narae/handler.h>

#include "runtime/api.h"

struct api_stream {
    struct nr_stream base; /* what the handler's nr_reply_write() comes to */
    struct api *api;
    bool is_broken;    /* no more can be sent: */
    struct nr_err why; /* the caller is gone, or Lambda refused */
};

/* Ready for one invocation; sends nothing. */
void api_stream_init(struct api_stream *stream, struct api *api);

/* Has a byte of the reply left? Then /response and /error are no longer possible. */
bool api_stream_is_sent(const struct api_stream *stream);

/* The last piece, and the end.
 *
 * rest     in  what was not written yet; sent only when the handler succeeded
 * failure  in  of the handler, after the first piece; NULL = it succeeded
 * The connection is closed afterwards, as the guide wants it. err is set unless API_ACCEPTED. */
enum api_outcome api_stream_end(struct api_stream *stream, const char *content_type, struct nr_view rest,
                                const struct nr_err *failure, struct nr_err *err);

/* The end of a chunked body with a failure in its trailers. Safe in a signal handler when the buffer's memory
 * is given. body: the error JSON. */
void api_stream_format_failure(struct nr_buf *out, const char *header_type, struct nr_view body);

#endif
