#include <narae/env.h>
#include <narae/secret.h>

#include "functions/push/settings.h"

static const struct nr_env_text fcm_endpoint = {"NARAE_FCM_ENDPOINT", "https://host[:port]",
                                                "https://fcm.googleapis.com", 256};

/* FCM closes clients with too many streams (firebase-admin-node #2943: 214 at once); 4 x 100 carry 4,000
 * pushes a second at 100 ms. */
static const struct nr_env_int connections = {"NARAE_PUSH_CONNECTIONS", "connections", 1, 10, 4};
static const struct nr_env_int streams = {"NARAE_PUSH_STREAMS", "streams per connection", 1, 1000, 100};

/* FCM's scale page asks for at least 10 s. */
static const struct nr_env_int request_timeout = {"NARAE_PUSH_REQUEST_TIMEOUT_MS", "ms", 100, 60000, 10000};

static const char database[] = "NARAE_DATABASE";
static const char service_account[] = "NARAE_FCM_SERVICE_ACCOUNT";

int settings_read(struct settings *out, struct nr_err *err)
{
    if (nr_env_get_text(&fcm_endpoint, &out->fcm_endpoint, err) != 0 ||
        nr_env_get_int(&connections, &out->n_connections, err) != 0 ||
        nr_env_get_int(&streams, &out->n_streams, err) != 0)
        return -1;
    return nr_env_get_int(&request_timeout, &out->request_timeout_ms, err);
}

static int read_database(struct settings *settings, int64_t deadline_mono_ms, struct nr_err *err)
{
    NR_SECRET_AUTO conninfo;

    nr_buf_init(&conninfo, NR_SECRET_MAX_BYTES);
    if (nr_secret_read(database, deadline_mono_ms, &conninfo, err) != 0)
        return -1;
    return nr_pg_new(&(struct nr_pg_options){.setting = database,
                                             .conninfo = nr_buf_text(&conninfo),
                                             .application_name = "narae-push_send"},
                     &settings->pg, err);
}

static int read_account(struct settings *settings, int64_t deadline_mono_ms, struct nr_err *err)
{
    NR_SECRET_AUTO text;

    nr_buf_init(&text, NR_SECRET_MAX_BYTES);
    if (nr_secret_read(service_account, deadline_mono_ms, &text, err) != 0 ||
        google_account_parse(service_account, nr_buf_view(&text), &settings->account, err) != 0)
        return -1;
    settings->has_account = true;
    return 0;
}

int settings_read_secrets(struct settings *settings, int64_t deadline_mono_ms, struct nr_err *err)
{
    if (!settings->pg && read_database(settings, deadline_mono_ms, err) != 0)
        return -1;
    if (!settings->has_account && read_account(settings, deadline_mono_ms, err) != 0)
        return -1;
    return 0;
}

void settings_forget_database(struct settings *settings)
{
    nr_secret_forget(database);
    nr_pg_free(settings->pg);
    settings->pg = NULL;
}

void settings_forget_account(struct settings *settings)
{
    nr_secret_forget(service_account);
    google_account_done(&settings->account);
    settings->has_account = false;
}

void settings_done(struct settings *settings)
{
    nr_pg_free(settings->pg);
    google_account_done(&settings->account);
    *settings = (struct settings){0};
}
