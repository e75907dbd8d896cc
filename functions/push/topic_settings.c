#include <string.h>

#include <narae/env.h>

#include "functions/push/topic_settings.h"

/* FCM takes 3,000 subscriptions a second and project: four sandboxes of push_devices and one of push_prune at
 * 500 stay below it. */
static const struct nr_env_int rate = {"NARAE_TOPIC_RATE", "calls per second", 1, 3000, 500};
static const struct nr_env_text backend = {"NARAE_TOPIC_BACKEND", "v1 or iid", "v1", 8};
static const struct nr_env_text iid_endpoint = {"NARAE_IID_ENDPOINT", "https://host[:port]",
                                                "https://iid.googleapis.com", 256};

int topic_settings_read(struct topic_settings *out, struct nr_err *err)
{
    const char *name;

    if (nr_env_get_int(&rate, &out->rate, err) != 0 || nr_env_get_text(&backend, &name, err) != 0 ||
        nr_env_get_text(&iid_endpoint, &out->iid_endpoint, err) != 0)
        return -1;
    out->is_iid = strcmp(name, "iid") == 0;
    if (out->is_iid || strcmp(name, "v1") == 0)
        return 0;
    return nr_err_set(err, NR_ERR_INVALID, "Function.InvalidSetting", "%s: must be %s, is \"%.16s\"",
                      backend.name, backend.form, name);
}
