/* Any bytes as the headers of an event: whatever they hold, every member of the event is a text, and an id
 * that is kept can be sent back. */
#include <stdlib.h>
#include <string.h>

#include "runtime/api_metadata.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool is_so)
{
    if (!is_so)
        abort();
}

static void check_id(const struct http1_reply *reply, const char *bytes)
{
    char id[128];
    bool is_kept =
        api_metadata_keep_id(http1_header(reply, bytes, "lambda-runtime-aws-request-id"), id, sizeof(id));

    must(is_kept == (id[0] != '\0'));
    for (const char *c = id; *c; c++)
        must(*c > ' ' && *c < 0x7f);
}

static void check_event(const struct http1_reply *reply, const char *bytes, size_t size)
{
    struct api_event event = {0};
    const char *const *texts[] = {&event.content_type, &event.function_arn, &event.trace_id,
                                  &event.tenant_id};

    api_metadata_read(reply, bytes, &event);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        must(*texts[i] && strlen(*texts[i]) <= size + sizeof("application/json"));
    must(event.deadline_unix_ms >= 0);
    must(event.client_context.len <= size && event.cognito_identity.len <= size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char start[] = "HTTP/1.1 200 OK\r\n";
    size_t len = sizeof(start) - 1 + size;
    char *bytes = malloc(len);
    struct http1_reply reply;
    struct nr_err err = {0};

    must(bytes != NULL);
    memcpy(bytes, start, sizeof(start) - 1);
    if (size)
        memcpy(bytes + sizeof(start) - 1, data, size);
    http1_begin(&reply, len);
    /* Also what was read of a reply that makes no sense is looked at: an error is sent under its id. */
    if (http1_parse(&reply, bytes, len, &err) != 0) {
        check_id(&reply, bytes);
        check_event(&reply, bytes, len);
    }
    free(bytes);
    return 0;
}
