#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <jansson.h>

#include <narae/log.h>

#include "tests/support/fake_clock.h"
#include "tests/support/log_capture.h"

static void begin(const char *format, const char *level)
{
    setenv("AWS_LAMBDA_LOG_FORMAT", format, 1);
    setenv("AWS_LAMBDA_LOG_LEVEL", level, 1);
    nr_log_setup();
    fake_clock_set(1796137608123, 0);
    log_capture_begin();
}

static void assert_logged(const char *expected)
{
    char *text = log_capture_take();

    cr_assert_str_eq(text, expected);
    free(text);
}

Test(log, json_has_time_level_message_ids_and_fields)
{
    begin("JSON", "INFO");
    nr_log_context("req-1", "tenant-1");

    nr_log(NR_LOG_INFO, "pushes sent", nr_log_int("sent", -3), nr_log_text("id", nr_view("a\"b")),
           nr_log_bool("isLast", true));

    assert_logged(
        "{\"timestamp\":\"2026-12-01T15:06:48.123Z\",\"level\":\"INFO\",\"message\":\"pushes sent\","
        "\"requestId\":\"req-1\",\"tenantId\":\"tenant-1\",\"sent\":-3,\"id\":\"a\\\"b\",\"isLast\":true}\n");
}

Test(log, text_is_one_line_whatever_it_holds)
{
    begin("Text", "INFO");
    nr_log_context("req-1", NULL);

    nr_log(NR_LOG_WARN, "two\nlines", nr_log_text("why", nr_view("a\nb")));

    assert_logged("2026-12-01T15:06:48.123Z WARN req-1 two lines why=\"a\\nb\"\n");
}

Test(log, levels_are_filtered_without_case)
{
    begin("json", "wArN");

    nr_log(NR_LOG_INFO, "not this", nr_log_int("n", 1));
    nr_log(NR_LOG_ERROR, "this", nr_log_int("n", 1));

    cr_assert_not(nr_log_is_on(NR_LOG_INFO));
    cr_assert(nr_log_is_on(NR_LOG_WARN));
    assert_logged(
        "{\"timestamp\":\"2026-12-01T15:06:48.123Z\",\"level\":\"ERROR\",\"message\":\"this\",\"n\":1}\n");
}

Test(log, an_unknown_level_means_info)
{
    begin("JSON", "LOUD");

    cr_assert(nr_log_is_on(NR_LOG_INFO));
    cr_assert_not(nr_log_is_on(NR_LOG_DEBUG));
}

Test(log, an_error_is_one_record_with_all_it_knows)
{
    struct nr_err err = {0};
    const struct nr_log_field field = nr_log_int("messages", 2);
    begin("JSON", "INFO");
    nr_err_set(&err, NR_ERR_DENIED, "Function.DatabaseDenied", "NARAE_DATABASE: no");
    nr_err_hint(&err, "look at the password");

    nr_log_err(NR_LOG_ERROR, "nothing was sent", &err, &field, 1);

    assert_logged(
        "{\"timestamp\":\"2026-12-01T15:06:48.123Z\",\"level\":\"ERROR\",\"message\":\"nothing was sent\","
        "\"errorType\":\"Function.DatabaseDenied\",\"errorKind\":\"denied\",\"errorMessage\":\"NARAE_"
        "DATABASE: "
        "no\",\"hint\":\"look at the password\",\"messages\":2}\n");
}

Test(log, a_record_that_is_too_long_says_so_and_stays_json)
{
    size_t len = NR_LOG_RECORD_MAX_BYTES;
    char *large = malloc(len);
    char *text;
    json_t *record;
    memset(large, 'x', len);
    begin("JSON", "INFO");

    nr_log(NR_LOG_INFO, "large", nr_log_text("text", nr_view_n(large, len)));

    text = log_capture_take();
    record = json_loads(text, 0, NULL);
    cr_assert_not_null(record);
    cr_assert_eq(json_integer_value(json_object_get(record, "cutAtBytes")), NR_LOG_RECORD_MAX_BYTES);
    json_decref(record);
    free(text);
    free(large);
}

Test(log, the_next_record_after_a_long_one_is_whole)
{
    char large[NR_LOG_RECORD_MAX_BYTES];
    char *text;
    memset(large, 'x', sizeof(large));
    begin("JSON", "INFO");

    nr_log(NR_LOG_INFO, "large", nr_log_text("text", nr_view_n(large, sizeof(large))));
    nr_log(NR_LOG_INFO, "small", nr_log_int("n", 1));

    text = log_capture_take();
    cr_assert_not_null(strstr(text, "\"message\":\"small\",\"n\":1}\n"));
    free(text);
}

Test(log, text_has_both_ids)
{
    begin("Text", "INFO");
    nr_log_context("req-1", "blue");

    nr_log(NR_LOG_INFO, "done", nr_log_int("n", 1));

    assert_logged("2026-12-01T15:06:48.123Z INFO req-1 done tenantId=\"blue\" n=1\n");
}

static void *log_as_another(void *unused)
{
    nr_log_context("req-2", NULL);
    nr_log(NR_LOG_INFO, "theirs", nr_log_int("n", 2));
    return unused;
}

Test(log, ids_belong_to_the_thread_that_set_them)
{
    pthread_t other;
    begin("Text", "INFO");
    nr_log_context("req-1", NULL);

    cr_assert_eq(pthread_create(&other, NULL, log_as_another, NULL), 0);
    pthread_join(other, NULL);
    nr_log(NR_LOG_INFO, "ours", nr_log_int("n", 1));

    assert_logged("2026-12-01T15:06:48.123Z INFO req-2 theirs n=2\n"
                  "2026-12-01T15:06:48.123Z INFO req-1 ours n=1\n");
}

Test(log, several_invocations_at_a_time_have_only_json)
{
    setenv("AWS_LAMBDA_MAX_CONCURRENCY", "1", 1);
    begin("Text", "INFO");

    nr_log(NR_LOG_INFO, "done", nr_log_int("n", 1));

    assert_logged(
        "{\"timestamp\":\"2026-12-01T15:06:48.123Z\",\"level\":\"INFO\",\"message\":\"done\",\"n\":1}\n");
}

Test(log, last_words_need_neither_lock_nor_heap)
{
    char memory[256];
    struct nr_buf line = {.data = memory, .cap = sizeof(memory), .max_bytes = sizeof(memory) - 1};
    const struct nr_log_field field = nr_log_text("errorMessage", NR_VIEW("SIGSEGV"));
    begin("JSON", "INFO");
    nr_log_context("req-1", NULL);

    nr_log_last_words(&line, "crashed", &field, 1);

    assert_logged("{\"timestamp\":\"2026-12-01T15:06:48.123Z\",\"level\":\"FATAL\",\"message\":\"crashed\","
                  "\"requestId\":\"req-1\",\"errorMessage\":\"SIGSEGV\"}\n");
    cr_assert_eq(line.data, memory);
}
