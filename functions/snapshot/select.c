#include "functions/snapshot/select.h"

/* The last * takes as little as it can, and one more whenever the rest does not fit: no recursion, no
 * blow-up. */
bool select_fits(struct nr_view pattern, struct nr_view text)
{
    size_t p = 0;
    size_t t = 0;
    size_t star = SIZE_MAX;
    size_t taken = 0;

    while (t < text.len) {
        if (p < pattern.len && pattern.ptr[p] == '*') {
            star = p++;
            taken = t;
        } else if (p < pattern.len && (pattern.ptr[p] == '?' || pattern.ptr[p] == text.ptr[t])) {
            p++;
            t++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            t = ++taken;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.ptr[p] == '*')
        p++;
    return p == pattern.len;
}

static bool fits_one(const json_t *patterns, struct nr_view text)
{
    for (size_t i = 0; i < json_array_size(patterns); i++)
        if (select_fits(nr_view(json_string_value(json_array_get(patterns, i))), text))
            return true;
    return false;
}

static bool has_tag(const struct rds_tags *tags, const char *key, const char *value)
{
    for (size_t i = 0; i < tags->n; i++)
        if (nr_view_is(tags->items[i].key, nr_view(key)))
            return nr_view_is(tags->items[i].value, nr_view(value));
    return false;
}

static bool has_all_tags(const json_t *wanted, const struct rds_tags *tags)
{
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)wanted, key, value)
    {
        if (!has_tag(tags, key, json_string_value(value)))
            return false;
    }
    return true;
}

bool select_is_aurora(struct nr_view engine)
{
    return nr_view_starts(engine, NR_VIEW("aurora"));
}

bool select_means(const struct policy_clusters *clusters, const struct rds_cluster *cluster)
{
    return select_is_aurora(cluster->engine) && (!clusters->ids || fits_one(clusters->ids, cluster->id)) &&
           !fits_one(clusters->exclude, cluster->id) &&
           (!clusters->tags || has_all_tags(clusters->tags, &cluster->tags));
}
