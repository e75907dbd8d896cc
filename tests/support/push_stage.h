/* push_stage.h - what a function of push needs around it, for tests that call it as the runtime does.
 *
 * Is:      a real registry, a canned token endpoint, an HTTP/2 server in FCM's place, the settings that point
 *          there, and the log in memory.
 * Beware:  one for the process; each Criterion test is a process of its own. A registration or password of a
 *          test has "hush" in it: reading the log fails when it is there.
 */
#ifndef NARAE_TESTS_PUSH_STAGE_H
#define NARAE_TESTS_PUSH_STAGE_H

#include <stdint.h>

#include <narae/buf.h>
#include <narae/err.h>
#include <narae/handler.h>

#include "tests/support/canned_http.h"
#include "tests/support/h2_server.h"
#include "tests/support/test_database.h"

extern struct test_database push_stage_database;
extern struct canned_http *push_stage_google;
extern const char *const push_stage_tokens[]; /* one answer */
extern struct nr_buf push_stage_reply;        /* of the last invocation */
extern struct nr_err push_stage_err;
extern int64_t push_stage_time_ms; /* how long an invocation may take */

void push_stage_init(void);
void push_stage_done(void);

/* FCM behaves like this from now on; call it before the function is started. */
void push_stage_fcm(struct h2_server_rule rule);

/* The same, with another certificate of test_pki.h. */
void push_stage_fcm_as(const char *cert, struct h2_server_rule rule);

/* How many calls FCM got; it is stopped. */
int push_stage_calls(void);

/* init, which must work. */
void push_stage_start(const struct nr_handler *handler);

/* One event; reply and error are kept above. */
int push_stage_invoke(const struct nr_handler *handler, const char *event);

/* The whole log. */
const char *push_stage_log(void);
void push_stage_expect_log(const char *part);

/* How many records are of WARN or above. */
int push_stage_complaints(void);

/* The first column of the first row. */
const char *push_stage_text(const char *sql);

#endif
