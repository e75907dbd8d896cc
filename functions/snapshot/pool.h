/* pool.h - texts that live together and die together.
 *
 * Is:      a bump allocator for the ids and tags of a run: one release for all of them.
 * Is not:  thread-safe, nor able to give back one text.
 */
#ifndef NARAE_SNAPSHOT_POOL_H
#define NARAE_SNAPSHOT_POOL_H

#include <stdbool.h>
#include <stddef.h>

#include <narae/view.h>

struct pool_block;

/* Zero it before use. */
struct pool {
    struct pool_block *blocks; /* owned */
    bool is_bad;               /* something is missing for want of memory */
};

/* A copy that lives until pool_done(), with a NUL behind it that is not counted. Empty, and the pool is bad,
 * without memory. */
struct nr_view pool_keep(struct pool *pool, struct nr_view text);

/* Accepts a zeroed pool. */
void pool_done(struct pool *pool);

#endif
