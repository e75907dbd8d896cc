/* sandbox.h - the built bootstrap and a Runtime API that follows a script, until both have ended.
 *
 * Is:      what most tests of the program need: run it, then look at its exit code, its log and what it
 *          asked.
 * Is not:  the scenario table, which has rows instead of code (scenario_test.c).
 */
#ifndef NARAE_UNIT_SANDBOX_H
#define NARAE_UNIT_SANDBOX_H

#include <jansson.h>
#include <narae/attr.h>

#include "child.h"
#include "tests/standins/lambda_api/lambda_api.h"

struct sandbox {
    struct lambda_api *server;
    struct child child;
    struct child_done done;
};

void sandbox_done(struct sandbox *sandbox);
#define SANDBOX NR_AUTO(sandbox_done) struct sandbox

/* handler  _HANDLER; "" = not set
 * script   lambda_api's
 * env      NAME=VALUE, more of the environment, at most 4; NULL at the end */
struct sandbox sandbox_run(const char *handler, const char *script, const char *const *env);

/* The same in two halves, for what happens while it runs. */
struct sandbox sandbox_begin(const char *handler, const char *script, const char *const *env);
void sandbox_end(struct sandbox *sandbox);

/* The n-th request, from 0; NULL = there were fewer. */
const json_t *sandbox_asked(const struct sandbox *sandbox, size_t n);

size_t sandbox_n_asked(const struct sandbox *sandbox);

/* Texts of the n-th request; "" when there is none. */
const char *sandbox_path(const struct sandbox *sandbox, size_t n);
const char *sandbox_body(const struct sandbox *sandbox, size_t n);
const char *sandbox_header(const struct sandbox *sandbox, size_t n, const char *name); /* in lower case */

#endif
