#include <stddef.h>
#include <string.h>

#include "runtime/api_metadata.h"

/* The headers that are passed on as text, and where they go. */
static const struct {
    const char *header;
    size_t at;
    const char *fallback;
} text_headers[] = {
    {"content-type", offsetof(struct api_event, content_type), "application/json"},
    {"lambda-runtime-invoked-function-arn", offsetof(struct api_event, function_arn), ""},
    {"lambda-runtime-trace-id", offsetof(struct api_event, trace_id), ""},
    {"lambda-runtime-aws-tenant-id", offsetof(struct api_event, tenant_id), ""},
};

/* A number that is none, or beyond any Lambda (year 2286), counts as missing: metadata never ends the
 * process. */
static int64_t parse_deadline(struct nr_view text)
{
    int64_t value = 0;

    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9' || i > 12)
            return 0;
        value = value * 10 + (text.ptr[i] - '0');
    }
    return value;
}

bool api_metadata_keep_id(struct nr_view value, char *out, size_t cap)
{
    bool is_good = value.len > 0 && value.len < cap;

    for (size_t i = 0; is_good && i < value.len; i++)
        is_good = value.ptr[i] > 0x20 && value.ptr[i] < 0x7f;
    if (is_good)
        memcpy(out, value.ptr, value.len);
    out[is_good ? value.len : 0] = '\0';
    return is_good;
}

void api_metadata_read(const struct http1_reply *reply, const char *data, struct api_event *event)
{
    for (size_t i = 0; i < sizeof(text_headers) / sizeof(text_headers[0]); i++) {
        struct nr_view value = http1_header(reply, data, text_headers[i].header);
        const char **slot = (const char **)(void *)((char *)event + text_headers[i].at);

        *slot = value.len ? value.ptr : text_headers[i].fallback;
    }
    event->client_context = http1_header(reply, data, "lambda-runtime-client-context");
    event->cognito_identity = http1_header(reply, data, "lambda-runtime-cognito-identity");
    event->deadline_unix_ms = parse_deadline(http1_header(reply, data, "lambda-runtime-deadline-ms"));
}
