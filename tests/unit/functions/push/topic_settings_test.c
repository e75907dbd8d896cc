#include <stdlib.h>

#include <criterion/criterion.h>

#include "functions/push/topic_settings.h"

static struct topic_settings settings;
static struct nr_err err;

Test(topic_settings, has_quiet_defaults)
{
    cr_assert_eq(topic_settings_read(&settings, &err), 0, "%s", err.message);

    cr_expect_eq(settings.rate, 500);
    cr_expect_not(settings.is_iid);
    cr_expect_str_eq(settings.iid_endpoint, "https://iid.googleapis.com");
}

Test(topic_settings, takes_the_older_api)
{
    setenv("NARAE_TOPIC_BACKEND", "iid", 1);
    setenv("NARAE_TOPIC_RATE", "3000", 1);

    cr_assert_eq(topic_settings_read(&settings, &err), 0, "%s", err.message);

    cr_expect(settings.is_iid);
    cr_expect_eq(settings.rate, 3000);
}

Test(topic_settings, names_the_variable_that_is_wrong)
{
    setenv("NARAE_TOPIC_BACKEND", "v2", 1);
    cr_expect_eq(topic_settings_read(&settings, &err), -1);
    cr_expect_str_eq(err.message, "NARAE_TOPIC_BACKEND: must be v1 or iid, is \"v2\"");
    cr_expect_str_eq(err.type, "Function.InvalidSetting");

    nr_err_reset(&err);
    setenv("NARAE_TOPIC_RATE", "3001", 1);
    cr_expect_eq(topic_settings_read(&settings, &err), -1);
    cr_expect_eq(strncmp(err.message, "NARAE_TOPIC_RATE: ", 18), 0, "%s", err.message);
}
