#include "functions/search/members.h"

/* A name without its quotes and its colon. */
static struct nr_view bare(const struct scan_name *name)
{
    return nr_view_n(name->text + 1, name->len - 3);
}

/* The search goes on where the last one ended. */
static const void *find(struct members *members, struct nr_view name)
{
    for (size_t tried = 0, i = members->next; tried < members->n_rows; tried++, i++) {
        i = i < members->n_rows ? i : 0;
        if (nr_view_is(bare(members_row(members, i)), name)) {
            members->next = i + 1;
            return members_row(members, i);
        }
    }
    return NULL;
}

bool members_find(struct members *members, struct scan *scan, const void **row)
{
    struct scan_text name;

    if (!scan_member(scan, &name))
        return false;
    /* As it stands: ours need no escapes; with one it is some other name, whatever it means. */
    *row = find(members, name.raw);
    return true;
}
