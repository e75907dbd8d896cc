/* env.h - settings from environment variables, read by table.
 *
 * Is:      typed reads with range, unit and default; what is wrong is one error that names the variable.
 * Is not:  a cache; read at init and keep the value.
 * Beware:  an empty value counts as not set: SAM and CloudFormation cannot express "unset".
 */
#ifndef NARAE_ENV_H
#define NARAE_ENV_H

#include <stddef.h>
#include <stdint.h>

#include <narae/err.h>

/* A whole number. */
struct nr_env_int {
    const char *name; /* variable */
    const char *unit; /* for messages: "ms", "per second"; "" = a count */
    int64_t min, max; /* both allowed */
    int64_t fallback; /* when not set */
};

/* A text. */
struct nr_env_text {
    const char *name;
    const char *form;     /* what is accepted, for messages: "https://host[:port]" */
    const char *fallback; /* when not set; NULL = the variable is required */
    size_t max_bytes;
};

/* Returns 0, or -1: INVALID, type Function.InvalidSetting, naming variable, range and what was found. */
int nr_env_get_int(const struct nr_env_int *spec, int64_t *out, struct nr_err *err) NR_MUST_CHECK;

/* *out borrows from the environment. Returns 0, or -1: INVALID, Function.MissingSetting or
 * Function.InvalidSetting. */
int nr_env_get_text(const struct nr_env_text *spec, const char **out, struct nr_err *err) NR_MUST_CHECK;

/* The value, or NULL when not set or empty. */
const char *nr_env_raw(const char *name);

#endif
