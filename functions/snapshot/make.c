#include <stdio.h>

#include "functions/snapshot/make.h"
#include "functions/snapshot/tags.h"

/* Indexed by enum make_result. */
static const char *const names[MAKE_N] = {"not tried", "created", "existed", "skipped",
                                          "busy",      "quota",   "failed"};

const char *make_result_name(enum make_result result)
{
    return names[result];
}

/* --- a name that is taken ------------------------------------------------------------------------------- */

struct look {
    const struct agenda_create *create;
    bool is_found, is_ours, is_failed;
};

static void on_found(void *user, const struct rds_snapshot *snapshot)
{
    struct look *look = user;
    const struct tags_read tags = tags_read(&snapshot->tags, 0);
    const struct rds_cluster *cluster = look->create->cluster;

    look->is_found = true;
    look->is_failed = snapshot->state == RDS_FAILED;
    look->is_ours = tags.is_managed && nr_view_is(tags.policy, look->create->policy->id) && tags.has_slot &&
                    tags.slot_unix_ms / 1000 == look->create->slot_unix_s &&
                    nr_view_is(snapshot->cluster_id, cluster->id) &&
                    nr_view_is(tags.resource, cluster->resource_id);
}

/* What is there under the name. Not there is no failure. */
static int look_at(struct rds *rds, const char *name, struct look *look, struct nr_err *err)
{
    enum rds_fault fault;
    struct nr_err why = {0};

    if (rds_find_snapshot(rds, name, on_found, look, &fault, &why) == 0 || fault == RDS_FAULT_SNAPSHOT_GONE)
        return 0;
    *err = why;
    return -1;
}

/* --- one name ------------------------------------------------------------------------------------------- */

enum step { STEP_DONE, STEP_NEXT_NAME, STEP_AGAIN };

static enum step settle(struct make_outcome *out, enum make_result result, const char *why)
{
    out->result = result;
    snprintf(out->why, sizeof(out->why), "%.*s", (int)sizeof(out->why) - 1, why);
    return STEP_DONE;
}

static enum step judge_look(const struct look *look, struct make_outcome *out)
{
    if (!look->is_found)
        return STEP_AGAIN;
    if (!look->is_ours)
        return settle(
            out, MAKE_FAILED,
            "the name belongs to another snapshot; policies on one cluster need different prefixes");
    if (look->is_failed)
        return STEP_NEXT_NAME;
    return settle(out, MAKE_EXISTED, "");
}

static enum step judge_fault(struct rds *rds, const struct agenda_create *create, enum rds_fault fault,
                             const struct nr_err *why, struct make_outcome *out)
{
    struct look look = {.create = create};
    struct nr_err ignored = {0};

    switch (fault) {
    case RDS_FAULT_EXISTS:
    case RDS_FAULT_UNCERTAIN:
        if (look_at(rds, out->name, &look, &ignored) != 0)
            return settle(out, MAKE_BUSY, why->message);
        return judge_look(&look, out);
    case RDS_FAULT_CLUSTER_BUSY:
        return settle(out, MAKE_BUSY, why->message);
    case RDS_FAULT_QUOTA:
        return settle(out, MAKE_QUOTA, why->message);
    default:
        return settle(out, nr_err_is_transient(why) ? MAKE_BUSY : MAKE_FAILED, why->message);
    }
}

static enum step try_name(struct rds *rds, const struct agenda_create *create, const struct rds_tags *tags,
                          struct make_outcome *out)
{
    enum step step = STEP_AGAIN;

    /* An uncertain call is sent once more, after a look; what remains uncertain is the next invocation's. */
    for (int i = 0; i < 2 && step == STEP_AGAIN; i++) {
        struct nr_err why = {0};
        enum rds_fault fault;

        if (rds_create(rds, create->cluster->id, out->name, tags, &fault, &why) == 0)
            return settle(out, MAKE_MADE, "");
        step = judge_fault(rds, create, fault, &why, out);
        if (step == STEP_AGAIN)
            (void)settle(out, MAKE_BUSY, why.message);
    }
    return step;
}

/* --- one slot ------------------------------------------------------------------------------------------- */

static void create_one(struct rds *rds, const struct agenda_create *create, struct make_outcome *out)
{
    char slot[SLOT_TEXT_BYTES];
    const struct rds_tag own[] = {{NR_VIEW(TAGS_MANAGED_BY), NR_VIEW(TAGS_MANAGER)},
                                  {NR_VIEW(TAGS_POLICY), create->policy->id},
                                  {NR_VIEW(TAGS_SLOT), {slot, SLOT_TEXT_BYTES - 1}},
                                  {NR_VIEW(TAGS_RESOURCE), create->cluster->resource_id},
                                  {NR_VIEW(TAGS_VERSION), NR_VIEW(NARAE_VERSION)}};
    const struct slot_subject subject = {create->policy->prefix, create->cluster->id,
                                         create->cluster->resource_id};
    struct rds_tags tags;

    slot_text(create->slot_unix_s, slot);
    out->n_tags_left_out = tags_merge(own, sizeof(own) / sizeof(own[0]), &create->cluster->tags, &tags);
    for (int try = create->n_failed + 1; try <= SLOT_RETRY_MAX; try++) {
        struct nr_err why = {0};

        if (slot_name(&subject, create->slot_unix_s, try, out->name, &why) != 0) {
            (void)settle(out, MAKE_BUSY, why.message);
            return;
        }
        if (try_name(rds, create, &tags, out) != STEP_NEXT_NAME)
            return;
    }
    (void)settle(out, MAKE_FAILED, "every try for this slot has failed");
}

void make_snapshot(struct rds *rds, const struct agenda_create *create, struct make_outcome *out)
{
    *out = (struct make_outcome){0};
    memcpy(out->name, create->name, sizeof(out->name));
    switch (create->what) {
    case AGENDA_CREATE:
        create_one(rds, create, out);
        break;
    case AGENDA_EXISTS:
        (void)settle(out, MAKE_EXISTED, "");
        break;
    case AGENDA_STOPPED:
        (void)settle(out, create->policy->is_stopped_failure ? MAKE_FAILED : MAKE_SKIPPED,
                     "the cluster is stopped");
        break;
    case AGENDA_GOING:
        (void)settle(out, MAKE_SKIPPED, "the cluster is being deleted");
        break;
    case AGENDA_USED_UP:
        (void)settle(out, MAKE_FAILED, "every try for this slot has failed");
        break;
    }
}
