/* pg_conninfo.h - from a setting to libpq's parameters.
 *
 * Is:      pure: a conninfo, a URI or the JSON that RDS keeps in Secrets Manager, with our defaults added.
 * Beware:  it holds the password; wiped when freed.
 * Source:  PostgreSQL documentation, "Connection Strings"; Secrets Manager User Guide, "JSON structure of
 *          database secrets".
 */
#ifndef NARAE_IO_PG_CONNINFO_H
#define NARAE_IO_PG_CONNINFO_H

#include <narae/attr.h>
#include <narae/err.h>

enum { PG_PARAMETERS_MAX = 64 };

struct pg_conninfo {
    const char *names[PG_PARAMETERS_MAX]; /* NULL-ended, as PQconnectStartParams wants them */
    const char *values[PG_PARAMETERS_MAX];
    char *owned[PG_PARAMETERS_MAX]; /* what must be freed */
    int n, n_owned;
    char where[300]; /* "host:port/dbname", for messages */
};

/* On failure *out holds nothing to release. Returns 0, or -1: INVALID, Function.InvalidSetting, naming
 * `setting`, without the password. */
int pg_conninfo_parse(const char *setting, const char *text, const char *application_name,
                      struct pg_conninfo *out, struct nr_err *err) NR_MUST_CHECK;

void pg_conninfo_done(struct pg_conninfo *info);

#endif
