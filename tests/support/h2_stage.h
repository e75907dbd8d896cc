/* h2_stage.h - what tests of h2 say again and again.
 *
 * Is:      one client against one server of h2_server.h, work for it, and what came of each request.
 * Beware:  one for the process; each Criterion test is a process of its own.
 */
#ifndef NARAE_TESTS_H2_STAGE_H
#define NARAE_TESTS_H2_STAGE_H

#include <stdint.h>

#include <narae/err.h>
#include <narae/h2.h>

#include "tests/support/h2_server.h"
#include "tests/support/test_pki.h"

enum {
    H2_STAGE_REQUESTS_MAX = H2_SERVER_JOURNAL_MAX,
    H2_STAGE_SHORT_MS = 250 /* real time that a test may wait */
};

/* One client against one server; what came of each request. */
struct h2_stage {
    struct test_pki pki;
    struct h2_server *server;
    struct h2_server_journal journal;
    struct nr_h2 *h2;
    struct nr_err err;
    int n_requests, n_taken;
    int n_done[H2_STAGE_REQUESTS_MAX];
    int n_answered, n_not_processed, n_maybe;
    struct nr_h2_reply last; /* its views point into the next fields */
    char last_body[256], last_retry_after[64], last_date[64];
    struct nr_err first_failure;
    int later_every;     /* each so-many-th question is answered with "not now"; 0 = none */
    int64_t later_ms;    /* for so long */
    int64_t ask_mono_ms; /* until then */
    int n_asked, n_asked_early;
    size_t body_bytes; /* of each request; 0 = 350 in three parts */
    void (*on_first_done)(struct h2_stage *stage);
};

extern struct h2_stage h2_stage;
extern char h2_stage_paths[H2_STAGE_REQUESTS_MAX][8]; /* of the requests, which are tags to h2_stage_done() */

/* The work of h2_stage_run(), and its parts. */
extern const struct nr_h2_work h2_stage_work;
int h2_stage_next(void *ctx, struct nr_h2_request *out);
void h2_stage_done(void *ctx, const struct nr_h2_reply *reply);

void h2_stage_start(struct h2_server_options server, struct nr_h2_options options);

/* Another client, of the same server by another name. */
void h2_stage_open_client(struct nr_h2_options options, const char *host);

/* Run n further requests. */
int h2_stage_run(int n);

/* Each request that was taken must have been done once. */
void h2_stage_stop(void);

void h2_stage_expect(int answered, int not_processed, int maybe);

/* The text must be as the format makes it, with the server's port for its %d. */
void h2_stage_expect_text(const char *text, const char *format);

/* From now on the clocks are ahead by so much. */
extern int64_t h2_stage_wall_shift_ms, h2_stage_mono_shift_ms;
void h2_stage_shift_clock(void);

#endif
