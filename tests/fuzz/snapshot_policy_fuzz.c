/* Any document: policies within their bounds that a retention can be reckoned with, or a refusal that names
 * what is wrong. */
#include <stdlib.h>

#include "functions/snapshot/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void reckon(const struct policy *policy)
{
    struct retention_item items[8];

    for (size_t i = 0; i < 8; i++)
        items[i] = (struct retention_item){.unix_ms = 1795539600000 - (int64_t)i * 26 * 3600 * 1000,
                                           .id = NR_VIEW("s")};
    retention_apply(&policy->keep, &policy->zone, items, 8);
    if (policy->limits.min_keep < 1 || retention_is_empty(&policy->keep) || policy_forecast(policy, 3) == 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct policy_set set = {0};
    struct nr_err err = {0};

    if (policy_set_parse(nr_view_n((const char *)data, size), "policy", &set, &err) == 0) {
        for (size_t i = 0; i < set.n; i++)
            reckon(&set.items[i]);
        policy_set_done(&set);
    } else if (!err.message[0] || set.items) {
        abort();
    }
    return 0;
}
