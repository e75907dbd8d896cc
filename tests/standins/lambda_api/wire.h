/* wire.h - bytes of one connection, in and out, with a way to be interrupted.
 *
 * Is:      reads of one HTTP request at a time, writes in pieces; both end at a deadline or when the server
 *          is stopped.
 * Is not:  strict: the runtime's own parser is what is under test.
 */
#ifndef NARAE_LAMBDA_API_WIRE_H
#define NARAE_LAMBDA_API_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include <narae/buf.h>
#include <narae/err.h>

struct wire {
    int fd;
    int stop_fd; /* readable = stop */
    int64_t deadline_mono_ms;
    struct nr_buf in; /* what came and was not taken yet */
};

struct wire_request {
    char method[8];
    char path[512];
    json_t *headers; /* names in lower case; owned */
    size_t body_bytes;
    struct nr_buf body;
    bool is_chunked;
    int n_chunks;     /* of a chunked body, the last, empty one not counted */
    bool is_cut;      /* its sender went away in the middle */
    json_t *trailers; /* names in lower case; owned */
};

/* Wait until fd is readable. 0, or -1: DEADLINE (too long, or stopped). */
int wire_wait(const struct wire *wire, int fd, struct nr_err *err) NR_MUST_CHECK;

/* Request line and headers. Returns 1, 0 when the other side closed between two requests, -1: INVALID,
 * DEADLINE. */
int wire_read_head(struct wire *wire, struct wire_request *out, struct nr_err *err) NR_MUST_CHECK;

/* Did the head announce a body? */
bool wire_has_body(const struct wire_request *request);

/* The body that the head announced, taken out of its chunks. Returns 0 or -1; a chunked one that is cut is
 * marked so, and no error. */
int wire_read_body(struct wire *wire, struct wire_request *request, struct nr_err *err) NR_MUST_CHECK;

/* Write in pieces of piece_bytes (0 = all at once). is_last: wire_close() comes next, and the end is to be
 * seen together with the bytes: else who reads them may ask again before it is there. False when the other
 * side is gone. */
bool wire_write(const struct wire *wire, struct nr_view bytes, size_t piece_bytes, bool is_last);

/* Wait for the other side to close; whatever it says is thrown away. */
void wire_wait_for_close(const struct wire *wire);

/* End the connection; is_reset: by RST, so that the other side loses what it has not read yet. */
void wire_close(struct wire *wire, bool is_reset);

void wire_request_done(struct wire_request *request);

#endif
