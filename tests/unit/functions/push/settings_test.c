#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include <narae/clock.h>

#include "functions/push/settings.h"

#define ACCOUNT                                                                                              \
    "{\"project_id\":\"narae-test\",\"private_key_id\":\"1\",\"client_email\":\"push@narae-test.example\","  \
    "\"token_uri\":\"https://oauth2.googleapis.com/token\","                                                 \
    "\"private_key\":\"-----BEGIN PRIVATE KEY-----\\nAAAA\\n-----END PRIVATE KEY-----\\n\"}"

static struct settings settings;
static struct nr_err err;

/* Nothing of the surroundings, and what every test needs. */
static void set_up(void)
{
    clearenv();
    setenv("NARAE_DATABASE", "env:THE_DATABASE", 1);
    setenv("THE_DATABASE", "postgresql://narae:hush@127.0.0.1:1/none", 1);
    setenv("NARAE_FCM_SERVICE_ACCOUNT", "env:THE_ACCOUNT", 1);
    setenv("THE_ACCOUNT", ACCOUNT, 1);
}

static void tear_down(void)
{
    settings_done(&settings);
}

TestSuite(settings, .init = set_up, .fini = tear_down);

Test(settings, have_defaults)
{
    cr_assert_eq(settings_read(&settings, &err), 0, "%s", err.message);

    cr_expect_str_eq(settings.fcm_endpoint, "https://fcm.googleapis.com");
    cr_expect_eq(settings.n_connections, 4);
    cr_expect_eq(settings.n_streams, 100);
    cr_expect_eq(settings.request_timeout_ms, 10000);
    cr_expect_eq(settings.rate_per_s, 2500);
    cr_expect_eq(settings.ramp_s, 60);
    cr_expect_eq(settings.wait_max_ms, 0);
    cr_expect_eq(settings.breaker_percent, 20);
    cr_expect(!settings.parks_poison);
    cr_expect(settings.spares_quarters);
}

Test(settings, take_what_is_set)
{
    setenv("NARAE_FCM_ENDPOINT", "https://127.0.0.1:8443", 1);
    setenv("NARAE_PUSH_CONNECTIONS", "10", 1);
    setenv("NARAE_PUSH_STREAMS", "1", 1);
    setenv("NARAE_PUSH_REQUEST_TIMEOUT_MS", "60000", 1);
    setenv("NARAE_PUSH_RATE", "1", 1);
    setenv("NARAE_PUSH_RAMP_S", "0", 1);
    setenv("NARAE_PUSH_WAIT_MS", "15000", 1);
    setenv("NARAE_PUSH_BREAKER_PERCENT", "100", 1);
    setenv("NARAE_PUSH_POISON", "park", 1);
    setenv("NARAE_PUSH_SPARE_QUARTERS", "off", 1);

    cr_assert_eq(settings_read(&settings, &err), 0, "%s", err.message);

    cr_expect_str_eq(settings.fcm_endpoint, "https://127.0.0.1:8443");
    cr_expect_eq(settings.n_connections, 10);
    cr_expect_eq(settings.n_streams, 1);
    cr_expect_eq(settings.request_timeout_ms, 60000);
    cr_expect_eq(settings.rate_per_s, 1);
    cr_expect_eq(settings.ramp_s, 0);
    cr_expect_eq(settings.wait_max_ms, 15000);
    cr_expect_eq(settings.breaker_percent, 100);
    cr_expect(settings.parks_poison);
    cr_expect(!settings.spares_quarters);
}

Test(settings, name_the_variable_and_its_range)
{
    static const struct {
        const char *name, *value, *message;
    } cases[] = {
        {"NARAE_PUSH_CONNECTIONS", "0",
         "NARAE_PUSH_CONNECTIONS: \"0\" is not a whole number from 1 to 10 connections"},
        {"NARAE_PUSH_CONNECTIONS", "11",
         "NARAE_PUSH_CONNECTIONS: \"11\" is not a whole number from 1 to 10 connections"},
        {"NARAE_PUSH_STREAMS", "many",
         "NARAE_PUSH_STREAMS: \"many\" is not a whole number from 1 to 1000 streams per connection"},
        {"NARAE_PUSH_REQUEST_TIMEOUT_MS", "99",
         "NARAE_PUSH_REQUEST_TIMEOUT_MS: \"99\" is not a whole number from 100 to 60000 ms"},
        {"NARAE_PUSH_RATE", "0",
         "NARAE_PUSH_RATE: \"0\" is not a whole number from 1 to 1000000 pushes per second"},
        {"NARAE_PUSH_RAMP_S", "-1", "NARAE_PUSH_RAMP_S: \"-1\" is not a whole number from 0 to 3600 s"},
        {"NARAE_PUSH_WAIT_MS", "1e3",
         "NARAE_PUSH_WAIT_MS: \"1e3\" is not a whole number from 0 to 600000 ms"},
        {"NARAE_PUSH_BREAKER_PERCENT", "101",
         "NARAE_PUSH_BREAKER_PERCENT: \"101\" is not a whole number from 0 to 100 percent"},
        {"NARAE_PUSH_POISON", "bin", "NARAE_PUSH_POISON: must be \"dlq\" or \"park\", not \"bin\""},
        {"NARAE_PUSH_SPARE_QUARTERS", "yes",
         "NARAE_PUSH_SPARE_QUARTERS: must be \"on\" or \"off\", not \"yes\""},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        setenv(cases[i].name, cases[i].value, 1);
        nr_err_reset(&err);

        cr_expect_eq(settings_read(&settings, &err), -1);

        cr_expect_str_eq(err.message, cases[i].message);
        cr_expect_str_eq(err.type, "Function.InvalidSetting");
        unsetenv(cases[i].name);
    }
}

Test(settings, read_secrets_once)
{
    struct nr_pg *first;

    cr_assert_eq(settings_read_secrets(&settings, NR_CLOCK_NEVER_MS, &err), 0, "%s", err.message);
    first = settings.pg;
    unsetenv("THE_DATABASE");
    unsetenv("THE_ACCOUNT");

    cr_expect_eq(settings_read_secrets(&settings, NR_CLOCK_NEVER_MS, &err), 0, "%s", err.message);

    cr_expect_eq(settings.pg, first);
    cr_expect(settings.has_account);
    cr_expect_str_eq(settings.account.project_id, "narae-test");
}

Test(settings, read_a_forgotten_secret_again)
{
    cr_assert_eq(settings_read_secrets(&settings, NR_CLOCK_NEVER_MS, &err), 0, "%s", err.message);

    settings_forget_database(&settings);
    settings_forget_account(&settings);
    cr_expect_null(settings.pg);
    cr_expect_not(settings.has_account);

    cr_expect_eq(settings_read_secrets(&settings, NR_CLOCK_NEVER_MS, &err), 0, "%s", err.message);
    cr_expect_not_null(settings.pg);
    cr_expect(settings.has_account);
}

Test(settings, name_setting_and_secret_that_is_missing_or_wrong)
{
    static const struct {
        const char *name, *value, *message, *type;
    } cases[] = {
        {"NARAE_DATABASE", "",
         "NARAE_DATABASE: not set; accepted: env:NAME, file:PATH, a Secrets Manager ARN "
         "(ARN#json.key), ssm:/name",
         "Function.MissingSetting"},
        {"NARAE_DATABASE", "env:NOBODY", "NARAE_DATABASE: \"env:NOBODY\": no such environment variable",
         "Function.MissingSecret"},
        {"NARAE_DATABASE", "postgresql://narae:hush@host/db",
         "NARAE_DATABASE: not a secret reference; accepted: env:NAME, file:PATH, a Secrets Manager ARN "
         "(ARN#json.key), ssm:/name",
         "Function.InvalidSetting"},
        {"NARAE_FCM_SERVICE_ACCOUNT", "file:/no/such/file",
         "NARAE_FCM_SERVICE_ACCOUNT: \"file:/no/such/file\": No such file or directory",
         "Function.MissingSecret"},
        {"THE_ACCOUNT", "{\"private_key\":\"hush\"}",
         "NARAE_FCM_SERVICE_ACCOUNT: project_id: missing; must be a string", "Function.InvalidSetting"},
        {"THE_ACCOUNT", "hush", "NARAE_FCM_SERVICE_ACCOUNT: not JSON", "Function.InvalidSetting"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        set_up();
        setenv(cases[i].name, cases[i].value, 1);
        nr_err_reset(&err);

        cr_expect_eq(settings_read_secrets(&settings, NR_CLOCK_NEVER_MS, &err), -1, "%s", cases[i].message);

        cr_expect_str_eq(err.message, cases[i].message);
        cr_expect_str_eq(err.type, cases[i].type);
        cr_expect_null(strstr(err.message, "hush"));
        cr_expect_not(nr_err_is_transient(&err), "init would go on with it");
        settings_done(&settings);
    }
}
