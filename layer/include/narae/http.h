/* http.h - one request to any host, by libcurl.
 *
 * Is:      blocking request and reply with deadline, size cap and TLS verification; connections are kept for
 *          the process's life and survive a freeze by being replaced. Optionally signed for AWS (Signature
 *          Version 4).
 * Is not:  for thousands of requests to one host (h2.h is); follows no redirects.
 * Beware:  a status of 400 or more is a reply, not an error. When a kept connection breaks before a byte of
 *          the reply has come, the request is sent again on a new one, though the server may have carried it
 *          out; not with is_once.
 * Threads: any; each has connections of its own, closed when it ends.
 * Source:  libcurl's CURLOPT_AWS_SIGV4 and CURLOPT_PREREQFUNCTION pages; "Signing AWS API requests".
 */
#ifndef NARAE_HTTP_H
#define NARAE_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <narae/attr.h>
#include <narae/buf.h>
#include <narae/err.h>
#include <narae/view.h>

/* Zero = default. Everything is borrowed for the call. */
struct nr_http_request {
    const char *method;         /* default "GET", or "POST" when there is a body */
    const char *url;            /* required: http:// or https:// */
    const char *const *headers; /* "Name: value", NULL-ended; may be NULL */
    struct nr_view body;
    int64_t timeout_ms;         /* default 10,000 */
    int64_t connect_timeout_ms; /* default 3,000 */
    int64_t deadline_mono_ms;   /* 0 = none; binds beside timeout_ms */
    size_t reply_max_bytes;     /* default 1 MiB */
    bool is_once;               /* never sent a second time: see Beware */
    /* When sigv4 is set: "aws:amz:REGION:SERVICE", and the keys. The session token travels as the caller's
     * header. */
    const char *sigv4;
    const char *access_key_id;
    const char *secret_access_key;
};

/* Zero it before use; release with nr_http_reply_done(). */
struct nr_http_reply {
    int status;             /* 100 to 599 */
    struct nr_buf body;     /* owned */
    char content_type[128]; /* without care for case; "" = none; cut */
    char retry_after[64];   /* as it came; "" = none */
    char date[64];          /* as it came; "" = none */
};

void nr_http_reply_done(struct nr_http_reply *reply);

/* Send and wait.
 *
 * reply  out  filled on success; zeroed or used before by the caller
 * Returns 0 whatever the status; or -1, with host and reason but never query, header or body in the message:
 * INVALID (url), UNAVAILABLE (refused, reset, name, too large; Function.Unanswered: is_once, and the kept
 * connection broke under the request), DENIED (certificate), DEADLINE. */
int nr_http_send(const struct nr_http_request *request, struct nr_http_reply *reply,
                 struct nr_err *err) NR_MUST_CHECK;

#endif
