#include <stdio.h>

#include <criterion/criterion.h>

#include "functions/search/page.h"

static struct page page;

static struct page_hit hit(enum search_bucket bucket, int64_t rank, enum search_source source, int64_t id)
{
    return (struct page_hit){.at = {bucket, rank, source, id}};
}

static const char *merged(const struct page_list *lists, size_t n, size_t limit)
{
    static char out[1024];
    size_t at = 0;

    out[0] = '\0';
    page_merge(lists, n, limit, &page);
    for (size_t i = 0; i < page.n; i++)
        at += (size_t)snprintf(out + at, sizeof(out) - at, "%s%d ",
                               page.hits[i].at.source == SEARCH_PERSON ? "u" : "p", (int)page.hits[i].at.id);
    return out;
}

Test(page, puts_better_matches_first_then_later_ones_then_people_then_higher_ids)
{
    const struct page_hit people[] = {
        hit(SEARCH_EXACT, 1, SEARCH_PERSON, 1), hit(SEARCH_PREFIX, 9, SEARCH_PERSON, 2),
        hit(SEARCH_PREFIX, 7, SEARCH_PERSON, 4), hit(SEARCH_PREFIX, 7, SEARCH_PERSON, 3)};
    const struct page_hit posts[] = {hit(SEARCH_PREFIX, 8, SEARCH_POST, 5),
                                     hit(SEARCH_PREFIX, 7, SEARCH_POST, 9),
                                     hit(SEARCH_CONTAINS, 99, SEARCH_POST, 6)};
    const struct page_list lists[] = {{people, 4}, {posts, 3}};

    cr_expect_str_eq(merged(lists, 2, 10), "u1 u2 p5 u4 u3 p9 p6 ");
    cr_expect_not(page.has_more);
}

Test(page, ends_at_the_limit_and_says_whether_there_is_more)
{
    const struct page_hit people[] = {hit(SEARCH_EXACT, 3, SEARCH_PERSON, 1),
                                      hit(SEARCH_EXACT, 2, SEARCH_PERSON, 2)};
    const struct page_list lists[] = {{people, 2}, {NULL, 0}};

    cr_expect_str_eq(merged(lists, 2, 1), "u1 ");
    cr_expect(page.has_more);
    cr_expect_str_eq(merged(lists, 2, 2), "u1 u2 ");
    cr_expect_not(page.has_more);
}

Test(page, is_empty_without_results)
{
    const struct page_list lists[] = {{NULL, 0}, {NULL, 0}};

    cr_expect_str_eq(merged(lists, 2, 10), "");
    cr_expect_not(page.has_more);
    cr_expect_str_eq(merged(lists, 0, 10), "");
}

Test(page, never_holds_more_than_fits)
{
    struct page_hit many[PAGE_HITS_MAX + 1];
    const struct page_list lists[] = {{many, PAGE_HITS_MAX + 1}};

    for (int i = 0; i <= PAGE_HITS_MAX; i++)
        many[i] = hit(SEARCH_EXACT, 100 - i, SEARCH_PERSON, i);

    merged(lists, 1, 1000);

    cr_expect_eq(page.n, PAGE_HITS_MAX);
    cr_expect(page.has_more);
}
