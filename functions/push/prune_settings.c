#include <narae/env.h>

#include "functions/push/prune_settings.h"

/* Clients refresh about monthly (FCM "manage-tokens"): two refreshes in a row were missed. */
static const struct nr_env_int stale[PRUNE_N_PLATFORMS] = {
    [PRUNE_ANDROID] = {"NARAE_PRUNE_STALE_DAYS_ANDROID", "days", 7, 3650, 60},
    [PRUNE_IOS] = {"NARAE_PRUNE_STALE_DAYS_IOS", "days", 7, 3650, 60},
    [PRUNE_WEB] = {"NARAE_PRUNE_STALE_DAYS_WEB", "days", 7, 3650, 60},
};

static const struct nr_env_int max_percent = {"NARAE_PRUNE_MAX_PERCENT", "percent", 1, 100, 10};
static const struct nr_env_int removal = {"NARAE_PRUNE_REMOVE_DAYS", "days", 1, 3650, 90};

/* A message may lie 4 days in our queue, and 14 in its dead-letter queue before it is sent again: a row that
 * goes sooner would be a second push. */
static const struct nr_env_int ledger = {"NARAE_PUSH_LEDGER_DAYS", "days", 19, 3650, 30};
static const struct nr_env_int parked = {"NARAE_PUSH_PARKED_DAYS", "days", 1, 3650, 90};

int prune_settings_read(struct prune_settings *out, struct nr_err *err)
{
    for (int i = 0; i < PRUNE_N_PLATFORMS; i++)
        if (nr_env_get_int(&stale[i], &out->stale_days[i], err) != 0)
            return -1;
    if (nr_env_get_int(&max_percent, &out->max_percent, err) != 0 ||
        nr_env_get_int(&removal, &out->remove_days, err) != 0 ||
        nr_env_get_int(&ledger, &out->ledger_days, err) != 0)
        return -1;
    return nr_env_get_int(&parked, &out->parked_days, err);
}
