/* h2.h - very many small requests to one host over HTTP/2 and TLS.
 *
 * Is:      a client that pulls requests from its caller, keeps them moving over few connections, and says of
 *          each one whether it was answered, provably not processed, or perhaps processed.
 * Is not:  a general HTTP client (http.h is), nor a queue: it asks for a request when it can send it.
 * Beware:  the views of a request must stay alive until done() for it has returned. Callbacks must not call
 *          nr_h2_run() or nr_h2_free().
 * Source:  RFC 9113 (GOAWAY section 6.8, REFUSED_STREAM section 8.7); nghttp2 documentation.
 */
#ifndef NARAE_H2_H
#define NARAE_H2_H

#include <stddef.h>
#include <stdint.h>

#include <narae/attr.h>
#include <narae/err.h>
#include <narae/view.h>

struct nr_h2;

/* Zero = default. */
struct nr_h2_options {
    const char *origin;     /* required: "https://host[:port]", copied */
    const char *user_agent; /* copied; default "narae" */
    int max_connections;    /* 1 to 64; default 4 */
    int max_streams;        /* per connection, 1 to 1,000; default 100; the server's SETTINGS bind as well */
    int64_t connect_timeout_ms; /* TCP and TLS together; default 5,000 */
    int64_t request_timeout_ms; /* from submission to the last byte of the reply; default 10,000 */
    int64_t idle_max_ms;        /* a connection silent for longer is replaced before use; default 45,000 */
    size_t reply_max_bytes; /* body of one reply; default 65,536; a longer one is an error of that request */
};

struct nr_h2_header {
    struct nr_view name; /* lower case */
    struct nr_view value;
};

enum { NR_H2_BODY_PARTS_MAX = 4, NR_H2_HEADERS_MAX = 16 };

/* What next() fills in. All borrowed until done(). */
struct nr_h2_request {
    struct nr_view method; /* "POST" */
    struct nr_view path;   /* ":path", begins with "/" */
    const struct nr_h2_header
        *headers;     /* beside :method, :scheme, :authority, :path, user-agent, content-length */
    size_t n_headers; /* at most NR_H2_HEADERS_MAX */
    struct nr_view
        body[NR_H2_BODY_PARTS_MAX]; /* sent one after the other; unused ones empty: no copy is made */
    void *tag;                      /* the caller's, given back in the reply */
    int64_t later_mono_ms;          /* with NR_H2_LATER only: when to ask again */
};

/* What next() says. */
enum { NR_H2_NO_MORE = 0, NR_H2_TAKE = 1, NR_H2_LATER = 2 };

/* What became of a request. */
enum nr_h2_fate {
    NR_H2_ANSWERED,      /* a whole reply came */
    NR_H2_NOT_PROCESSED, /* certainly not acted upon: never sent, refused, or above the last id of a GOAWAY */
    NR_H2_MAYBE          /* sent, and no whole reply: it may have been processed */
};

/* What done() is given; everything is borrowed for the call. */
struct nr_h2_reply {
    void *tag;
    enum nr_h2_fate fate;
    int status;                 /* 100 to 599 when answered; else 0 */
    struct nr_view body;        /* when answered */
    struct nr_view retry_after; /* header as it came; empty = none */
    struct nr_view date;        /* header as it came; empty = none */
    int64_t latency_us;         /* submission to last byte, when answered */
    const struct nr_err *err;   /* why not answered: names host and reason; NULL when answered */
};

/* The caller's side of a run. */
struct nr_h2_work {
    /* Fill in the next request and return NR_H2_TAKE; return NR_H2_NO_MORE when there is no more, or
     * NR_H2_LATER with later_mono_ms, which is in the future, when there will be one then. Called when it can
     * be sent at once; or, when all connections are full or there is none yet, for one single request ahead:
     * a connection is made only for a request that exists. */
    int (*next)(void *ctx, struct nr_h2_request *out);
    /* Called exactly once for each request that next() gave, in no particular order, before nr_h2_run()
     * returns. */
    void (*done)(void *ctx, const struct nr_h2_reply *reply);
    void *ctx;
};

/* What a client has done since it was made. */
struct nr_h2_stats {
    uint64_t connections_opened;
    uint64_t requests;      /* given by next() */
    uint64_t resubmissions; /* sent again because provably not processed */
};

/* Make a client; connects nothing. *out is the caller's, nr_h2_free(). Not thread-safe; one per thread.
 * Returns 0, or -1: INVALID (origin or ranges; names the field), UNAVAILABLE (memory, TLS set-up). */
int nr_h2_new(const struct nr_h2_options *options, struct nr_h2 **out, struct nr_err *err) NR_MUST_CHECK;

/* Close all connections. Accepts NULL. */
void nr_h2_free(struct nr_h2 *h2);

/* Take requests from work->next until it returns 0, send them all, call done for each.
 *
 * deadline_mono_ms  in  no request is begun unless request_timeout_ms is left until then, so that none of
 *                       them is cut off and becomes MAYBE; NR_CLOCK_NEVER_MS = none
 *
 * A connection that was silent for over a second is asked by a PING before it is given requests; one that is
 * dead, or was silent for longer than idle_max_ms by either clock, is replaced. Requests that are provably
 * unprocessed are sent again, at most 3 times each. All this is invisible to the caller but for stats.
 *
 * Returns 0 when every request that next() can give was taken and is done. Returns -1 when taking stopped
 * early: DENIED (the certificate is refused: host and reason), UNAVAILABLE (no connection can be made, four
 * in a row answered nothing, or a hundred requests in a row were refused four times each) or DEADLINE. What
 * is in flight then still goes on to its end, and what was taken is done in any case; what next() would still
 * have given is the caller's to report. A request that gets no reply in time, or whose connection is lost, is
 * no reason to stop. */
int nr_h2_run(struct nr_h2 *h2, const struct nr_h2_work *work, int64_t deadline_mono_ms,
              struct nr_err *err) NR_MUST_CHECK;

struct nr_h2_stats nr_h2_stats(const struct nr_h2 *h2);

#endif
