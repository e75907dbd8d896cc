#include <stdio.h>

#include "functions/snapshot/away.h"
#include "functions/snapshot/slot.h"
#include "functions/snapshot/tags.h"

/* Indexed by enum away_result. */
static const char *const names[AWAY_N] = {"nothing", "done", "there before", "waits", "failed"};

const char *away_result_name(enum away_result result)
{
    return names[result];
}

/* --- share ---------------------------------------------------------------------------------------------- */

struct missing {
    struct nr_view accounts[POLICY_ACCOUNT_MAX]; /* of the policy, in its document */
    size_t n;
    bool is_public;
};

static void strike_out(void *user, struct nr_view account)
{
    struct missing *missing = user;

    missing->is_public |= nr_view_is(account, NR_VIEW("all"));
    for (size_t i = 0; i < missing->n; i++)
        if (nr_view_is(missing->accounts[i], account))
            missing->accounts[i--] = missing->accounts[--missing->n];
}

static enum away_result say(char why[256], enum away_result result, const char *text)
{
    snprintf(why, 256, "%.255s", text);
    return result;
}

static enum away_result share_one(struct rds *home, const struct inventory_snapshot *newest, char why[256])
{
    const json_t *accounts = newest->policy->accounts;
    struct missing missing = {0};
    struct nr_err err = {0};
    enum rds_fault fault;

    for (; missing.n < json_array_size(accounts); missing.n++)
        missing.accounts[missing.n] = nr_view(json_string_value(json_array_get(accounts, missing.n)));
    if (rds_list_accounts(home, newest->id, strike_out, &missing, &err) != 0)
        return say(why, AWAY_FAILED, err.message);
    if (missing.is_public)
        return say(why, AWAY_FAILED, "the snapshot is public: somebody shared it with \"all\"");
    if (missing.n == 0)
        return AWAY_THERE;
    if (rds_share(home, newest->id, missing.accounts, missing.n, &fault, &err) != 0)
        return say(why, AWAY_FAILED, err.message);
    return AWAY_DONE;
}

void away_share(struct rds *home, const struct inventory *here, const struct inventory_group *group,
                struct away_outcome *out)
{
    const struct inventory_snapshot *newest = inventory_newest_good(here, group);

    out->share = newest && group->policy->accounts ? share_one(home, newest, out->share_why) : AWAY_NOTHING;
}

/* --- copy ----------------------------------------------------------------------------------------------- */

/* Is it there, or something newer? */
static bool is_there(const struct inventory *there, const struct inventory_snapshot *source)
{
    const struct inventory_group *group = inventory_find_group(there, source->policy, source->resource_id);

    for (size_t i = 0; group && i < group->n; i++) {
        const struct inventory_snapshot *copy = &there->items[group->first + i];

        if (copy->state != RDS_FAILED && copy->slot_unix_ms >= source->slot_unix_ms)
            return true;
    }
    return false;
}

static enum away_result judge_fault(enum rds_fault fault, const struct nr_err *err, char why[256])
{
    if (fault == RDS_FAULT_EXISTS)
        return AWAY_THERE;
    if (fault == RDS_FAULT_COPY_LIMIT || fault == RDS_FAULT_SNAPSHOT_BUSY || rds_fault_is_passing(fault) ||
        nr_err_is_transient(err))
        return say(why, AWAY_WAITS, err->message);
    return say(why, AWAY_FAILED, err->message);
}

static enum away_result copy_one(struct rds *away, const struct inventory *here,
                                 const struct inventory_snapshot *source, const char *home_region,
                                 char why[256])
{
    const struct policy *policy = source->policy;
    const struct rds_cluster *cluster = inventory_find_cluster(here, source->resource_id);
    char slot[SLOT_TEXT_BYTES];
    const struct rds_tag own[] = {
        {NR_VIEW(TAGS_MANAGED_BY), NR_VIEW(TAGS_MANAGER)}, {NR_VIEW(TAGS_POLICY), policy->id},
        {NR_VIEW(TAGS_SLOT), {slot, SLOT_TEXT_BYTES - 1}}, {NR_VIEW(TAGS_RESOURCE), source->resource_id},
        {NR_VIEW(TAGS_COPY_OF), nr_view(home_region)},     {NR_VIEW(TAGS_VERSION), NR_VIEW(NARAE_VERSION)}};
    struct rds_tags tags;
    struct nr_err err = {0};
    enum rds_fault fault;

    if (source->is_encrypted && !policy->copy.kms_key.len)
        return say(why, AWAY_FAILED,
                   "the snapshot is encrypted: copy.kms_key must name a key of the other Region");
    slot_text(source->slot_unix_ms / 1000, slot);
    (void)tags_merge(own, sizeof(own) / sizeof(own[0]), cluster ? &cluster->tags : &(struct rds_tags){.n = 0},
                     &tags);
    /* A key for what is not encrypted is an error. */
    if (rds_copy(away, source->arn, source->id, source->is_encrypted ? policy->copy.kms_key : NR_VIEW(""),
                 &tags, &fault, &err) == 0)
        return AWAY_DONE;
    return judge_fault(fault, &err, why);
}

void away_copy(struct rds *away, const struct inventory *here, const struct inventory *there,
               const struct inventory_group *group, const char *home_region, size_t *n_underway,
               struct away_outcome *out)
{
    const struct inventory_snapshot *newest = inventory_newest_good(here, group);

    out->copy = AWAY_NOTHING;
    if (!newest || !group->policy->copy.is_wanted)
        return;
    if (!there)
        out->copy = say(out->copy_why, AWAY_WAITS, "what is in the other Region could not be listed");
    else if (is_there(there, newest))
        out->copy = AWAY_THERE;
    else if (*n_underway >= AWAY_COPIES_MAX)
        out->copy = say(out->copy_why, AWAY_WAITS, "five copies are under way in the other Region");
    else
        out->copy = copy_one(away, here, newest, home_region, out->copy_why);
    *n_underway += out->copy == AWAY_DONE;
}
