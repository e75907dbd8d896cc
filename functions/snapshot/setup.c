#include <narae/env.h>
#include <narae/secret.h>

#include "functions/snapshot/setup.h"

static const char policy_name[] = "NARAE_SNAPSHOT_POLICY";

/* RDS's default: 100 manual cluster snapshots in a Region, which can be raised (Aurora User Guide,
 * "Quotas"). */
static const struct nr_env_int quota = {"NARAE_SNAPSHOT_QUOTA", "snapshots", 1, 100000, 100};

int setup_read(struct setup *out, struct nr_err *err)
{
    out->region = nr_env_raw("AWS_REGION");
    if (!out->region)
        out->region = nr_env_raw("AWS_DEFAULT_REGION");
    if (!out->region)
        return nr_err_set(err, NR_ERR_INVALID, "Function.MissingSetting", "AWS_REGION: not set");
    return nr_env_get_int(&quota, &out->quota, err);
}

int setup_read_policies(struct setup *setup, int64_t deadline_mono_ms, struct nr_err *err)
{
    const char *inline_text = nr_env_raw(policy_name);
    NR_SECRET_AUTO text = {0};

    if (setup->policies.n)
        return 0;
    if (!inline_text)
        return nr_err_set(err, NR_ERR_INVALID, "Function.MissingSetting",
                          "%s: not set; accepted: a JSON document, or a secret reference to one",
                          policy_name);
    if (nr_view_starts(nr_view_trim(nr_view(inline_text)), NR_VIEW("{")))
        return policy_set_parse(nr_view(inline_text), policy_name, &setup->policies, err);
    nr_buf_init(&text, NR_SECRET_MAX_BYTES);
    if (nr_secret_read(policy_name, deadline_mono_ms, &text, err) != 0)
        return -1;
    return policy_set_parse(nr_buf_view(&text), policy_name, &setup->policies, err);
}
