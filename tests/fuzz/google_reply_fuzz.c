/* Any bytes as the token endpoint's answer: "STATUS\nDATE\nBODY". A token, or an error in words without a
 * secret. */
#include <stdlib.h>
#include <string.h>

#include "functions/push/google_reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct nr_view take_line(struct nr_view *rest)
{
    const char *end = rest->len ? memchr(rest->ptr, '\n', rest->len) : NULL;
    struct nr_view line = nr_view_n(rest->ptr, end ? (size_t)(end - rest->ptr) : rest->len);
    size_t used = line.len + (end != NULL);

    *rest = nr_view_n(rest->ptr + used, rest->len - used);
    return line;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct nr_view rest = nr_view_n((const char *)data, size);
    struct nr_view status = take_line(&rest);
    struct google_reply reply = {.date = take_line(&rest)};
    struct google_token token = {0};
    struct nr_err err = {0};
    int64_t skew_s = 0;

    reply.body = rest;
    reply.status = nr_view_is(status, NR_VIEW("200")) ? 200 : nr_view_is(status, NR_VIEW("503")) ? 503 : 400;
    if (google_reply_skew(&reply, INT64_C(1795729200000), &skew_s) && skew_s == 0)
        abort();
    if (google_reply_read(&reply, INT64_C(1795729200000), &token, &err) == 0) {
        if (!token.value[0] || token.expires_wall_ms <= INT64_C(1795729200000))
            abort();
        return 0;
    }
    /* A refusal quotes Google's own sentence; an answer that should have held a token is never quoted. */
    if (!err.message[0] || token.value[0] || (reply.status == 200 && strstr(err.message, "ya29")))
        abort();
    return 0;
}
