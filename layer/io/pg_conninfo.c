#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>

#include <narae/env.h>
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
    for (int i = info->n - 1; i >= 0; i--) /* as in libpq, the last one counts */
        if (strcmp(info->names[i], name) == 0)
            return info->values[i];
    return NULL;
}

/* An empty value takes nothing back: libpq passes over it. */
static void leave_out(struct pg_conninfo *info, const char *name)
{
    int n = info->n;

    info->n = 0;
    for (int i = 0; i < n; i++)
        if (strcmp(info->names[i], name) != 0) {
            info->names[info->n] = info->names[i];
            info->values[info->n++] = info->values[i];
        }
    if (info->n < n)
        info->names[info->n] = info->values[info->n] = NULL;
}

/* The setting beside it, NARAE_DATABASE_HOST: a proxy or the readers, by the secret that RDS keeps for the
 * cluster. An address would go before a name. */
static int add_other_host(const char *setting, struct pg_conninfo *out, struct nr_err *err)
{
    char name[64];
    const char *host;

    snprintf(name, sizeof(name), "%s_HOST", setting);
    host = nr_env_raw(name);
    if (!host)
        return 0;
    leave_out(out, "hostaddr");
    return add(out, "host", host, err);
}

/* --- the three forms */

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
    return result == 0 ? add_other_host(setting, out, err) : -1;
}

/* A value of the setting, or of the variable that libpq reads instead. */
static const char *get_or_env(const struct pg_conninfo *info, const char *name, const char *variable)
{
    const char *value = get(info, name);

    return value && value[0] ? value : nr_env_raw(variable);
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

static int refuse_without_host(const char *setting, struct nr_err *err)
{
    char why[128];

    snprintf(why, sizeof(why), "its JSON lacks \"host\", and neither %s_HOST nor PGHOST is set", setting);
    return refuse(setting, why, err);
}

static int from_rds(const char *setting, const char *text, struct pg_conninfo *out, struct nr_err *err)
{
    NR_JSON_AUTO *doc = NULL;
    struct nr_err why = {0};
    const char *engine;

    if (nr_json_parse(nr_view(text), setting, &doc, &why) != 0)
        return refuse(setting, "it begins as JSON but is none", err);
    engine = json_string_value(json_object_get(doc, "engine"));
    if (engine && !strstr(engine, "postgres"))
        return refuse(setting, "its JSON is for another engine than postgres", err);
    for (size_t i = 0; i < sizeof(rds_names) / sizeof(rds_names[0]); i++)
        if (add_rds_value(doc, rds_names[i], out, err) != 0)
            return -1;
    if (add_other_host(setting, out, err) != 0)
        return -1;
    /* The secret that RDS manages itself has user and password only; the rest comes from PGHOST and such. */
    if (!get_or_env(out, "host", "PGHOST"))
        return refuse_without_host(setting, err);
    return get(out, "user") ? 0 : refuse(setting, "its JSON lacks \"username\"", err);
}

/* --- our defaults */

static bool is_loopback(const char *host)
{
    struct in6_addr v6;
    struct in_addr v4;

    if (host[0] == '\0' || host[0] == '/' || host[0] == '@' || strcmp(host, "localhost") == 0)
        return true;
    if (inet_pton(AF_INET, host, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == IN_LOOPBACKNET;
    return inet_pton(AF_INET6, host, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

/* Every one of a comma-separated list of hosts; none at all is a socket on this machine. */
static bool is_local(const char *hosts)
{
    char host[256];

    while (hosts && *hosts) {
        size_t n = strcspn(hosts, ",");

        if ((size_t)snprintf(host, sizeof(host), "%.*s", (int)n, hosts) >= sizeof(host) || !is_loopback(host))
            return false;
        hosts += n + (hosts[n] == ',');
    }
    return true;
}

/* --- which roots verify the server. libpq takes them from a file only. */

static bool ends_with(struct nr_view text, struct nr_view end)
{
    return text.len > end.len && memcmp(text.ptr + text.len - end.len, end.ptr, end.len) == 0;
}

/* RDS and Aurora have certificates of RDS's own authority; RDS Proxy has public ones (RDS User Guide, "Using
 * TLS/SSL with RDS Proxy"). With verify-full the name in the certificate is the name asked for, so the name
 * tells. */
static bool is_rds_host(const char *hosts)
{
    struct nr_view host = nr_view_n(hosts, hosts ? strcspn(hosts, ",") : 0);

    return (ends_with(host, NR_VIEW(".rds.amazonaws.com")) ||
            ends_with(host, NR_VIEW(".rds.amazonaws.com.cn"))) &&
           !memmem(host.ptr, host.len, ".proxy-", strlen(".proxy-"));
}

static int add_rds_roots(struct pg_conninfo *info, struct nr_err *err)
{
    char path[4096];

    if (tls_layer_path("rds-ca.pem", path, sizeof(path)))
        return add(info, "sslrootcert", path, err);
    nr_err_set(err, NR_ERR_INVALID, "Function.MissingTrustStore",
               "the database's certificate needs RDS's roots, but the layer has no share/narae/rds-ca.pem");
    return nr_err_hint(err, "give sslrootcert=PATH of the RDS bundle");
}

static int add_public_roots(struct pg_conninfo *info, struct nr_err *err)
{
    struct nr_tls_trust trust;

    if (nr_tls_trust(&trust, err) != 0)
        return -1;
    if (!trust.file)
        trust.file = tls_system_bundle();
    if (trust.file)
        return add(info, "sslrootcert", trust.file, err);
    nr_err_set(err, NR_ERR_INVALID, "Function.MissingTrustStore",
               "no file of roots to verify the database with");
    return nr_err_hint(err, "give sslrootcert=PATH, or set SSL_CERT_FILE");
}

/* The setting's own word wins, then SSL_CERT_FILE, then what fits the host. */
static int add_roots(struct pg_conninfo *info, struct nr_err *err)
{
    const char *given = get(info, "sslrootcert");
    const char *mode = get(info, "sslmode");

    if (given && strcmp(given, "rds") == 0)
        return add_rds_roots(info, err);
    if (given || !mode || strncmp(mode, "verify", strlen("verify")) != 0)
        return 0;
    if (!nr_env_raw("SSL_CERT_FILE") && is_rds_host(get_or_env(info, "host", "PGHOST")))
        return add_rds_roots(info, err);
    return add_public_roots(info, err);
}

static int add_defaults(struct pg_conninfo *info, const char *application_name, struct nr_err *err)
{
    /* Which host a service file names only libpq will read. */
    bool is_here = !get_or_env(info, "service", "PGSERVICE") &&
                   is_local(get_or_env(info, "host", "PGHOST")) &&
                   is_local(get_or_env(info, "hostaddr", "PGHOSTADDR"));

    if (!is_here && !get(info, "sslmode") && add(info, "sslmode", "verify-full", err) != 0)
        return -1;
    if (add_roots(info, err) != 0)
        return -1;
    if (!get(info, "application_name") && add(info, "application_name", application_name, err) != 0)
        return -1;
    return add(info, "client_encoding", "UTF8", err);
}

static void describe(struct pg_conninfo *info)
{
    const char *host = get_or_env(info, "host", "PGHOST");
    const char *port = get_or_env(info, "port", "PGPORT");
    const char *dbname = get_or_env(info, "dbname", "PGDATABASE");

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
