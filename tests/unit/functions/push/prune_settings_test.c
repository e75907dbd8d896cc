#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "functions/push/prune_settings.h"

static struct prune_settings settings;
static struct nr_err err;

Test(prune_settings, has_quiet_defaults)
{
    cr_assert_eq(prune_settings_read(&settings, &err), 0, "%s", err.message);

    for (int i = 0; i < PRUNE_N_PLATFORMS; i++)
        cr_expect_eq(settings.stale_days[i], 60);
    cr_expect_eq(settings.max_percent, 10);
    cr_expect_eq(settings.remove_days, 90);
    cr_expect_eq(settings.ledger_days, 30);
    cr_expect_eq(settings.parked_days, 90);
}

Test(prune_settings, has_a_threshold_for_each_platform)
{
    setenv("NARAE_PRUNE_STALE_DAYS_ANDROID", "270", 1);
    setenv("NARAE_PRUNE_STALE_DAYS_IOS", "120", 1);

    cr_assert_eq(prune_settings_read(&settings, &err), 0, "%s", err.message);

    cr_expect_eq(settings.stale_days[PRUNE_ANDROID], 270);
    cr_expect_eq(settings.stale_days[PRUNE_IOS], 120);
    cr_expect_eq(settings.stale_days[PRUNE_WEB], 60);
}

Test(prune_settings, names_the_variable_that_is_wrong)
{
    static const char *const names[] = {"NARAE_PRUNE_STALE_DAYS_ANDROID", "NARAE_PRUNE_STALE_DAYS_IOS",
                                        "NARAE_PRUNE_STALE_DAYS_WEB",     "NARAE_PRUNE_MAX_PERCENT",
                                        "NARAE_PRUNE_REMOVE_DAYS",        "NARAE_PUSH_LEDGER_DAYS",
                                        "NARAE_PUSH_PARKED_DAYS"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        setenv(names[i], "0", 1);
        nr_err_reset(&err);
        cr_expect_eq(prune_settings_read(&settings, &err), -1, "%s", names[i]);
        cr_expect_eq(strncmp(err.message, names[i], strlen(names[i])), 0, "%s", err.message);
        cr_expect_str_eq(err.type, "Function.InvalidSetting");
        unsetenv(names[i]);
    }
}
