/* Ten thousand random histories of an account, run by run: what inventory, agenda and cull decide together
 * must never cost the one snapshot that is needed. The world here knows by itself whose a snapshot is; it
 * does not ask the code under test. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "functions/snapshot/agenda.h"
#include "functions/snapshot/rds_xml.h"
#include "functions/snapshot/tags.h"

#define HOUR_S 3600

enum { N_HISTORIES = 10000, CLUSTERS = 2, WORLD_MAX = 256, TAGS = 5 };

/* A snapshot of the world. */
struct thing {
    char id[96], cluster[16], resource[24], policy[16], slot[SLOT_TEXT_BYTES], tag_resource[24];
    char manager[24];
    const char *status;
    int64_t slot_unix_s;
    bool is_truly_ours, is_held, is_gone;
};

struct world {
    struct policy_set policies;
    int64_t now_s;
    struct thing things[WORLD_MAX];
    size_t n;
    int incarnation[CLUSTERS]; /* a cluster that is made anew has another resource id */
    bool is_there[CLUSTERS];
};

static uint64_t seed;

static size_t below(size_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (seed >> 16) % n;
}

static bool one_in(size_t n)
{
    return below(n) == 0;
}

/* --- the world ------------------------------------------------------------------------------------------ */

static void resource_of(const struct world *world, int cluster, char out[24])
{
    snprintf(out, 24, "cluster-%d-%d", cluster, world->incarnation[cluster]);
}

static void choose_policy(struct world *world)
{
    char json[512];
    struct nr_err err = {0};

    snprintf(json, sizeof(json),
             "{\"id\":\"nightly\",\"clusters\":{\"ids\":[\"*\"]},\"zone\":\"%s\",\"min_keep\":%zu,\"max_"
             "stale_hours\":%zu,"
             "\"max_delete_per_cluster\":%zu,\"max_delete_per_run\":%zu,\"orphan_keep_last\":%d,"
             "\"keep\":{\"last\":%zu,\"daily\":%zu,\"weekly\":%zu,\"monthly\":%zu}}",
             one_in(2) ? "UTC" : "America/New_York", 1 + below(4), 24 + below(100),
             (size_t)(one_in(4) ? 1 : 1000), (size_t)(one_in(4) ? 2 : 1000), (int)below(4) - 1, 1 + below(3),
             below(6), below(4), below(3));
    cr_assert_eq(policy_set_parse(nr_view(json), "policy", &world->policies, &err), 0, "%s", err.message);
}

static struct thing *add_thing(struct world *world)
{
    cr_assert(world->n < WORLD_MAX);
    world->things[world->n] =
        (struct thing){.status = "available", .manager = TAGS_MANAGER, .policy = "nightly"};
    return &world->things[world->n++];
}

/* Something that looks a little like ours, and is not. */
static void add_foreign(struct world *world)
{
    struct thing *thing = add_thing(world);
    size_t kind = below(7);
    int cluster = (int)below(CLUSTERS);

    thing->slot_unix_s = slot_floor(world->now_s - (int64_t)below(40) * 24 * HOUR_S, 60);
    slot_text(thing->slot_unix_s, thing->slot);
    snprintf(thing->cluster, sizeof(thing->cluster), "c%d", cluster);
    resource_of(world, cluster, thing->resource);
    memcpy(thing->tag_resource, thing->resource, sizeof(thing->resource));
    /* The form of our own names, and the right slot: nothing but tags and resource tell them apart. */
    snprintf(thing->id, sizeof(thing->id), "narae-x%zu-%.4s%.2s%.2st%.2s%.2sz", world->n, thing->slot,
             thing->slot + 5, thing->slot + 8, thing->slot + 11, thing->slot + 14);
    if (kind == 0)
        thing->manager[0] = '\0'; /* a person's, in our name's form */
    else if (kind == 1)
        snprintf(thing->policy, sizeof(thing->policy), "other"); /* of another function */
    else if (kind == 2)
        resource_of(world, !cluster, thing->tag_resource); /* tags that came with a restore */
    else if (kind == 3)
        snprintf(thing->id, sizeof(thing->id), "before-migration-%zu",
                 world->n); /* all our tags, a person's name */
    else if (kind == 4)
        snprintf(thing->id, sizeof(thing->id), "awsbackup:job-%zu", world->n);
    else if (kind == 5)
        snprintf(thing->slot, sizeof(thing->slot), "long ago");
    else
        snprintf(thing->manager, sizeof(thing->manager), "somebody");
}

/* Between two runs: snapshots become good or fail, people hold some, clusters go and come. */
static void pass_time(struct world *world)
{
    world->now_s += (int64_t)(one_in(12) ? 24 * (1 + below(9)) : 24) * HOUR_S + (int64_t)below(600);
    for (size_t i = 0; i < world->n; i++) {
        struct thing *thing = &world->things[i];

        if (strcmp(thing->status, "creating") == 0)
            thing->status = one_in(12) ? "failed" : one_in(20) ? "creating" : "available";
        thing->is_held ^= one_in(60);
    }
    for (int c = 0; c < CLUSTERS; c++) {
        if (one_in(25))
            world->is_there[c] = !world->is_there[c];
        world->incarnation[c] += one_in(25);
    }
    if (one_in(3))
        add_foreign(world);
}

/* --- what the code sees --------------------------------------------------------------------------------- */

static enum rds_state state_of(const char *status)
{
    return rds_state_of(nr_view(status));
}

/* Not inlined: gcc 12 under -fsanitize loses sight of how long the world's array is. */
__attribute__((noinline)) static void tell_snapshot(struct inventory *inventory, const struct thing *thing)
{
    struct rds_snapshot snapshot = {
        .id = nr_view(thing->id),
        .cluster_id = nr_view(thing->cluster),
        .resource_id = nr_view(thing->resource),
        .status = nr_view(thing->status),
        .type = NR_VIEW("manual"),
        .state = state_of(thing->status),
        .tags = {.items = {{NR_VIEW(TAGS_MANAGED_BY), nr_view(thing->manager)},
                           {NR_VIEW(TAGS_POLICY), nr_view(thing->policy)},
                           {NR_VIEW(TAGS_SLOT), nr_view(thing->slot)},
                           {NR_VIEW(TAGS_RESOURCE), nr_view(thing->tag_resource)},
                           {NR_VIEW(TAGS_HOLD), nr_view(thing->is_held ? "true" : "no")}},
                 .n = TAGS}};

    if (!thing->is_gone)
        inventory_add_snapshot(inventory, &snapshot);
}

static void tell_cluster(struct inventory *inventory, const struct world *world, int cluster)
{
    char resource[24];
    char id[8];

    resource_of(world, cluster, resource);
    snprintf(id, sizeof(id), "c%d", cluster);
    inventory_add_cluster(inventory, &(struct rds_cluster){.id = nr_view(id),
                                                           .resource_id = nr_view(resource),
                                                           .status = NR_VIEW("available"),
                                                           .engine = NR_VIEW("aurora-mysql")});
}

static void tell(struct inventory *inventory, const struct world *world)
{
    for (int c = 0; c < CLUSTERS; c++)
        if (world->is_there[c])
            tell_cluster(inventory, world, c);
    for (size_t i = 0; i < world->n; i++)
        tell_snapshot(inventory, &world->things[i]);
}

/* --- the properties ------------------------------------------------------------------------------------- */

struct guards {
    bool is_whole, is_clock_right;
};

static struct thing *find_thing(struct world *world, struct nr_view id)
{
    for (size_t i = 0; i < world->n; i++)
        if (!world->things[i].is_gone && nr_view_is(nr_view(world->things[i].id), id))
            return &world->things[i];
    return NULL;
}

static bool is_good_of(const struct thing *thing, const char *resource)
{
    return thing->is_truly_ours && !thing->is_gone && strcmp(thing->status, "available") == 0 &&
           strcmp(thing->resource, resource) == 0;
}

static size_t count_good(const struct world *world, const char *resource, const struct thing **newest)
{
    size_t n = 0;

    *newest = NULL;
    for (size_t i = 0; i < world->n; i++)
        if (is_good_of(&world->things[i], resource)) {
            n++;
            if (!*newest || world->things[i].slot_unix_s > (*newest)->slot_unix_s)
                *newest = &world->things[i];
        }
    return n;
}

static bool is_cluster_there(const struct world *world, const char *resource)
{
    for (int c = 0; c < CLUSTERS; c++) {
        char own[24];

        resource_of(world, c, own);
        if (world->is_there[c] && strcmp(own, resource) == 0)
            return true;
    }
    return false;
}

/* Before one is deleted: may it be? */
static void check_delete(const struct world *world, const struct thing *thing, struct guards guards)
{
    const struct policy_limits *limits = &world->policies.items[0].limits;
    const struct thing *newest;
    size_t n_good = count_good(world, thing->resource, &newest);

    cr_assert(thing->is_truly_ours, "a foreign one: %s", thing->id);
    cr_assert(guards.is_whole && guards.is_clock_right);
    cr_assert(!thing->is_held);
    cr_assert(is_good_of(thing, thing->resource), "%s is %s", thing->id, thing->status);
    cr_assert(thing != newest, "the newest good one: %s", thing->id);
    cr_assert((int64_t)n_good > limits->min_keep);
    if (is_cluster_there(world, thing->resource))
        cr_assert(world->now_s - newest->slot_unix_s <= limits->max_stale_hours * HOUR_S,
                  "creation has stopped");
}

struct changes {
    size_t n_created, n_deleted;
    bool is_capped;
};

static void do_creates(struct world *world, const struct agenda *agenda, struct changes *changes)
{
    for (size_t i = 0; i < agenda->n_creates; i++) {
        const struct agenda_create *create = &agenda->creates[i];
        struct thing *thing;

        if (create->what != AGENDA_CREATE || one_in(8)) /* a call may fail */
            continue;
        cr_assert_null(find_thing(world, nr_view(create->name)), "%s is taken", create->name);
        thing = add_thing(world);
        thing->is_truly_ours = true;
        thing->status = "creating";
        thing->slot_unix_s = create->slot_unix_s;
        slot_text(create->slot_unix_s, thing->slot);
        snprintf(thing->id, sizeof(thing->id), "%s", create->name);
        snprintf(thing->cluster, sizeof(thing->cluster), "%s", create->cluster->id.ptr);
        snprintf(thing->resource, sizeof(thing->resource), "%s", create->cluster->resource_id.ptr);
        memcpy(thing->tag_resource, thing->resource, sizeof(thing->resource));
        changes->n_created++;
    }
}

static void do_deletes(struct world *world, const struct agenda *agenda, struct guards guards,
                       struct changes *changes)
{
    for (size_t g = 0; g < agenda->n_groups; g++)
        for (size_t i = 0; i < agenda->groups[g].group->n; i++) {
            const struct cull_item *item = &agenda->groups[g].items[i];
            struct thing *thing = find_thing(world, item->id);

            changes->is_capped |= item->why == CULL_CAPPED;
            if (!cull_is_delete(item->why))
                continue;
            cr_assert_not_null(thing);
            check_delete(world, thing, guards);
            thing->is_gone = true;
            changes->n_deleted++;
        }
}

static struct changes run(struct world *world, int64_t slot_s, struct guards guards)
{
    struct inventory home;
    struct agenda agenda;
    struct nr_err err = {0};
    struct changes changes = {0};

    inventory_init(&home, &world->policies, false, world->now_s * 1000);
    tell(&home, world);
    cr_assert_eq(inventory_group_all(&home, &err), 0);
    cr_assert_eq(agenda_make(&(struct agenda_asked){.home = &home,
                                                    .is_home_whole = guards.is_whole,
                                                    .is_clock_right = guards.is_clock_right,
                                                    .scheduled_unix_s = slot_s},
                             &agenda, &err),
                 0, "%s", err.message);
    do_creates(world, &agenda, &changes);
    do_deletes(world, &agenda, guards, &changes);
    agenda_done(&agenda);
    inventory_done(&home);
    return changes;
}

/* The same event once more: what was made is found, what was let go is gone. A failed call may succeed
 * now. */
static void run_again(struct world *world, int64_t slot_s, struct guards guards, bool was_capped)
{
    size_t n_missing = 0;
    struct changes again;

    for (int c = 0; c < CLUSTERS; c++) {
        bool is_served = !world->is_there[c];
        char resource[24];

        resource_of(world, c, resource);
        for (size_t i = 0; i < world->n; i++)
            is_served |= world->things[i].is_truly_ours && !world->things[i].is_gone &&
                         strcmp(world->things[i].resource, resource) == 0 &&
                         world->things[i].slot_unix_s == slot_floor(slot_s, 60);
        n_missing += !is_served;
    }
    again = run(world, slot_s, guards);
    cr_assert_leq(again.n_created, n_missing, "a slot got a second snapshot");
    cr_assert(again.n_deleted == 0 || was_capped, "the second run deleted %zu", again.n_deleted);
}

static void live(uint64_t start)
{
    struct world world = {.now_s = 1795539600, .is_there = {true, true}};
    size_t n_nights = 4 + start % 12;

    seed = start * 0x9E3779B97F4A7C15ULL + 1;
    choose_policy(&world);
    for (size_t night = 0; night < n_nights; night++) {
        struct guards guards = {!one_in(12), !one_in(20)};
        int64_t slot_s = world.now_s;
        struct changes first = run(&world, slot_s, guards);

        world.now_s += 60;
        run_again(&world, slot_s, guards, first.is_capped);
        pass_time(&world);
    }
    policy_set_done(&world.policies);
}

Test(history, never_costs_the_snapshot_that_is_needed, .timeout = 240)
{
    for (uint64_t start = 1; start <= N_HISTORIES; start++)
        live(start);
}
