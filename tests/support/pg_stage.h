/* pg_stage.h - what tests of pg say again and again.
 *
 * Is:      the test database, a few statements, and a way to end another's connection.
 */
#ifndef NARAE_TESTS_PG_STAGE_H
#define NARAE_TESTS_PG_STAGE_H

#include <stdint.h>

#include <narae/err.h>
#include <narae/pg.h>

#include "tests/support/test_db.h"

extern struct test_db pg_stage_db;
extern const struct nr_pg_statement pg_stage_backend_pid, pg_stage_echo_text, pg_stage_sleep_long;

void pg_stage_init(void);

/* A client, with more settings behind the test database's own. */
struct nr_pg *pg_stage_open(const char *more);

/* Which backend serves it. */
int64_t pg_stage_pid(struct nr_pg *pg);

struct nr_pg_value pg_stage_text(const char *value);

int pg_stage_run(struct nr_pg *pg, const struct nr_pg_statement *statement, struct nr_err *err);

/* Through another connection, as an operator or a failover would; returns when the backend is gone. */
void pg_stage_terminate(int64_t pid);

void pg_stage_expect_err(const struct nr_err *err, enum nr_err_kind kind, const char *type,
                         const char *message);

#endif
