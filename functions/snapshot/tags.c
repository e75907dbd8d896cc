#include <stdio.h>

#include <narae/rfc3339.h>

#include "functions/snapshot/tags.h"

/* "2027-01-31" holds until that day begins in UTC. */
static bool read_date(struct nr_view text, int64_t *unix_ms)
{
    char whole[sizeof("2027-01-31T00:00:00Z")];

    if (nr_rfc3339_parse(text, unix_ms))
        return true;
    return text.len == 10 && snprintf(whole, sizeof(whole), "%.*sT00:00:00Z", NR_VIEW_ARG(text)) > 0 &&
           nr_rfc3339_parse(nr_view(whole), unix_ms);
}

static bool is_no(struct nr_view value)
{
    return nr_view_is_nocase(value, NR_VIEW("false")) || nr_view_is_nocase(value, NR_VIEW("no"));
}

static bool is_held_until(struct nr_view value, int64_t now_unix_ms)
{
    int64_t until;

    return !read_date(value, &until) || now_unix_ms < until;
}

struct tags_read tags_read(const struct rds_tags *tags, int64_t now_unix_ms)
{
    struct tags_read out = {0};

    for (size_t i = 0; i < tags->n; i++) {
        struct nr_view key = tags->items[i].key;
        struct nr_view value = tags->items[i].value;

        if (nr_view_is(key, NR_VIEW(TAGS_MANAGED_BY)))
            out.is_managed = nr_view_is(value, NR_VIEW(TAGS_MANAGER));
        else if (nr_view_is(key, NR_VIEW(TAGS_POLICY)))
            out.policy = value;
        else if (nr_view_is(key, NR_VIEW(TAGS_RESOURCE)))
            out.resource = value;
        else if (nr_view_is(key, NR_VIEW(TAGS_COPY_OF)))
            out.copy_of = value;
        else if (nr_view_is(key, NR_VIEW(TAGS_SLOT)))
            out.has_slot = nr_rfc3339_parse(value, &out.slot_unix_ms);
        else if (nr_view_is(key, NR_VIEW(TAGS_HOLD)))
            out.is_held |= !is_no(value);
        else if (nr_view_is(key, NR_VIEW(TAGS_HOLD_UNTIL)))
            out.is_held |= is_held_until(value, now_unix_ms);
    }
    return out;
}

static bool is_reserved(struct nr_view key)
{
    return nr_view_starts(key, NR_VIEW("aws:")) || nr_view_starts(key, NR_VIEW("rds:")) ||
           nr_view_starts(key, NR_VIEW(TAGS_OURS));
}

size_t tags_merge(const struct rds_tag *own, size_t n_own, const struct rds_tags *cluster,
                  struct rds_tags *out)
{
    size_t n_left_out = 0;

    out->n = 0;
    for (size_t i = 0; i < n_own; i++)
        out->items[out->n++] = own[i];
    for (size_t i = 0; i < cluster->n; i++) {
        if (is_reserved(cluster->items[i].key))
            continue;
        if (out->n < TAGS_MAX)
            out->items[out->n++] = cluster->items[i];
        else
            n_left_out++;
    }
    return n_left_out;
}
