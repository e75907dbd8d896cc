#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>
#include <jansson.h>

#include "functions/search/kinesis.h"
#include "tests/support/fake_clock.h"
#include "tests/support/log_capture.h"
#include "tests/support/search_log_stage.h"

enum { EVENT_BYTES = 8 * 1024 * 1024 };

struct kinesis_journal search_log_stage_journal;
struct nr_buf search_log_stage_reply;
struct nr_buf search_log_stage_event;
struct nr_err search_log_stage_err;
int64_t search_log_stage_paused_ms;
int search_log_stage_n_pauses;

static struct kinesis *stream;
static int64_t mono_ms;

static void pause_fake(int64_t wait_ms)
{
    mono_ms += wait_ms;
    search_log_stage_paused_ms += wait_ms;
    search_log_stage_n_pauses++;
    fake_clock_set(1790000000000 + mono_ms, mono_ms);
}

void search_log_stage_init(void)
{
    mono_ms = 1000;
    fake_clock_set(1790000000000 + mono_ms, mono_ms);
    kinesis_pause_replace(pause_fake);
    setenv("AWS_REGION", "ap-northeast-2", 1);
    setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI", 1);
    setenv("NARAE_SEARCH_STREAM", "searches", 1);
    setenv("NARAE_SEARCH_PSEUDONYM_KEY", "env:THE_KEY", 1);
    setenv("THE_KEY", "{\"id\":\"2026-11\",\"key\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\"}", 1);
    setenv("NARAE_SEARCH_REQUEST_TIMEOUT_MS", "20000", 1);
    setenv("AWS_LAMBDA_LOG_FORMAT", "JSON", 1);
    nr_buf_init(&search_log_stage_reply, EVENT_BYTES);
    nr_buf_init(&search_log_stage_event, EVENT_BYTES);
    log_capture_begin();
}

void search_log_stage_done(void)
{
    kinesis_journal_done(&search_log_stage_journal);
    nr_buf_done(&search_log_stage_reply);
    nr_buf_done(&search_log_stage_event);
}

void search_log_stage_start(const struct kinesis_options *options)
{
    char url[64];

    stream = kinesis_start(options);
    snprintf(url, sizeof(url), "http://127.0.0.1:%d", kinesis_port(stream));
    setenv("AWS_ENDPOINT_URL_KINESIS", url, 1);
    cr_assert_eq(search_log_handler.init(&search_log_stage_err), 0, "%s", search_log_stage_err.message);
}

void search_log_stage_stop(void)
{
    kinesis_journal_done(&search_log_stage_journal); /* of a stream before this one */
    kinesis_stop(stream, &search_log_stage_journal);
}

int search_log_stage_invoke(const char *text, int64_t time_ms)
{
    json_t *slot = NULL;
    struct nr_request request = {.struct_bytes = sizeof(request),
                                 .event = nr_view(text),
                                 .content_type = "application/json",
                                 .request_id = "req-1",
                                 .deadline_mono_ms = mono_ms + time_ms,
                                 .json_slot = &slot};
    struct nr_reply reply = {.struct_bytes = sizeof(reply), .body = &search_log_stage_reply};

    nr_buf_reset(&search_log_stage_reply);
    nr_err_reset(&search_log_stage_err);
    return search_log_handler.invoke(&request, &reply, &search_log_stage_err);
}

const char *search_log_stage_reply_of(const char *text)
{
    cr_assert_eq(search_log_stage_invoke(text, SEARCH_LOG_STAGE_TIMEOUT_MS), 0, "%s",
                 search_log_stage_err.message);
    return nr_buf_text(&search_log_stage_reply);
}

int search_log_stage_times(const char *text, const char *part)
{
    int n = 0;

    for (; (text = strstr(text, part)) != NULL; text++)
        n++;
    return n;
}

static void add_event(int n)
{
    nr_buf_printf(
        &search_log_stage_event,
        "{\"event_id\":\"e%d.\",\"user_query\":\"강아지 사료 %d\",\"session_id\":\"s%d\",\"result_count\":3}",
        n, n % 100, n % 7);
}

/* The same as a string in JSON. */
static void add_escaped(int first, int n)
{
    struct nr_buf plain = search_log_stage_event;
    struct nr_buf outer = search_log_stage_event;

    nr_buf_init(&search_log_stage_event, EVENT_BYTES);
    for (int i = first; i < first + n; i++) {
        if (i > first)
            nr_buf_add_char(&search_log_stage_event, '\n');
        add_event(i);
    }
    plain = search_log_stage_event;
    search_log_stage_event = outer;
    nr_buf_add_json_text(&search_log_stage_event, nr_buf_view(&plain));
    nr_buf_done(&plain);
}

static void add_messages(int n, int per_message)
{
    nr_buf_add_text(&search_log_stage_event, "{\"Records\":[");
    for (int i = 0; i < n; i += per_message) {
        nr_buf_printf(&search_log_stage_event,
                      "%s{\"eventSource\":\"aws:sqs\",\"messageId\":\"m%d\",\"attributes\":{},\"body\":",
                      i ? "," : "", i / per_message);
        add_escaped(i, per_message);
        nr_buf_add_char(&search_log_stage_event, '}');
    }
    nr_buf_add_text(&search_log_stage_event, "]}");
}

static void add_array(int n)
{
    for (int i = 0; i < n; i++) {
        nr_buf_add_char(&search_log_stage_event, i ? ',' : '[');
        add_event(i);
    }
    nr_buf_add_char(&search_log_stage_event, ']');
}

const char *search_log_stage_events(enum search_log_stage_shape shape, int n)
{
    nr_buf_reset(&search_log_stage_event);
    switch (shape) {
    case SQS:
        add_messages(n, 1);
        break;
    case SQS_THREES:
        add_messages(n, 3);
        break;
    case HTTP:
        nr_buf_add_text(&search_log_stage_event,
                        "{\"version\":\"2.0\",\"requestContext\":{\"http\":{\"method\":\"POST\"}},"
                        "\"isBase64Encoded\":false,"
                        "\"body\":");
        add_escaped(0, n);
        nr_buf_add_char(&search_log_stage_event, '}');
        break;
    case DIRECT:
        add_array(n);
        break;
    }
    return nr_buf_text(&search_log_stage_event);
}
