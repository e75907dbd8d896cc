/* Any bytes as what was typed: refused with words, or made into a query that holds what its header promises;
 * and what was made is made into itself. */
#include <stdlib.h>
#include <string.h>

#include "functions/search/query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds)
{
    if (!holds)
        abort();
}

static int is_inside(const struct query *query, struct nr_view view)
{
    return view.ptr >= query->bytes && view.ptr + view.len <= query->bytes + sizeof(query->bytes);
}

static void check(const struct query *query)
{
    must(query->n_chars >= 1 && query->n_chars <= QUERY_CHARS_MAX);
    must(query->n_words >= 1 && query->n_words <= QUERY_WORDS_MAX);
    must(is_inside(query, query->text) && query->text.len >= query->n_chars);
    must(query->stem.len <= query->text.len && nr_view_starts(query->text, query->stem));
    for (size_t i = 0; i < query->n_words; i++)
        must(query->words[i].len > 0 && is_inside(query, query->words[i]) &&
             !memchr(query->words[i].ptr, ' ', query->words[i].len));
    must(!query->low.ptr == !query->high.ptr);
    if (query->low.ptr)
        must(is_inside(query, query->low) && is_inside(query, query->high) &&
             nr_view_starts(query->low, query->stem) && nr_view_starts(query->high, query->stem) &&
             memcmp(query->low.ptr, query->high.ptr, query->low.len) < 0);
}

static void made_again(const struct query *query)
{
    struct query again;
    struct nr_err err = {0};

    must(query_parse(query->text, QUERY_SEARCH, &again, &err) == 0);
    must(nr_view_is(query->text, again.text) && query->n_words == again.n_words && query->kind == again.kind);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (int mode = QUERY_SEARCH; mode <= QUERY_MENTION; mode++) {
        struct query query;
        struct nr_err err = {0};

        if (query_parse(nr_view_n((const char *)data, size), (enum query_mode)mode, &query, &err) != 0) {
            must(err.message[0] != '\0');
            continue;
        }
        check(&query);
        made_again(&query);
    }
    return 0;
}
