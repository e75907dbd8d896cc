#include <stdlib.h>
#include <string.h>

#include "functions/snapshot/cull.h"
#include "functions/snapshot/inventory.h"
#include "functions/snapshot/select.h"
#include "functions/snapshot/slot.h"
#include "functions/snapshot/tags.h"

void inventory_init(struct inventory *inventory, const struct policy_set *policies, bool is_of_copies,
                    int64_t now_unix_ms)
{
    *inventory =
        (struct inventory){.policies = policies, .is_of_copies = is_of_copies, .now_unix_ms = now_unix_ms};
}

void inventory_done(struct inventory *inventory)
{
    pool_done(&inventory->pool);
    free(inventory->clusters);
    free(inventory->items);
    free(inventory->groups);
    *inventory = (struct inventory){0};
}

/* Room for one more of `size` bytes; NULL, and the inventory is bad, without memory. */
static void *grow(struct inventory *inventory, void *items, size_t n, size_t *cap, size_t size)
{
    size_t wanted = *cap ? *cap * 2 : 64;
    void *more;

    if (n < *cap)
        return items;
    more = reallocarray(items, wanted, size);
    if (!more) {
        inventory->is_bad = true;
        return NULL;
    }
    *cap = wanted;
    return more;
}

/* --- clusters ------------------------------------------------------------------------------------------- */

static void keep_texts(struct pool *pool, struct rds_cluster *cluster)
{
    struct nr_view *const texts[] = {&cluster->id,
                                     &cluster->arn,
                                     &cluster->resource_id,
                                     &cluster->status,
                                     &cluster->engine,
                                     &cluster->engine_version,
                                     &cluster->subnet_group,
                                     &cluster->security_groups,
                                     &cluster->parameter_group,
                                     &cluster->database};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        *texts[i] = pool_keep(pool, *texts[i]);
    for (size_t i = 0; i < cluster->tags.n; i++) {
        struct rds_tag *tag = &cluster->tags.items[i];

        *tag = (struct rds_tag){pool_keep(pool, tag->key), pool_keep(pool, tag->value)};
    }
}

void inventory_add_cluster(void *user, const struct rds_cluster *cluster)
{
    struct inventory *inventory = user;
    struct rds_cluster *clusters;

    if (!select_is_aurora(cluster->engine))
        return;
    clusters = grow(inventory, inventory->clusters, inventory->n_clusters, &inventory->cap_clusters,
                    sizeof(*clusters));
    if (!clusters)
        return;
    inventory->clusters = clusters;
    clusters[inventory->n_clusters] = *cluster;
    keep_texts(&inventory->pool, &clusters[inventory->n_clusters++]);
}

/* --- snapshots ------------------------------------------------------------------------------------------ */

/* Ours in every respect but the policy? RDS tells the resource of a snapshot, but not that of a copy in
 * another Region; where it does not, the tag speaks alone. */
static bool is_whole(const struct inventory *inventory, const struct rds_snapshot *snapshot,
                     const struct tags_read *tags)
{
    bool is_resource_right = inventory->is_of_copies || !snapshot->resource_id.len ||
                             nr_view_is(tags->resource, snapshot->resource_id);

    return tags->has_slot && tags->resource.len && is_resource_right &&
           slot_is_named(snapshot->id, tags->slot_unix_ms / 1000);
}

static void keep_snapshot(struct inventory *inventory, const struct rds_snapshot *snapshot,
                          const struct tags_read *tags, const struct policy *policy)
{
    struct inventory_snapshot *items =
        grow(inventory, inventory->items, inventory->n_items, &inventory->cap_items, sizeof(*items));
    struct pool *pool = &inventory->pool;

    if (!items)
        return;
    inventory->items = items;
    items[inventory->n_items++] = (struct inventory_snapshot){
        .id = pool_keep(pool, snapshot->id),
        .arn = policy->copy.is_wanted ? pool_keep(pool, snapshot->arn) : (struct nr_view){0},
        .cluster_id = pool_keep(pool, snapshot->cluster_id),
        .resource_id = pool_keep(pool, tags->resource),
        .status = pool_keep(pool, snapshot->status),
        .policy = policy,
        .slot_unix_ms = tags->slot_unix_ms,
        .created_unix_ms = snapshot->created_unix_ms,
        .percent = snapshot->percent,
        .state = snapshot->state,
        .is_encrypted = snapshot->is_encrypted,
        .is_held = tags->is_held,
    };
}

void inventory_add_snapshot(void *user, const struct rds_snapshot *snapshot)
{
    struct inventory *inventory = user;
    struct tags_read tags = tags_read(&snapshot->tags, inventory->now_unix_ms);
    const struct policy *policy;

    if (!nr_view_is(snapshot->type, NR_VIEW("manual")) ||
        (snapshot->id.len && memchr(snapshot->id.ptr, ':', snapshot->id.len)))
        return;
    inventory->counts.n_manual++;
    if (!tags.is_managed || (tags.copy_of.len > 0) != inventory->is_of_copies)
        return;
    policy = policy_find(inventory->policies, tags.policy);
    if (!policy) {
        inventory->counts.n_unclaimed++;
    } else if (!is_whole(inventory, snapshot, &tags)) {
        if (inventory->counts.n_strange++ == 0)
            inventory->a_strange_one = pool_keep(&inventory->pool, snapshot->id);
    } else {
        keep_snapshot(inventory, snapshot, &tags, policy);
    }
}

/* --- groups --------------------------------------------------------------------------------------------- */

static int compare_views(struct nr_view a, struct nr_view b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len ? memcmp(a.ptr, b.ptr, len) : 0;

    return order ? order : (a.len > b.len) - (a.len < b.len);
}

static int by_group(const void *a, const void *b)
{
    const struct inventory_snapshot *x = a;
    const struct inventory_snapshot *y = b;
    int order;

    if (x->policy != y->policy)
        return x->policy < y->policy ? -1 : 1; /* items of one array */
    order = compare_views(x->resource_id, y->resource_id);
    if (order)
        return order;
    if (x->slot_unix_ms != y->slot_unix_ms)
        return x->slot_unix_ms > y->slot_unix_ms ? -1 : 1;
    return compare_views(x->id, y->id);
}

static bool is_of(const struct inventory_group *group, const struct inventory_snapshot *item)
{
    return group->policy == item->policy && nr_view_is(group->resource_id, item->resource_id);
}

int inventory_group_all(struct inventory *inventory, struct nr_err *err)
{
    struct inventory_group *groups = calloc(inventory->n_items + 1, sizeof(*groups));

    if (!groups || inventory->is_bad || inventory->pool.is_bad) {
        free(groups);
        return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.OutOfMemory", "no memory for %zu snapshots",
                          inventory->n_items);
    }
    if (inventory->n_items)
        qsort(inventory->items, inventory->n_items, sizeof(*inventory->items), by_group);
    for (size_t i = 0; i < inventory->n_items; i++) {
        const struct inventory_snapshot *item = &inventory->items[i];

        if (inventory->n_groups == 0 || !is_of(&groups[inventory->n_groups - 1], item))
            groups[inventory->n_groups++] = (struct inventory_group){item->policy, item->resource_id, i, 0};
        groups[inventory->n_groups - 1].n++;
    }
    inventory->groups = groups;
    return 0;
}

const struct inventory_group *inventory_find_group(const struct inventory *inventory,
                                                   const struct policy *policy, struct nr_view resource_id)
{
    size_t low = 0;
    size_t high = inventory->n_groups;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct inventory_group *group = &inventory->groups[middle];
        int order = group->policy != policy ? (group->policy < policy ? -1 : 1)
                                            : compare_views(group->resource_id, resource_id);

        if (order == 0)
            return group;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

const struct rds_cluster *inventory_find_cluster(const struct inventory *inventory,
                                                 struct nr_view resource_id)
{
    for (size_t i = 0; i < inventory->n_clusters; i++)
        if (nr_view_is(inventory->clusters[i].resource_id, resource_id))
            return &inventory->clusters[i];
    return NULL;
}

const struct inventory_snapshot *inventory_newest_good(const struct inventory *inventory,
                                                       const struct inventory_group *group)
{
    for (size_t i = 0; group && i < group->n; i++) {
        const struct inventory_snapshot *item = &inventory->items[group->first + i];

        if (item->state == RDS_AVAILABLE && item->slot_unix_ms <= inventory->now_unix_ms + CULL_SKEW_MAX_MS)
            return item;
    }
    return NULL;
}
