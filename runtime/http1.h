/* http1.h - read one HTTP/1.1 reply, as it arrives.
 *
 * Is:      a pure, strict, incremental parser; bytes in, status, headers and body out, without a copy.
 * Is not:  a client (api is); no requests, no compression, no upgrade.
 * Beware:  it writes into the caller's buffer: header values get a NUL behind them, chunks are moved
 *          together. Places are offsets, because the buffer may move while it grows.
 * Source:  RFC 9112 (sections 2.2, 4, 5, 6.3, 7.1).
 */
#ifndef NARAE_RUNTIME_HTTP1_H
#define NARAE_RUNTIME_HTTP1_H

#include <stdbool.h>
#include <stddef.h>

#include <narae/err.h>
#include <narae/view.h>

enum {
    HTTP1_HEAD_MAX_BYTES =
        256 * 1024,         /* client context and identity travel as headers; four times what they may hold */
    HTTP1_HEADERS_MAX = 64, /* /next sends about ten */
};

struct http1_header {
    size_t name_at, name_len;
    size_t value_at, value_len;
};

enum http1_state {
    HTTP1_HEAD,
    HTTP1_BODY,
    HTTP1_CHUNK_SIZE,
    HTTP1_CHUNK_DATA,
    HTTP1_CHUNK_END,
    HTTP1_TRAILER,
    HTTP1_DONE
};

struct http1_reply {
    enum http1_state state;
    int status;         /* 100 to 599 */
    bool is_keep_alive; /* may the connection carry another request? */
    size_t n_headers;
    struct http1_header headers[HTTP1_HEADERS_MAX];
    size_t body_at, body_len;
    size_t read_at;    /* parsed up to here */
    size_t section_at; /* where the head, or what lies between two chunks, began: its length is capped */
    size_t body_max;   /* longer bodies are refused */
    size_t left;       /* bytes of the body or of this chunk still to come */
};

/* Ready for a reply whose body is at most body_max bytes. */
void http1_begin(struct http1_reply *reply, size_t body_max);

/* Look at everything received so far.
 *
 * data, len  in   all bytes of this reply from its first; may have moved since the last call
 * Returns 1 when the reply is whole, 0 when more bytes are needed, -1: UNAVAILABLE, Runtime.InvalidReply (not
 * HTTP, too large). */
int http1_parse(struct http1_reply *reply, char *data, size_t len, struct nr_err *err) NR_MUST_CHECK;

/* The first header of that name (compared without case); ptr NULL when absent. The value is NUL-terminated in
 * place. */
struct nr_view http1_header(const struct http1_reply *reply, const char *data, const char *name);

struct nr_view http1_body(const struct http1_reply *reply, const char *data);

#endif
