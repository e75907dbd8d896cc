#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>

#include <narae/json.h>
#include <narae/tls.h>

#include "layer/io/pg_conninfo.h"
#include "layer/io/tls_context.h"

static int refuse(const char *setting, const char *why, struct nr_err *err)
{
    nr_err_set(err, NR_ERR_INVALID, "Function.InvalidSetting", "%s: not a PostgreSQL connection: %s", setting,
               why);
    return nr_err_hint(err,
                       "host=... dbname=... user=... password=..., postgresql://..., or RDS's JSON secret");
}

static int add(struct pg_conninfo *info, const char *name, const char *value, struct nr_err *err)
{
    char *name_copy = strdup(name);
    char *value_copy = strdup(value);

    if (!name_copy || !value_copy || info->n + 1 >= PG_PARAMETERS_MAX ||
        info->n_owned + 2 > PG_PARAMETERS_MAX) {
        free(name_copy);
        free(value_copy);
        return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.OutOfMemory",
                          "no memory for connection parameters");
    }
    info->owned[info->n_owned++] = name_copy;
    info->owned[info->n_owned++] = value_copy;
    info->names[info->n] = name_copy;
    info->values[info->n++] = value_copy;
    return 0;
}

static const char *get(const struct pg_conninfo *info, const char *name)
{
    for (int i = 0; i < info->n; i++)
        if (strcmp(info->names[i], name) == 0)
            return info->values[i];
    return NULL;
}

/* --- the three forms
 * -------------------------------------------------------------------------------------------- */

static int from_libpq(const char *setting, const char *text, struct pg_conninfo *out, struct nr_err *err)
{
    char *why = NULL;
    PQconninfoOption *options = PQconninfoParse(text, &why);
    int result = 0;

    if (!options) {
        /* libpq may quote the text, and with it the password. */
        PQfreemem(why);
        return refuse(setting, "its form is wrong", err);
    }
    for (PQconninfoOption *o = options; o->keyword && result == 0; o++)
        if (o->val)
            result = add(out, o->keyword, o->val, err);
    PQconninfoFree(options);
    return result;
}

/* RDS's names and libpq's. */
static const char *const rds_names[][2] = {
    {"host", "host"}, {"port", "port"}, {"username", "user"}, {"password", "password"}, {"dbname", "dbname"},
};

static int add_rds_value(const json_t *doc, const char *const names[2], struct pg_conninfo *out,
                         struct nr_err *err)
{
    const json_t *value = json_object_get(doc, names[0]);
    char number[24];

    if (json_is_integer(value)) {
        snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(value));
        return add(out, names[1], number, err);
    }
    return json_is_string(value) ? add(out, names[1], json_string_value(value), err) : 0;
}

static int from_rds(const char *setting, const char *text, struct pg_conninfo *out, struct nr_err *err)
{
    NR_JSON_AUTO *doc = NULL;
    struct nr_err why = {0};

    if (nr_json_parse(nr_view(text), setting, &doc, &why) != 0)
        return refuse(setting, "it begins as JSON but is none", err);
    for (size_t i = 0; i < sizeof(rds_names) / sizeof(rds_names[0]); i++)
        if (add_rds_value(doc, rds_names[i], out, err) != 0)
            return -1;
    if (!get(out, "host") || !get(out, "user"))
        return refuse(setting, "its JSON lacks \"host\" or \"username\"", err);
    return 0;
}

/* --- our defaults
 * ----------------------------------------------------------------------------------------------- */

static bool is_local(const char *host)
{
    return !host || host[0] == '/' || host[0] == '@' || strcmp(host, "localhost") == 0 ||
           strncmp(host, "127.", 4) == 0 || strcmp(host, "::1") == 0;
}

/* libpq takes roots from a file only: RDS's own roots when the layer has them, else what the rule of trust
 * says. */
static int add_roots(struct pg_conninfo *info, struct nr_err *err)
{
    const char *given = get(info, "sslrootcert");
    bool wants_rds = given && strcmp(given, "rds") == 0;
    char path[4096];
    struct nr_tls_trust trust;

    if (given && !wants_rds)
        return 0;
    if (nr_tls_layer_path("rds-ca.pem", path, sizeof(path)))
        return add(info, "sslrootcert", path, err);
    if (wants_rds) {
        nr_err_set(err, NR_ERR_INVALID, "Function.MissingTrustStore",
                   "sslrootcert=rds, but the layer has no rds-ca.pem");
        return nr_err_hint(err, "give sslrootcert=PATH of the RDS bundle");
    }
    if (nr_tls_trust(&trust, err) != 0)
        return -1;
    if (!trust.file)
        trust.file = nr_tls_system_bundle();
    if (!trust.file) {
        nr_err_set(err, NR_ERR_INVALID, "Function.MissingTrustStore",
                   "no file of roots to verify the database with");
        return nr_err_hint(err, "give sslrootcert=PATH, or deploy the layer with its share/narae/rds-ca.pem");
    }
    return add(info, "sslrootcert", trust.file, err);
}

static int add_defaults(struct pg_conninfo *info, const char *application_name, struct nr_err *err)
{
    const char *mode;

    if (!is_local(get(info, "host")) && !get(info, "sslmode") &&
        add(info, "sslmode", "verify-full", err) != 0)
        return -1;
    mode = get(info, "sslmode");
    if (mode && strncmp(mode, "verify", 6) == 0 && add_roots(info, err) != 0)
        return -1;
    if (!get(info, "application_name") && add(info, "application_name", application_name, err) != 0)
        return -1;
    return add(info, "client_encoding", "UTF8", err);
}

static void describe(struct pg_conninfo *info)
{
    const char *host = get(info, "host");
    const char *port = get(info, "port");
    const char *dbname = get(info, "dbname");

    snprintf(info->where, sizeof(info->where), "%.200s:%.8s/%.64s", host ? host : "localhost",
             port ? port : "5432", dbname ? dbname : "");
}

int pg_conninfo_parse(const char *setting, const char *text, const char *application_name,
                      struct pg_conninfo *out, struct nr_err *err)
{
    struct nr_view trimmed = nr_view_trim(nr_view(text));
    bool is_json = trimmed.len && trimmed.ptr[0] == '{';

    if (trimmed.len == 0)
        return refuse(setting, "it is empty", err);
    *out = (struct pg_conninfo){0};
    if ((is_json ? from_rds(setting, text, out, err) : from_libpq(setting, text, out, err)) != 0 ||
        add_defaults(out, application_name, err) != 0) {
        pg_conninfo_done(out);
        return -1;
    }
    describe(out);
    return 0;
}

void pg_conninfo_done(struct pg_conninfo *info)
{
    for (int i = 0; i < info->n_owned; i++) {
        explicit_bzero(info->owned[i], strlen(info->owned[i]));
        free(info->owned[i]);
    }
    info->n = info->n_owned = 0;
}
