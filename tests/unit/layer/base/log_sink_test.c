#include <criterion/criterion.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "layer/base/log_sink.h"
#include "tests/support/fake_clock.h"

enum { WALL_MS = 1000, RECORD_BYTES = 1024 * 1024 /* far more than a pipe holds */ };

static const char json_frame[] = "\xA5\x5A\x00\x12"                  /* JSON, WARN */
                                 "\x00\x00\x00\x4F"                  /* 79 bytes, the newline left out */
                                 "\x00\x00\x00\x00\x00\x0F\x42\x40"; /* 1,000,000 us */

static int pipe_with_variable(int ends[2])
{
    char text[16];

    cr_assert_eq(pipe(ends), 0);
    snprintf(text, sizeof(text), "%d", ends[1]);
    setenv("_LAMBDA_TELEMETRY_LOG_FD", text, 1);
    return ends[0];
}

Test(log_sink, frames_records_when_lambda_offers_the_descriptor)
{
    int ends[2];
    int from = pipe_with_variable(ends);
    char read_back[512] = {0};
    ssize_t n;

    setenv("AWS_LAMBDA_LOG_FORMAT", "JSON", 1);
    fake_clock_set(WALL_MS, 0);
    nr_log_setup();
    nr_log(NR_LOG_WARN, "hello", nr_log_int("n", 1));
    n = read(from, read_back, sizeof(read_back) - 1);

    cr_assert_eq(n, 16 + 79);
    cr_expect_eq(memcmp(read_back, json_frame, 16), 0);
    cr_expect_str_eq(
        read_back + 16,
        "{\"timestamp\":\"1970-01-01T00:00:01.000Z\",\"level\":\"WARN\",\"message\":\"hello\",\"n\":1}");
    cr_expect_null(getenv("_LAMBDA_TELEMETRY_LOG_FD"), "children must not find it");
}

Test(log_sink, knows_all_levels_and_both_formats)
{
    static const unsigned char bits[][2] = {{0x06, 0x07}, {0x0A, 0x0B}, {0x0E, 0x0F},
                                            {0x12, 0x13}, {0x16, 0x17}, {0x1A, 0x1B}};

    for (int level = NR_LOG_TRACE; level <= NR_LOG_FATAL; level++)
        for (int is_text = 0; is_text < 2; is_text++) {
            unsigned char frame[LOG_SINK_FRAME_BYTES];

            log_sink_frame((enum nr_log_level)level, !is_text, 0, 0, frame);
            cr_expect_eq(frame[3], bits[level][is_text], "%d %d", level, is_text);
        }
}

Test(log_sink, passes_over_a_descriptor_that_is_none)
{
    static const char *const bad[] = {"", "x", "-1", "3x", "99999999999999999999"};
    int ends[2];

    cr_assert_eq(pipe(ends), 0);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char byte;

        nr_log_to(ends[1]);
        setenv("_LAMBDA_TELEMETRY_LOG_FD", bad[i], 1);
        setenv("AWS_LAMBDA_LOG_FORMAT", "JSON", 1);
        nr_log_setup();
        log_sink_write(NR_LOG_INFO, true, 0, NR_VIEW("x\n"));
        cr_assert_eq(read(ends[0], &byte, 1), 1);
        cr_expect_eq(byte, 'x', "%s", bad[i]);
        cr_assert_eq(read(ends[0], &byte, 1), 1);
    }
}

/* --- more than a pipe holds */

struct reader {
    int fd;
    size_t n_bytes;
    size_t n_newlines;
};

static void *read_until_the_end(void *arg)
{
    struct reader *reader = arg;
    char bytes[4096];
    ssize_t n;

    while ((n = read(reader->fd, bytes, sizeof(bytes))) > 0) {
        reader->n_bytes += (size_t)n;
        for (ssize_t i = 0; i < n; i++)
            reader->n_newlines += bytes[i] == '\n';
    }
    return NULL;
}

static void expect_whole(int extra_flags)
{
    char *record = malloc(RECORD_BYTES);
    struct reader reader = {0};
    pthread_t thread;
    int ends[2];

    cr_assert_eq(pipe2(ends, extra_flags & ~O_NONBLOCK), 0);
    if (extra_flags & O_NONBLOCK)
        cr_assert_eq(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
    reader.fd = ends[0];
    memset(record, 'x', RECORD_BYTES - 1);
    record[RECORD_BYTES - 1] = '\n';
    log_sink_to(ends[1]);
    cr_assert_eq(pthread_create(&thread, NULL, read_until_the_end, &reader), 0);
    log_sink_write(NR_LOG_INFO, true, 0, nr_view_n(record, RECORD_BYTES));
    close(ends[1]);
    pthread_join(thread, NULL);

    cr_expect_eq(reader.n_bytes, (size_t)RECORD_BYTES);
    cr_expect_eq(reader.n_newlines, 1u);
    free(record);
}

Test(log_sink, writes_a_record_larger_than_a_pipe)
{
    expect_whole(0);
}

Test(log_sink, waits_for_room_in_a_pipe_that_does_not_block)
{
    expect_whole(O_NONBLOCK);
}

Test(log_sink, loses_a_record_to_a_broken_pipe_and_goes_on)
{
    int ends[2];

    signal(SIGPIPE, SIG_IGN);
    cr_assert_eq(pipe(ends), 0);
    close(ends[0]);
    log_sink_to(ends[1]);
    log_sink_write(NR_LOG_INFO, true, 0, NR_VIEW("lost\n"));
}
