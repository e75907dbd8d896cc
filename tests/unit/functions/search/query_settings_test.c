#include <stdio.h>
#include <stdlib.h>

#include <criterion/criterion.h>

#include <narae/clock.h>

#include "functions/search/query_settings.h"
#include "layer/aws/aws_pause.h"
#include "tests/support/canned_http.h"
#include "tests/support/fake_clock.h"

static struct query_settings settings;
static struct nr_err err;

static void set_up(void)
{
    setenv("NARAE_DATABASE", "env:THE_DATABASE", 1);
    setenv("THE_DATABASE", "host=127.0.0.1 port=1 dbname=none password=hush", 1);
    setenv("NARAE_SEARCH_CURSOR_KEY", "env:THE_KEY", 1);
    setenv("THE_KEY", "0123456789abcdef0123456789abcdef", 1);
}

static void tear_down(void)
{
    query_settings_done(&settings);
}

TestSuite(query_settings, .init = set_up, .fini = tear_down);

static void expect_refusal(const char *name, const char *value, const char *message)
{
    setenv(name, value, 1);
    nr_err_reset(&err);
    cr_expect_eq(query_settings_read(&settings, &err), -1);
    cr_expect_eq(err.kind, NR_ERR_INVALID);
    cr_expect_str_eq(err.type, "Function.InvalidSetting");
    cr_expect_str_eq(err.message, message);
    unsetenv(name);
}

Test(query_settings, have_defaults)
{
    cr_assert_eq(query_settings_read(&settings, &err), 0, "%s", err.message);
    cr_assert_eq(query_settings_read_secrets(&settings, NR_CLOCK_NEVER_MS, &err), 0, "%s", err.message);

    cr_expect_str_eq(settings.events_queue, "");
    cr_expect_eq(settings.timeout_ms, 2000);
    cr_expect_eq(settings.events_timeout_ms, 300);
    cr_expect_eq(settings.cursor_key.len, 32);
    cr_expect_not_null(settings.pg);
}

Test(query_settings, name_the_variable_that_is_wrong)
{
    expect_refusal(
        "NARAE_SEARCH_EVENTS_QUEUE", "my-queue",
        "NARAE_SEARCH_EVENTS_QUEUE: must be https://..., the URL of search_log's queue, not \"my-queue\"");
    expect_refusal("NARAE_SEARCH_TIMEOUT_MS", "49",
                   "NARAE_SEARCH_TIMEOUT_MS: \"49\" is not a whole number from 50 to 30000 ms");
    expect_refusal("NARAE_SEARCH_EVENTS_TIMEOUT_MS", "1s",
                   "NARAE_SEARCH_EVENTS_TIMEOUT_MS: \"1s\" is not a whole number from 20 to 5000 ms");
}

Test(query_settings, refuse_a_short_key_without_showing_it)
{
    setenv("THE_KEY", "hush", 1);
    cr_assert_eq(query_settings_read(&settings, &err), 0);

    cr_expect_eq(query_settings_read_secrets(&settings, NR_CLOCK_NEVER_MS, &err), -1);

    cr_expect_str_eq(err.message, "NARAE_SEARCH_CURSOR_KEY: must have at least 32 bytes, not 4");
}

Test(query_settings, forget_the_database_and_read_it_again)
{
    cr_assert_eq(query_settings_read(&settings, &err), 0);
    cr_assert_eq(query_settings_read_secrets(&settings, NR_CLOCK_NEVER_MS, &err), 0);

    query_settings_forget_database(&settings);
    cr_expect_null(settings.pg);

    cr_expect_eq(query_settings_read_secrets(&settings, NR_CLOCK_NEVER_MS, &err), 0);
    cr_expect_not_null(settings.pg);
}

static void expect_key(const char *key)
{
    cr_assert_eq(query_settings_read_secrets(&settings, NR_CLOCK_NEVER_MS, &err), 0, "%s", err.message);
    cr_expect_str_eq(nr_buf_text(&settings.cursor_key), key);
}

Test(query_settings, take_a_new_key_of_cursors_with_the_next_search)
{
    cr_assert_eq(query_settings_read(&settings, &err), 0);
    expect_key("0123456789abcdef0123456789abcdef");

    setenv("THE_KEY", "another key that has 35 bytes in it", 1);

    expect_key("another key that has 35 bytes in it");
}

Test(query_settings, refuse_a_key_that_has_become_too_short)
{
    cr_assert_eq(query_settings_read(&settings, &err), 0);
    expect_key("0123456789abcdef0123456789abcdef");
    setenv("THE_KEY", "hush", 1);

    cr_expect_eq(query_settings_read_secrets(&settings, NR_CLOCK_NEVER_MS, &err), -1);

    cr_expect_str_eq(err.message, "NARAE_SEARCH_CURSOR_KEY: must have at least 32 bytes, not 4");
}

static void key_lies_with_aws(const char *endpoint)
{
    setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "example", 1);
    setenv("AWS_REGION", "us-east-1", 1);
    setenv("AWS_ENDPOINT_URL", endpoint, 1);
    setenv("NARAE_SEARCH_CURSOR_KEY", "arn:aws:secretsmanager:us-east-1:123456789012:secret:cursor-AbCdEf",
           1);
}

Test(query_settings, go_on_with_the_key_at_hand_while_the_secret_cannot_be_reached)
{
    cr_assert_eq(query_settings_read(&settings, &err), 0);
    expect_key("0123456789abcdef0123456789abcdef");

    key_lies_with_aws("http://127.0.0.1:1"); /* nobody listens there */

    expect_key("0123456789abcdef0123456789abcdef");
}

static void not_waited(int64_t wait_ms)
{
    (void)wait_ms;
}

/* Or an outage of Secrets Manager would make every search wait for it. */
Test(query_settings, ask_for_a_key_that_cannot_be_reached_only_now_and_then)
{
    static const char *const answers[] = {"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\n{}"};
    struct canned_http *server = canned_http_start(answers, 1);
    struct canned_http_journal journal;
    char endpoint[64];

    aws_pause_replace(not_waited);
    fake_clock_set(1800000000000, 1000);
    cr_assert_eq(query_settings_read(&settings, &err), 0);
    expect_key("0123456789abcdef0123456789abcdef");
    snprintf(endpoint, sizeof(endpoint), "http://127.0.0.1:%d", canned_http_port(server));
    key_lies_with_aws(endpoint);

    for (int i = 0; i < 3; i++)
        expect_key("0123456789abcdef0123456789abcdef");
    fake_clock_advance(30 * 1000);
    expect_key("0123456789abcdef0123456789abcdef");

    canned_http_stop(server, &journal);
    cr_expect_eq(journal.n_requests, 2 * 3, "%d", journal.n_requests); /* three attempts each time */
}
