#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "runtime/api_metadata.h"

static struct http1_reply reply;
static char bytes[1024];

static struct api_event read_headers(const char *headers)
{
    struct api_event event = {0};
    struct nr_err err = {0};

    snprintf(bytes, sizeof(bytes), "HTTP/1.1 200 OK\r\n%sContent-Length: 0\r\n\r\n", headers);
    http1_begin(&reply, 0);
    cr_assert_eq(http1_parse(&reply, bytes, strlen(bytes), &err), 1, "%s", err.message);
    api_metadata_read(&reply, bytes, &event);
    return event;
}

Test(api_metadata, reads_what_is_there)
{
    struct api_event event =
        read_headers("lambda-RUNTIME-trace-id: Root=1\r\nLambda-Runtime-Deadline-Ms: 1764000000123\r\n"
                     "Lambda-Runtime-Client-Context: {broken\r\nContent-Type: text/csv\r\n");

    cr_expect_str_eq(event.trace_id, "Root=1");
    cr_expect_str_eq(event.content_type, "text/csv");
    cr_expect_eq(event.deadline_unix_ms, 1764000000123);
    cr_expect(nr_view_is(event.client_context, NR_VIEW("{broken")));
}

Test(api_metadata, has_a_value_for_all_that_is_missing)
{
    struct api_event event = read_headers("");

    cr_expect_str_eq(event.content_type, "application/json");
    cr_expect_str_eq(event.function_arn, "");
    cr_expect_str_eq(event.trace_id, "");
    cr_expect_str_eq(event.tenant_id, "");
    cr_expect_eq(event.client_context.len, 0u);
    cr_expect_eq(event.deadline_unix_ms, 0);
}

Test(api_metadata, takes_the_first_of_two)
{
    cr_expect_str_eq(read_headers("Lambda-Runtime-Trace-Id: 1\r\nLambda-Runtime-Trace-Id: 2\r\n").trace_id,
                     "1");
}

Test(api_metadata, keeps_only_ids_that_can_be_sent_back)
{
    static const struct {
        const char *value;
        const char *kept;
    } rows[] = {{"id-1", "id-1"},       {"", ""},         {"a b", ""},  {"a\tb", ""}, {"caf\xC3\xA9", ""},
                {"1234567", "1234567"}, {"12345678", ""}, {"a\x7f", ""}};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char out[8] = "before";

        cr_expect_eq(api_metadata_keep_id(nr_view(rows[i].value), out, sizeof(out)), rows[i].kept[0] != '\0');
        cr_expect_str_eq(out, rows[i].kept, "%s", rows[i].value);
    }
}
