#include "functions/push/registry.h"

/* Two sandboxes that want the same row lose to each other once or twice, not five times. */
enum { ROUNDS_MAX = 5 };

static int read_and_decide(struct nr_pg *pg, struct registry_item *const *items, size_t n_items,
                           int64_t now_unix_ms, int64_t deadline_mono_ms, struct nr_pg_rows **rows,
                           struct nr_err *err)
{
    if (store_registry_read(pg, items, n_items, deadline_mono_ms, rows, err) != 0)
        return -1;
    for (size_t i = 0; i < n_items; i++)
        if (!items[i]->is_done)
            items[i]->change = device_rule_decide(items[i]->message, &items[i]->row, &items[i]->old,
                                                  items[i]->sent_unix_ms, now_unix_ms);
    return 0;
}

static int round_once(struct nr_pg *pg, struct registry_item *const *items, size_t n_items,
                      int64_t now_unix_ms, int64_t deadline_mono_ms, struct nr_err *err)
{
    NR_PG_ROWS_AUTO *rows = NULL; /* the changes borrow from them */

    if (read_and_decide(pg, items, n_items, now_unix_ms, deadline_mono_ms, &rows, err) != 0)
        return -1;
    return store_registry_write(pg, items, n_items, deadline_mono_ms, err);
}

static size_t count_open(struct registry_item *const *items, size_t n_items)
{
    size_t n = 0;

    for (size_t i = 0; i < n_items; i++)
        n += !items[i]->is_done;
    return n;
}

static int apply_rounds(struct nr_pg *pg, struct registry_item *const *items, size_t n_items,
                        int64_t now_unix_ms, int64_t deadline_mono_ms, struct nr_err *err)
{
    for (int round = 0; round < ROUNDS_MAX && count_open(items, n_items) > 0; round++) {
        struct nr_err why = {0};

        if (round_once(pg, items, n_items, now_unix_ms, deadline_mono_ms, &why) == 0 ||
            why.kind == NR_ERR_CONFLICT)
            continue;
        *err = why;
        return -1;
    }
    return 0;
}

/* What the database refuses as data is one item's fault: the others must not suffer for it. */
int registry_apply(struct nr_pg *pg, struct registry_item *const *items, size_t n_items, int64_t now_unix_ms,
                   int64_t deadline_mono_ms, struct nr_err *err)
{
    struct nr_err why = {0};

    if (apply_rounds(pg, items, n_items, now_unix_ms, deadline_mono_ms, &why) == 0)
        return 0;
    if (why.kind != NR_ERR_INVALID || n_items < 2) {
        *err = why;
        return -1;
    }
    for (size_t i = 0; i < n_items; i++) {
        struct nr_err of_one = {0};

        if (items[i]->is_done || apply_rounds(pg, &items[i], 1, now_unix_ms, deadline_mono_ms, &of_one) == 0)
            continue;
        if (of_one.kind == NR_ERR_INVALID)
            continue; /* stays undone; the first such error is the one reported */
        *err = of_one;
        return -1;
    }
    *err = why;
    return -1;
}
