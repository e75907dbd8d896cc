#include <stdlib.h>
#include <string.h>

#include "functions/snapshot/pool.h"

/* A page of memory's worth of snapshots at a time. */
enum { BLOCK_BYTES = 32 * 1024 };

struct pool_block {
    struct pool_block *next;
    size_t len, cap;
    char bytes[];
};

static struct pool_block *room(struct pool *pool, size_t bytes)
{
    struct pool_block *block = pool->blocks;
    size_t cap = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;

    if (block && block->cap - block->len >= bytes)
        return block;
    block = malloc(sizeof(*block) + cap);
    if (!block) {
        pool->is_bad = true;
        return NULL;
    }
    *block = (struct pool_block){.next = pool->blocks, .cap = cap};
    pool->blocks = block;
    return block;
}

struct nr_view pool_keep(struct pool *pool, struct nr_view text)
{
    struct pool_block *block = room(pool, text.len + 1);
    char *copy;

    if (!block)
        return nr_view_n("", 0);
    copy = block->bytes + block->len;
    if (text.len)
        memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    block->len += text.len + 1;
    return nr_view_n(copy, text.len);
}

void pool_done(struct pool *pool)
{
    while (pool->blocks) {
        struct pool_block *next = pool->blocks->next;

        free(pool->blocks);
        pool->blocks = next;
    }
    *pool = (struct pool){0};
}
