/* Any bytes as a reply of the Runtime API: read at once and byte by byte, with the same result; refused with
 * words, or a body no longer than allowed inside the bytes that came. */
#include <stdlib.h>
#include <string.h>

#include "runtime/http1.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BODY_MAX_BYTES = 4096 };

static void must(bool is_so)
{
    if (!is_so)
        abort();
}

static char *copy_of(const uint8_t *data, size_t size)
{
    char *copy = malloc(size + 1);

    must(copy != NULL);
    if (size)
        memcpy(copy, data, size);
    return copy;
}

static int read_at_once(struct http1_reply *reply, char *bytes, size_t size)
{
    struct nr_err err = {0};
    int got;

    http1_begin(reply, BODY_MAX_BYTES);
    got = http1_parse(reply, bytes, size, &err);
    must(got >= 0 || err.message[0]);
    return got;
}

static int read_byte_by_byte(struct http1_reply *reply, char *bytes, size_t size)
{
    struct nr_err err = {0};
    int got = 0;

    http1_begin(reply, BODY_MAX_BYTES);
    for (size_t len = 1; len <= size && got == 0; len++)
        got = http1_parse(reply, bytes, len, &err);
    return got;
}

static void same_text(struct nr_view a, struct nr_view b)
{
    must(a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0));
}

static void same_reply(const struct http1_reply *a, const char *a_bytes, const struct http1_reply *b,
                       const char *b_bytes)
{
    must(a->status == b->status && a->n_headers == b->n_headers && a->is_keep_alive == b->is_keep_alive);
    must(a->body_len <= BODY_MAX_BYTES);
    same_text(http1_body(a, a_bytes), http1_body(b, b_bytes));
    same_text(http1_header(a, a_bytes, "content-type"), http1_header(b, b_bytes, "content-type"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *once = copy_of(data, size);
    char *again = copy_of(data, size);
    struct http1_reply a, b;
    int got = read_at_once(&a, once, size);

    must(read_byte_by_byte(&b, again, size) == got);
    if (got == 1) {
        must(a.body_at + a.body_len <= size && a.read_at <= size);
        same_reply(&a, once, &b, again);
    }
    free(once);
    free(again);
    return 0;
}
