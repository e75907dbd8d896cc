#include <string.h>

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

/* FCM's default quota is 600,000 a minute; shared by the template's 4 sandboxes. */
static const struct nr_env_int rate = {"NARAE_PUSH_RATE", "pushes per second", 1, 1000000, 2500};

/* FCM's scale page: at least 60 s. */
static const struct nr_env_int ramp = {"NARAE_PUSH_RAMP_S", "s", 0, 3600, 60};

/* Waiting is paid time; SQS waits for nothing. */
static const struct nr_env_int wait_max = {"NARAE_PUSH_WAIT_MS", "ms", 0, 600000, 0};

static const struct nr_env_int breaker = {"NARAE_PUSH_BREAKER_PERCENT", "percent", 0, 100, 20};

/* The first word is the default. */
struct choice {
    struct nr_env_text text;
    const char *on, *off;
};

static const struct choice poison = {{"NARAE_PUSH_POISON", "\"dlq\" or \"park\"", "dlq", 16}, "park", "dlq"};
static const struct choice quarters = {
    {"NARAE_PUSH_SPARE_QUARTERS", "\"on\" or \"off\"", "on", 16}, "on", "off"};

static const char database[] = "NARAE_DATABASE";
static const char service_account[] = "NARAE_FCM_SERVICE_ACCOUNT";

static int get_choice(const struct choice *choice, bool *out, struct nr_err *err)
{
    const char *text;

    if (nr_env_get_text(&choice->text, &text, err) != 0)
        return -1;
    *out = strcmp(text, choice->on) == 0;
    if (*out || strcmp(text, choice->off) == 0)
        return 0;
    return nr_err_set(err, NR_ERR_INVALID, "Function.InvalidSetting", "%s: must be %s, not \"%.64s\"",
                      choice->text.name, choice->text.form, text);
}

static int get_numbers(struct settings *out, struct nr_err *err)
{
    const struct {
        const struct nr_env_int *spec;
        int64_t *out;
    } numbers[] = {
        {&connections, &out->n_connections},
        {&streams, &out->n_streams},
        {&request_timeout, &out->request_timeout_ms},
        {&rate, &out->rate_per_s},
        {&ramp, &out->ramp_s},
        {&wait_max, &out->wait_max_ms},
        {&breaker, &out->breaker_percent},
    };

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        if (nr_env_get_int(numbers[i].spec, numbers[i].out, err) != 0)
            return -1;
    return 0;
}

int settings_read(struct settings *out, struct nr_err *err)
{
    if (nr_env_get_text(&fcm_endpoint, &out->fcm_endpoint, err) != 0 || get_numbers(out, err) != 0 ||
        get_choice(&poison, &out->parks_poison, err) != 0)
        return -1;
    return get_choice(&quarters, &out->spares_quarters, err);
}

static int read_database(struct settings *settings, int64_t deadline_mono_ms, struct nr_err *err)
{
    NR_SECRET_AUTO conninfo;

    nr_buf_init(&conninfo, NR_SECRET_MAX_BYTES);
    if (nr_secret_read(database, deadline_mono_ms, &conninfo, err) != 0)
        return -1;
    return nr_pg_new(&(struct nr_pg_options){.setting = database,
                                             .conninfo = nr_buf_text(&conninfo),
                                             .application_name = settings->application_name
                                                                     ? settings->application_name
                                                                     : "narae-push_send",
                                             .statement_timeout_ms = settings->statement_timeout_ms},
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
