#include <stdio.h>

#include <narae/clock.h>

#include "functions/search/catalog.h"

enum {
    VALUES = 10,
    NUMBER_BYTES = 24, /* an int64 and its NUL */
    ARRAY_MAX_BYTES = 4 * QUERY_BYTES_MAX,
    STATEMENT_MAX_BYTES = 16384,
};

/* --- the statements ---------------------------------------------------------------------------------------
 *
 * $1 bucket, $2 rank and $3 id of the position after which to go on, $4 rows, $5 the text, $6 to $8 stem, low
 * and high, $9 words, $10 words that the index alone cannot vouch for. The planner sees their values, so what
 * a NULL or an earlier bucket makes true or false costs nothing. */

/* From so many rows on it is quicker to walk from the latest row on than to sort: at 500,000 rows both then
 * look at some thousands (./build.sh bench search_query has the figures). */
#define COMMON "2000"

/* What the btree holds of a column. */
#define WHOLE(COLUMN)     COLUMN
#define BEGINNING(COLUMN) "left(" COLUMN ", 100)"

#define AFTER(BUCKET)                                                                                        \
    "($1::int < " BUCKET " or ($1::int = " BUCKET                                                            \
    " and (ranked_at, id) < (narae_search.at($2::bigint), $3::bigint)))"

#define IS_EXACT(HEAD) HEAD " = narae_search.fold($5::text)"

#define BEGINS(HEAD)                                                                                         \
    "(" HEAD " like narae_search.pattern($6::text) || '%' and ($7::text is null"                             \
    " or (" HEAD " ~>=~ narae_search.fold($7::text) and " HEAD " ~<~ narae_search.fold($8::text))))"

/* Tested row by row, and taken for something that half of the rows pass: whoever walks must not be talked
 * into reading everything and sorting it. */
#define WALKED(TEST) "case when " TEST " then true else false end"

/* $10 is NULL where the index's answer is exact. */
#define HOLDS_BY_GRAMS(COLUMN)                                                                               \
    "narae_search.grams(" COLUMN ") @> narae_search.wanted($9::text[])"                                      \
    " and ($10::text[] is null or " COLUMN " like all (narae_search.patterns($10::text[])))"
#define HOLDS_BY_BIGM(COLUMN)                                                                                \
    "(" COLUMN " like '%' || narae_search.pattern(($9::text[])[1]) || '%')"                                  \
    " and ($10::text[] is null or " COLUMN " like all (narae_search.patterns($10::text[])))"

#define IS_PREFIX(HEAD)   BEGINS(HEAD) " and not " IS_EXACT(HEAD)
#define IS_INSIDE(HEAD)   "not " BEGINS(HEAD) " and not " IS_EXACT(HEAD)
#define HOLDS_ALL(COLUMN) COLUMN " like all (narae_search.patterns($9::text[]))"

#define KEYS(TABLE)        "select id, ranked_at from narae_search." TABLE " where "
#define FEW(CTE)           "(select count(*) from " CTE ") <= " COMMON
#define PART(BUCKET, KEYS) "(select " BUCKET " as bucket, * from (" KEYS LATEST ") as part)"
#define LATEST             " order by ranked_at desc, id desc limit $4::int"

/* Each part of the union is looked at only when those before it have not filled the page. SQL reads best as
 * it is broken here. */
/* clang-format off */
#define FIND(TABLE, REF, TITLE, HEAD, COLUMN, HOLDS)                                                          \
    "with starting as materialized ("                                                                         \
        KEYS(TABLE) IS_PREFIX(HEAD) " and " AFTER("1") " limit " COMMON " + 1),"                              \
    " holding as materialized ("                                                                              \
        KEYS(TABLE) HOLDS(COLUMN) " and " IS_INSIDE(HEAD) " and " AFTER("2") " limit " COMMON " + 1),"        \
    " found as ("                                                                                             \
        PART("0", KEYS(TABLE) IS_EXACT(HEAD) " and " AFTER("0")) " union all "                                \
        PART("1", "select * from starting where " FEW("starting")) " union all "                              \
        PART("1", KEYS(TABLE) "not " FEW("starting") " and " WALKED(IS_PREFIX(HEAD)) " and " AFTER("1"))      \
        " union all "                                                                                         \
        PART("2", "select * from holding where " FEW("holding")) " union all "                                \
        PART("2", KEYS(TABLE) "not " FEW("holding") " and "                                                   \
                      WALKED(HOLDS_ALL(COLUMN) " and " IS_INSIDE(HEAD)) " and " AFTER("2")) " limit $4::int)" \
    " select bucket, (extract(epoch from found.ranked_at) * 1000000)::bigint, id, " REF ", " TITLE            \
    " from found join narae_search." TABLE " using (id) order by bucket, found.ranked_at desc, id desc"

#define PEOPLE(COLUMN, HOLDS) FIND("person", "user_id", "nickname", WHOLE(COLUMN), COLUMN, HOLDS), VALUES, true
#define POSTS(COLUMN, HOLDS)  FIND("post", "post_id", "title", BEGINNING(COLUMN), COLUMN, HOLDS), VALUES, true
/* clang-format on */

/* By index, source and kind of query. */
static const struct nr_pg_statement statements[CATALOG_N_INDEXES][SEARCH_N_SOURCES][2] = {
    [CATALOG_GRAMS] = {[SEARCH_PERSON] = {{"find people", PEOPLE("folded", HOLDS_BY_GRAMS)},
                                          {"find people by initials", PEOPLE("initials", HOLDS_BY_GRAMS)}},
                       [SEARCH_POST] = {{"find posts", POSTS("folded", HOLDS_BY_GRAMS)},
                                        {"find posts by initials", POSTS("initials", HOLDS_BY_GRAMS)}}},
    [CATALOG_BIGM] =
        {[SEARCH_PERSON] = {{"find people (pg_bigm)", PEOPLE("folded", HOLDS_BY_BIGM)},
                            {"find people by initials (pg_bigm)", PEOPLE("initials", HOLDS_BY_BIGM)}},
         [SEARCH_POST] = {{"find posts (pg_bigm)", POSTS("folded", HOLDS_BY_BIGM)},
                          {"find posts by initials (pg_bigm)", POSTS("initials", HOLDS_BY_BIGM)}}},
};

/* All four of a kind must be there. */
static const struct nr_pg_statement find_index = {"find indexes",
                                                  "select count(*) filter (where indexname like '%\\_bigm'), "
                                                  "count(*) filter (where indexname like '%\\_grams')"
                                                  " from pg_indexes where schemaname = 'narae_search'",
                                                  0, true};

enum { INDEXES_OF_A_KIND = 4 };

int catalog_find_index(struct nr_pg *pg, int64_t deadline_mono_ms, enum catalog_index *out,
                       struct nr_err *err)
{
    NR_PG_ROWS_AUTO *rows = NULL;

    if (nr_pg_run(pg, &find_index, NULL, deadline_mono_ms, &rows, err) != 0)
        return -1;
    if (nr_pg_int(rows, 0, 0) >= INDEXES_OF_A_KIND)
        *out = CATALOG_BIGM;
    else if (nr_pg_int(rows, 0, 1) >= INDEXES_OF_A_KIND)
        *out = CATALOG_GRAMS;
    else
        return nr_err_set(err, NR_ERR_NOT_FOUND, "Function.MissingSchema",
                          "the database lacks indexes of functions/search/schema.sql");
    return 0;
}

/* --- their values --------------------------------------------------------------------------------------- */

struct values {
    char bucket[NUMBER_BYTES], rank[NUMBER_BYTES], id[NUMBER_BYTES], rows[NUMBER_BYTES];
    struct nr_buf words, unsure;
    struct nr_pg_value all[VALUES];
};

static void values_done(struct values *values)
{
    nr_buf_done(&values->words);
    nr_buf_done(&values->unsure);
}

static struct nr_view number(char *out, int64_t value)
{
    return nr_view_n(out, (size_t)snprintf(out, NUMBER_BYTES, "%lld", (long long)value));
}

static void add_words(struct nr_buf *out, const struct query *query, size_t first)
{
    nr_buf_init(out, ARRAY_MAX_BYTES);
    nr_pg_array_begin(out);
    for (size_t i = first; i < query->n_words; i++)
        nr_pg_array_add(out, query->words[i]);
    nr_pg_array_end(out);
}

/* Pairs of characters say that a longer word may be there; pg_bigm looks after its own word itself, but knows
 * only one. */
static bool has_unsure(const struct catalog_ask *ask)
{
    return ask->index == CATALOG_BIGM ? ask->query->n_words > 1 : ask->query->has_long_word;
}

/* Where the other source's result at the same moment comes first, everything of ours at that moment is still
 * to come, or was before it. */
static int64_t id_after(const struct catalog_ask *ask)
{
    if (ask->source == ask->after.source)
        return ask->after.id;
    return ask->source > ask->after.source ? INT64_MAX : 0;
}

static int fill(struct values *values, const struct catalog_ask *ask, struct nr_err *err)
{
    const struct query *query = ask->query;

    add_words(&values->words, query, 0);
    add_words(&values->unsure, query, ask->index == CATALOG_BIGM ? 1 : 0);
    if (nr_buf_check(&values->words, "words", err) != 0 || nr_buf_check(&values->unsure, "words", err) != 0)
        return -1;
    values->all[0].text = number(values->bucket, ask->after.bucket);
    values->all[1].text = number(values->rank, ask->after.ranked_unix_us);
    values->all[2].text = number(values->id, id_after(ask));
    values->all[3].text = number(values->rows, (int64_t)ask->n_wanted);
    values->all[4].text = query->text;
    values->all[5].text = query->stem;
    values->all[6].text = query->low;
    values->all[7].text = query->high;
    values->all[8].text = nr_buf_view(&values->words);
    values->all[9].text = has_unsure(ask) ? nr_buf_view(&values->unsure) : nr_view_n(NULL, 0);
    return 0;
}

static int run(struct nr_pg *pg, const struct nr_pg_statement *statement, const struct catalog_ask *ask,
               int64_t deadline_mono_ms, struct nr_pg_rows **out, struct nr_err *err)
{
    struct values values;
    int result = fill(&values, ask, err);

    if (result == 0)
        result = nr_pg_run(pg, statement, values.all, deadline_mono_ms, out, err);
    values_done(&values);
    return result;
}

int catalog_find(struct nr_pg *pg, const struct catalog_ask *ask, int64_t deadline_mono_ms,
                 struct nr_pg_rows **out, struct nr_err *err)
{
    return run(pg, &statements[ask->index][ask->source][ask->query->kind], ask, deadline_mono_ms, out, err);
}

int catalog_explain(struct nr_pg *pg, const struct catalog_ask *ask, const char *before,
                    struct nr_pg_rows **out, struct nr_err *err)
{
    struct nr_pg_statement statement = statements[ask->index][ask->source][ask->query->kind];
    NR_BUF_AUTO sql;

    nr_buf_init(&sql, STATEMENT_MAX_BYTES);
    nr_buf_printf(&sql, "%s %s", before, statement.sql);
    if (nr_buf_check(&sql, "statement", err) != 0)
        return -1;
    statement.sql = nr_buf_text(&sql);
    return run(pg, &statement, ask, NR_CLOCK_NEVER_MS, out, err);
}
