/* search_log_stage.h - search_log as the runtime calls it, with all that it needs around it.
 *
 * Is:      its settings, a stand-in for the stream that fails as it is told, a clock that only its pauses move,
 *          events in every shape, its reply, and the log in memory.
 * Is not:  a queue: search_log_again_test.c serves one of its own.
 * Beware:  one for the process; each Criterion test is a process of its own. Change settings before
 *          search_log_stage_start(), read the journal after search_log_stage_stop().
 */
#ifndef NARAE_TESTS_SEARCH_LOG_STAGE_H
#define NARAE_TESTS_SEARCH_LOG_STAGE_H

#include <stdint.h>

#include <narae/buf.h>
#include <narae/err.h>
#include <narae/handler.h>

#include "tests/standins/kinesis/kinesis.h"

/* functions/search/search_log.c, whose table is renamed for tests. */
extern const struct nr_handler search_log_handler;

enum { SEARCH_LOG_STAGE_TIMEOUT_MS = 10000 };

extern struct kinesis_journal search_log_stage_journal;
extern struct nr_buf search_log_stage_reply; /* of the last invocation */
extern struct nr_buf search_log_stage_event; /* room for one */
extern struct nr_err search_log_stage_err;
extern int64_t search_log_stage_paused_ms; /* between attempts */
extern int search_log_stage_n_pauses;

void search_log_stage_init(void);
void search_log_stage_done(void);

/* A new stream, and init, which must work. */
void search_log_stage_start(const struct kinesis_options *options);

/* Stop the stream; its journal is kept above. */
void search_log_stage_stop(void);

/* One event; reply and error are kept above. */
int search_log_stage_invoke(const char *text, int64_t time_ms);

/* One event, which must work; what it replies. */
const char *search_log_stage_reply_of(const char *text);

/* How often a text stands in another one. */
int search_log_stage_times(const char *text, const char *part);

enum search_log_stage_shape { SQS, SQS_THREES, HTTP, DIRECT };

/* n searches "e0." to "e<n-1>.", in messages "m0" and so on where the shape has them; of threes the last
 * message has three as well. */
const char *search_log_stage_events(enum search_log_stage_shape shape, int n);

#endif
