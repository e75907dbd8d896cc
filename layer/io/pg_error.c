#include <stdio.h>
#include <string.h>

#include "layer/io/pg_error.h"
#include "layer/io/tls_context.h"

/* A prefix of SQLSTATE (five characters are one code, two a class); the first row that fits wins. */
static const struct {
    const char *prefix;
    enum nr_err_kind kind;
} states[] = {
    {"23505", NR_ERR_CONFLICT}, /* unique_violation */
    {"40001", NR_ERR_CONFLICT}, /* serialization_failure */
    {"40P01", NR_ERR_CONFLICT}, /* deadlock_detected */
    {"42501", NR_ERR_DENIED},   /* insufficient_privilege */
    {"57014", NR_ERR_DEADLINE}, /* query_canceled: the server's own statement_timeout */
    {"28", NR_ERR_DENIED},      /* invalid authorization */
    {"08", NR_ERR_UNAVAILABLE}, /* connection exception */
    {"53", NR_ERR_UNAVAILABLE}, /* insufficient resources */
    {"57", NR_ERR_UNAVAILABLE}, /* operator intervention: shutting down, starting up */
    {PG_ERROR_READ_ONLY, NR_ERR_UNAVAILABLE},
    {"22", NR_ERR_INVALID}, /* data exception */
    {"23", NR_ERR_INVALID}, /* integrity constraint */
    {"54", NR_ERR_INVALID}, /* program limit exceeded: a value too long for an index */
    {"42", NR_ERR_BUG},     /* syntax error, undefined table */
    {"0A", NR_ERR_BUG},     /* feature not supported */
};

/* libpq reports why a connection was refused as text alone; the server's own messages for a wrong password
 * and an unknown role or database are these (src/backend/libpq/auth.c, utils/init/postinit.c). */
static const char *const denials[] = {
    "password authentication failed", "no password supplied",     "no pg_hba.conf entry",
    "authentication failed",          "does not exist",           "permission denied",
    "certificate verify failed",      "does not match host name", "server does not support SSL",
};

/* libpq's texts end with a newline and may have several lines: a log line has one. */
static void fold(const char *text, char *out, size_t cap)
{
    size_t n = 0;

    for (; *text && n + 1 < cap; text++) {
        char c = *text == '\n' || *text == '\t' ? ' ' : *text;

        if (c != ' ' || (n && out[n - 1] != ' '))
            out[n++] = c;
    }
    while (n && out[n - 1] == ' ')
        n--;
    out[n] = '\0';
}

int pg_error_connect(const char *setting, const char *where, const char *why, struct nr_err *err)
{
    enum nr_err_kind kind = NR_ERR_UNAVAILABLE;
    char line[512];

    fold(why, line, sizeof(line));
    tls_translate(line, sizeof(line));
    for (size_t i = 0; i < sizeof(denials) / sizeof(denials[0]); i++)
        if (strstr(line, denials[i]))
            kind = NR_ERR_DENIED;
    return nr_err_set(err, kind,
                      kind == NR_ERR_DENIED ? "Function.DatabaseDenied" : "Function.DatabaseUnreachable",
                      "%s: cannot connect to %s: %s", setting, where, line);
}

int pg_error_lost(const char *setting, const char *where, const char *statement, const char *why,
                  struct nr_err *err)
{
    char line[512];

    fold(why, line, sizeof(line));
    return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.DatabaseLost", "%s: %s: connection to %s lost: %s",
                      setting, statement, where, line);
}

int pg_error_deadline(const char *setting, const char *where, const char *statement, struct nr_err *err)
{
    return nr_err_set(err, NR_ERR_DEADLINE, "Function.DatabaseTimeout", "%s: %s: no answer from %s in time",
                      setting, statement, where);
}

static enum nr_err_kind kind_of(const char *state)
{
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
        if (strncmp(state, states[i].prefix, strlen(states[i].prefix)) == 0)
            return states[i].kind;
    return NR_ERR_UNAVAILABLE;
}

/* The primary message quotes columns and constraints, but in class 22 (data exception) the value itself. The
 * detail, which is not used, would quote values in every class. */
static void hide_values(const char *state, char *line, size_t cap)
{
    char *first = strchr(line, '"');
    char *last = strrchr(line, '"');
    char rest[512];

    if (strncmp(state, "22", 2) != 0 || !first)
        return;
    snprintf(rest, sizeof(rest), "%s", last == first ? "" : last + 1); /* one quote: the text was cut */
    snprintf(first, cap - (size_t)(first - line), "\"...\"%s", rest);
}

int pg_error_result(const char *setting, const char *statement, const PGresult *result, struct nr_err *err)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    char line[512];

    state = state ? state : "none";
    fold(text ? text : "no message", line, sizeof(line));
    hide_values(state, line, sizeof(line));
    nr_err_set(err, kind_of(state), "Function.DatabaseError", "%s: %s: SQLSTATE %s: %s", setting, statement,
               state, line);
    if (strncmp(state, "42P01", 5) == 0 || strncmp(state, "42703", 5) == 0) /* undefined table, column */
        return nr_err_hint(err, "has the function's schema.sql been applied to this database?");
    return -1;
}
