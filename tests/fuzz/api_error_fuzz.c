/* Any bytes as the words of a failure: the report is JSON, the cause is JSON in ASCII on one line, the type
 * is one that Lambda keeps. */
#include <stdlib.h>
#include <string.h>

#include <narae/json.h>

#include "runtime/api_error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool is_so)
{
    if (!is_so)
        abort();
}

static void take(char *out, size_t cap, const uint8_t **data, size_t *size)
{
    size_t n = *size < cap - 1 ? *size : cap - 1;

    if (n)
        memcpy(out, *data, n);
    *data += n;
    *size -= n;
}

static void must_be_json(struct nr_buf *text)
{
    NR_JSON_AUTO *value = NULL;
    struct nr_err err = {0};

    must(!text->is_bad);
    must(nr_json_parse(nr_buf_view(text), "report", &value, &err) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct nr_err failure = {.kind = NR_ERR_BUG};
    char type[NR_ERR_TYPE_MAX_BYTES + 16];
    NR_BUF_AUTO body = {.max_bytes = 65536};
    NR_BUF_AUTO cause = {.max_bytes = 65535};

    take(failure.type, sizeof(failure.type), &data, &size);
    take(failure.hint, sizeof(failure.hint), &data, &size);
    take(failure.message, sizeof(failure.message), &data, &size);
    api_error_body(&body, &failure);
    must_be_json(&body);
    api_error_cause(&cause, &failure, "/var/task");
    must_be_json(&cause);
    for (size_t i = 0; i < cause.len; i++)
        must(cause.data[i] >= ' ' && cause.data[i] < 0x7f);
    api_error_header_type(failure.type, type);
    must(strncmp(type, "Function.", 9) == 0 || strncmp(type, "Runtime.", 8) == 0);
    must(!strpbrk(type, " \t\r\n"));
    return 0;
}
