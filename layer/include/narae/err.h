/* err.h - a caller-owned error value.
 *
 * Is:      what went wrong, in words for a log line and in a kind that says what to do about it.
 * Is not:  a stack of causes; the first error wins and callers add context in front of it.
 * Beware:  on success a function leaves the error untouched, so reset it before using it a second time.
 *
 * The convention of the whole code base: a fallible function returns 0 or -1, takes `struct nr_err *err` last
 * and writes its out-parameters only on success. Nothing here allocates; `err` is never NULL.
 */
#ifndef NARAE_ERR_H
#define NARAE_ERR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include <narae/attr.h>

/* What the caller should do. */
enum nr_err_kind {
    NR_ERR_NONE = 0,
    NR_ERR_INVALID,     /* the input can never work: refuse it, do not retry */
    NR_ERR_NOT_FOUND,   /* the thing named does not exist */
    NR_ERR_DENIED,      /* credentials or permissions: an operator must act */
    NR_ERR_THROTTLED,   /* too fast: retry after retry_after_ms */
    NR_ERR_UNAVAILABLE, /* not now (network, server, memory): retry later */
    NR_ERR_DEADLINE,    /* no time left: give the work back */
    NR_ERR_CONFLICT,    /* somebody else changed or holds it: read again, then decide */
    NR_ERR_BUG          /* our own mistake: report, never retry */
};

enum { NR_ERR_TYPE_MAX_BYTES = 64, NR_ERR_MESSAGE_MAX_BYTES = 1024, NR_ERR_HINT_MAX_BYTES = 256 };

struct nr_err {
    enum nr_err_kind kind;
    int64_t retry_after_ms; /* what the other side asked for; 0 = it said nothing */
    /* Error type as Lambda shows it, e.g. "Function.InvalidSetting": Runtime.Xxx or Function.Xxx, letters
     * only. */
    char type[NR_ERR_TYPE_MAX_BYTES];
    char message[NR_ERR_MESSAGE_MAX_BYTES]; /* lower case, no full stop, values in quotes; cut at the cap */
    char hint[NR_ERR_HINT_MAX_BYTES];       /* what to try; may be empty */
};

/* Record an error unless one is there already.
 *
 * kind    in   what the caller should do; not NR_ERR_NONE
 * type    in   Lambda error type, e.g. "Function.InvalidMessage"; NULL = the kind's own ("Function.Invalid")
 * format  in   printf format of the message
 *
 * -1 always, so that `return nr_err_set(...)` reads as what it is.
 */
#define nr_err_set(...) nr_err_failed(nr_err_record(__VA_ARGS__))

/* Put "context: " in front of the message of an error that is set: nr_err_context(err, format, ...). -1
 * always. */
#define nr_err_context(...) nr_err_failed(nr_err_wrap(__VA_ARGS__))

/* Say what to try, unless a hint is there already: nr_err_hint(err, format, ...). -1 always. */
#define nr_err_hint(...) nr_err_failed(nr_err_advise(__VA_ARGS__))

/* The functions behind the macros. That they are macros lets compilers and analysers see the -1. */
int nr_err_record(struct nr_err *err, enum nr_err_kind kind, const char *type, const char *format, ...)
    NR_PRINTF(4, 5);
int nr_err_wrap(struct nr_err *err, const char *format, ...) NR_PRINTF(2, 3);
int nr_err_advise(struct nr_err *err, const char *format, ...) NR_PRINTF(2, 3);

static inline int nr_err_failed(int recorded)
{
    (void)recorded;
    return -1;
}

/* Back to "no error", for reuse in a loop. */
void nr_err_reset(struct nr_err *err);

/* The kind's name in lower case ("not_found"); never NULL, "unknown" for a value outside the enumeration. */
const char *nr_err_kind_name(enum nr_err_kind kind);

/* May the same call succeed later without a change by a person? (throttled, unavailable, deadline,
 * conflict) */
bool nr_err_is_transient(const struct nr_err *err);

#endif
