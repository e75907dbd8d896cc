#include <stdio.h>
#include <time.h>

#include <criterion/criterion.h>

#include <narae/clock.h>

#include "tests/support/h2_stage.h"

struct h2_stage h2_stage;
char h2_stage_paths[H2_STAGE_REQUESTS_MAX][8];
static char filler[512 * 1024];

int h2_stage_next(void *ctx, struct nr_h2_request *out)
{
    static const struct nr_h2_header headers[] = {
        {{"content-type", 12}, {"application/json", 16}},
        {{"authorization", 13}, {"Bearer abc", 10}},
    };
    struct h2_stage *stage = ctx;
    int n = stage->n_taken;

    stage->n_asked_early += nr_clock_mono_ms() < stage->ask_mono_ms;
    if (n == stage->n_requests)
        return NR_H2_NO_MORE;
    if (stage->later_every && ++stage->n_asked % stage->later_every == 0) {
        out->later_mono_ms = stage->ask_mono_ms = nr_clock_mono_ms() + stage->later_ms;
        return NR_H2_LATER;
    }
    stage->n_taken++;
    snprintf(h2_stage_paths[n], sizeof(h2_stage_paths[n]), "/%d", n);
    *out = (struct nr_h2_request){.method = NR_VIEW("POST"),
                                  .path = nr_view(h2_stage_paths[n]),
                                  .headers = headers,
                                  .n_headers = 2,
                                  .tag = h2_stage_paths[n]};
    out->body[0] = nr_view_n(filler, stage->body_bytes ? stage->body_bytes : 100);
    out->body[2] = nr_view_n(filler, stage->body_bytes ? 0 : 200);
    out->body[3] = nr_view_n(filler, stage->body_bytes ? 0 : 50);
    return 1;
}

static void keep(char *out, size_t cap, struct nr_view text)
{
    snprintf(out, cap, "%.*s", NR_VIEW_ARG(text));
}

void h2_stage_done(void *ctx, const struct nr_h2_reply *reply)
{
    struct h2_stage *stage = ctx;
    int n = (int)(((char *)reply->tag - h2_stage_paths[0]) / (ptrdiff_t)sizeof(h2_stage_paths[0]));

    stage->n_done[n]++;
    stage->last = *reply;
    keep(stage->last_body, sizeof(stage->last_body), reply->body);
    keep(stage->last_retry_after, sizeof(stage->last_retry_after), reply->retry_after);
    keep(stage->last_date, sizeof(stage->last_date), reply->date);
    if (reply->fate == NR_H2_ANSWERED)
        stage->n_answered++;
    else if (reply->fate == NR_H2_NOT_PROCESSED)
        stage->n_not_processed++;
    else
        stage->n_maybe++;
    if (reply->fate != NR_H2_ANSWERED && stage->first_failure.kind == NR_ERR_NONE)
        stage->first_failure = *reply->err;
    cr_assert_eq(reply->err == NULL, reply->fate == NR_H2_ANSWERED);
    if (stage->on_first_done && stage->n_answered + stage->n_not_processed + stage->n_maybe == 1)
        stage->on_first_done(stage);
}

const struct nr_h2_work h2_stage_work = {h2_stage_next, h2_stage_done, &h2_stage};

void h2_stage_open_client(struct nr_h2_options options, const char *host)
{
    char origin[64];

    snprintf(origin, sizeof(origin), "https://%s:%d", host, h2_server_port(h2_stage.server));
    options.origin = origin;
    cr_assert_eq(nr_h2_new(&options, &h2_stage.h2, &h2_stage.err), 0, "%s", h2_stage.err.message);
}

void h2_stage_start(struct h2_server_options server, struct nr_h2_options options)
{
    test_pki_init(&h2_stage.pki);
    server.pki_dir = h2_stage.pki.dir;
    h2_stage.server = h2_server_start(&server);
    h2_stage_open_client(options, "localhost");
}

/* Run n further requests. */
int h2_stage_run(int n)
{
    nr_err_reset(&h2_stage.err);
    h2_stage.n_requests += n;
    return nr_h2_run(h2_stage.h2, &h2_stage_work, NR_CLOCK_NEVER_MS, &h2_stage.err);
}

void h2_stage_stop(void)
{
    nr_h2_free(h2_stage.h2);
    h2_server_stop(h2_stage.server, &h2_stage.journal);
    test_pki_done(&h2_stage.pki);
    for (int i = 0; i < h2_stage.n_taken; i++)
        cr_assert_eq(h2_stage.n_done[i], 1, "request %d was done %d times", i, h2_stage.n_done[i]);
}

void h2_stage_expect(int answered, int not_processed, int maybe)
{
    cr_assert_eq(h2_stage.n_answered, answered, "answered: %d, not %d", h2_stage.n_answered, answered);
    cr_assert_eq(h2_stage.n_not_processed, not_processed, "not processed: %d, not %d",
                 h2_stage.n_not_processed, not_processed);
    cr_assert_eq(h2_stage.n_maybe, maybe, "maybe: %d, not %d", h2_stage.n_maybe, maybe);
}

void h2_stage_expect_text(const char *text, const char *format)
{
    char wanted[512];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(wanted, sizeof(wanted), format, h2_server_port(h2_stage.server));
#pragma GCC diagnostic pop
    cr_assert_str_eq(text, wanted);
}

int64_t h2_stage_wall_shift_ms, h2_stage_mono_shift_ms;

static int64_t shifted_wall_ms(void *self)
{
    struct timespec now;

    (void)self;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + h2_stage_wall_shift_ms;
}

static int64_t shifted_mono_ms(void *self)
{
    struct timespec now;

    (void)self;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + h2_stage_mono_shift_ms;
}

static const struct nr_clock shifted = {shifted_wall_ms, shifted_mono_ms, NULL};

void h2_stage_shift_clock(void)
{
    nr_clock_replace(&shifted);
}
