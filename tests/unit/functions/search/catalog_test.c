#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include <narae/clock.h>

#include "functions/search/catalog.h"
#include "tests/support/test_database.h"

enum {
    TEXT_BYTES = 4096, /* of test_database_text() */
    PAGE = 7,
    COMPARED_BYTES = 3000
};

static struct test_database database;
static struct nr_pg *pg;
static struct nr_err err;

static void load(const char *file)
{
    char path[512];
    char sql[32768];
    FILE *in;

    snprintf(path, sizeof(path), "%s/%s", NARAE_SOURCE_ROOT, file);
    in = fopen(path, "re");
    cr_assert_not_null(in, "%s", path);
    sql[fread(sql, 1, sizeof(sql) - 1, in)] = '\0';
    fclose(in);
    test_database_run(&database, sql);
}

static void set_up(void)
{
    test_database_init(&database, "functions/search/schema.sql");
    cr_assert_eq(
        nr_pg_new(&(struct nr_pg_options){.setting = "NARAE_DATABASE", .conninfo = database.uri}, &pg, &err),
        0, "%s", err.message);
}

static void tear_down(void)
{
    nr_pg_free(pg);
    test_database_done(&database);
}

TestSuite(catalog, .init = set_up, .fini = tear_down, .timeout = 60);

/* --- arranging ------------------------------------------------------------------------------------------ */

/* The same database with both kinds of indexes. */
static void add_bigm(void)
{
    load("tests/standins/pg_bigm/pg_bigm.sql");
    load("functions/search/schema.sql");
}

/* The later in the list, the earlier ranked. */
static void add_people(const char *nicknames)
{
    char sql[4096];

    snprintf(sql, sizeof(sql),
             "insert into narae_search.person (user_id, nickname, ranked_at) select 'u' || n, name,"
             " timestamptz '2026-11-01' - n * interval '1 hour'"
             " from unnest(array[%s]) with ordinality as x(name, n)",
             nicknames);
    test_database_run(&database, sql);
}

/* Names of 1 to 4 syllables out of few, so that everything is common; one in ten has the rank of another. */
static void add_many_people(int n)
{
    char sql[1024];

    snprintf(
        sql, sizeof(sql),
        "select setseed(0.5); insert into narae_search.person (user_id, nickname, ranked_at)"
        " select 'u' || i, (select string_agg(substr('가나김이다라마 ', 1 + floor(random() * 8)::int, 1), '')"
        "  from generate_series(1, 1 + i %% 4)), timestamptz '2026-01-01' + (i / 10) * interval '1 minute'"
        " from generate_series(1, %d) as i; analyze narae_search.person",
        n);
    test_database_run(&database, sql);
}

/* --- acting --------------------------------------------------------------------------------------------- */

static struct nr_pg_rows *ask_for(const struct catalog_ask *ask)
{
    struct nr_pg_rows *rows = NULL;

    nr_err_reset(&err);
    cr_assert_eq(catalog_find(pg, ask, NR_CLOCK_NEVER_MS, &rows, &err), 0, "%s", err.message);
    return rows;
}

/* "bucket:ref " of each row, appended; the position of the last. */
static size_t append(const struct nr_pg_rows *rows, char *out, struct search_position *last)
{
    size_t n = nr_pg_rows_count(rows);
    size_t at = strlen(out);

    for (size_t i = 0; i < n; i++)
        at += (size_t)snprintf(out + at, TEXT_BYTES - at, "%d:%.*s ", (int)nr_pg_int(rows, i, CATALOG_BUCKET),
                               NR_VIEW_ARG(nr_pg_text(rows, i, CATALOG_REF)));
    if (n) {
        last->bucket = (enum search_bucket)nr_pg_int(rows, n - 1, CATALOG_BUCKET);
        last->ranked_unix_us = nr_pg_int(rows, n - 1, CATALOG_RANKED_US);
        last->id = nr_pg_int(rows, n - 1, CATALOG_ID);
    }
    return n;
}

static const char *find_in(enum search_source source, enum catalog_index index, enum query_mode mode,
                           const char *typed)
{
    static char out[TEXT_BYTES];
    struct query query;
    struct search_position last = SEARCH_START;
    struct catalog_ask ask = {index, source, &query, SEARCH_START, 50};
    NR_PG_ROWS_AUTO *rows = NULL;

    cr_assert_eq(query_parse(nr_view(typed), mode, &query, &err), 0, "%s", err.message);
    rows = ask_for(&ask);
    out[0] = '\0';
    append(rows, out, &last);
    return out;
}

static const char *people(const char *typed)
{
    return find_in(SEARCH_PERSON, CATALOG_GRAMS, QUERY_SEARCH, typed);
}

static const char *posts(const char *typed)
{
    return find_in(SEARCH_POST, CATALOG_GRAMS, QUERY_SEARCH, typed);
}

static const char *mentions(const char *typed)
{
    return find_in(SEARCH_PERSON, CATALOG_GRAMS, QUERY_MENTION, typed);
}

/* Page after page, until there is enough to compare. */
static const char *all_pages(enum catalog_index index, const char *typed)
{
    static char out[TEXT_BYTES];
    struct query query;
    struct catalog_ask ask = {index, SEARCH_PERSON, &query, SEARCH_START, PAGE};
    size_t n = PAGE;

    cr_assert_eq(query_parse(nr_view(typed), QUERY_SEARCH, &query, &err), 0, "%s", err.message);
    out[0] = '\0';
    while (n == PAGE && strlen(out) < COMPARED_BYTES) {
        struct nr_pg_rows *rows = ask_for(&ask);

        n = append(rows, out, &ask.after);
        nr_pg_rows_free(rows);
    }
    return out;
}

/* What one LIKE over everything says, without an index: `column` is what is compared, `words` an array. */
static const char *oracle(const char *column, const char *typed, const char *words)
{
    static char out[TEXT_BYTES];
    char sql[2048];

    snprintf(sql, sizeof(sql),
             "set enable_bitmapscan = off; set enable_indexscan = off;"
             " select coalesce(string_agg(b || ':' || user_id || ' ', '' order by b, ranked_at desc, id "
             "desc), '') from"
             " (select case when %s = '%s' then 0 when %s like '%s%%' then 1 else 2 end as b, user_id, "
             "ranked_at, id"
             " from narae_search.person where %s like all (select '%%' || w || '%%' from unnest(array[%s]) "
             "as w)) as x",
             column, typed, column, typed, column, words);
    snprintf(out, sizeof(out), "%s", test_database_text(&database, sql));
    return out;
}

static bool is_same(const char *pages, const char *wanted)
{
    return strncmp(pages, wanted, COMPARED_BYTES) == 0;
}

/* --- what is found -------------------------------------------------------------------------------------- */

Test(catalog, finds_exact_names_first_then_beginnings_then_the_rest)
{
    add_people("'김철수', '이김철', '김철', '김철민', '박철수', '김철'");

    cr_expect_str_eq(people("김철"), "0:u3 0:u6 1:u1 1:u4 2:u2 ");
    cr_expect_str_eq(people("철"), "2:u1 2:u2 2:u3 2:u4 2:u5 2:u6 ");
    cr_expect_str_eq(people("철수"), "2:u1 2:u5 ");
    cr_expect_str_eq(people("김철수"), "0:u1 ");
    cr_expect_str_eq(people("김수"), "");
}

Test(catalog, compares_without_case_width_and_form)
{
    add_people(
        "U&'\\1112\\200B\\1161\\11AB\\1100\\1173\\11AF', 'Ｎａｒａｅ', 'NARAE', 'Élan', 'nar' || U&'\\200B' "
        "|| 'ae'");

    cr_expect_str_eq(people("한글"), "0:u1 ");
    cr_expect_str_eq(people("narae"), "0:u2 0:u3 0:u5 ");
    cr_expect_str_eq(people("ＮＡＲ"), "1:u2 1:u3 1:u5 ");
    cr_expect_str_eq(people("ÉLAN"), "0:u4 ");
    cr_expect_str_eq(people("\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB"), "1:u1 "); /* decomposed */
}

/* Its lower() knows ASCII, and its btree could serve LIKE by itself: nothing may depend on either. */
Test(catalog, finds_the_same_in_a_database_of_locale_c)
{
    tear_down();
    test_database_init_as(&database, "functions/search/schema.sql", " template template0 locale 'C'");
    cr_assert_eq(
        nr_pg_new(&(struct nr_pg_options){.setting = "NARAE_DATABASE", .conninfo = database.uri}, &pg, &err),
        0, "%s", err.message);
    cr_assert_str_eq(test_database_text(&database, "show lc_ctype"), "C");
    add_people("'김철수', 'Élan', 'ＮＡＲＡＥ', 'ИВАН'");

    cr_expect_str_eq(people("김"), "1:u1 ");
    cr_expect_str_eq(people("ㄱㅊ"), "1:u1 ");
    cr_expect_str_eq(people("élan"), "0:u2 ");
    cr_expect_str_eq(people("narae"), "0:u3 ");
    cr_expect_str_eq(people("иван"), "0:u4 ");
    cr_expect_str_eq(mentions("김처"), "1:u1 ");
}

Test(catalog, takes_wildcards_quotes_and_backslashes_as_they_are)
{
    add_people("'100%', '100_', e'a\\\\b', '1000', 'it''s', '％', 'NULL', '{a,b}', 'c\"d'");

    cr_expect_str_eq(people("100%"), "0:u1 ");
    cr_expect_str_eq(people("%"), "0:u6 2:u1 ");
    cr_expect_str_eq(people("％"), "0:u6 2:u1 ");
    cr_expect_str_eq(people("_"), "2:u2 ");
    cr_expect_str_eq(people("\\"), "2:u3 ");
    cr_expect_str_eq(people("a\\b"), "0:u3 ");
    cr_expect_str_eq(people("'"), "2:u5 ");
    cr_expect_str_eq(people("null"), "0:u7 ");
    cr_expect_str_eq(people("{a,b}"), "0:u8 ");
    cr_expect_str_eq(people("\"d"), "2:u9 ");
}

Test(catalog, finds_emoji_and_what_is_outside_the_first_plane)
{
    add_people("'고양이🐈', '🐈‍⬛검정', '𠮷野家'");

    cr_expect_str_eq(people("🐈"), "1:u2 2:u1 ");
    cr_expect_str_eq(people("𠮷"), "1:u3 ");
    cr_expect_str_eq(people("이🐈"), "2:u1 ");
}

Test(catalog, finds_names_by_first_consonants)
{
    add_people("'김철수', '강찬성', '강찬', 'ㄱㅊㅅ팬', '감자', '몫ㄳ'");

    cr_expect_str_eq(people("ㄱㅊㅅ"), "0:u1 0:u2 1:u4 ");
    cr_expect_str_eq(people("ㄱㅊ"), "0:u3 1:u1 1:u2 1:u4 ");
    cr_expect_str_eq(people("ㄱ"), "1:u1 1:u2 1:u3 1:u4 1:u5 2:u6 ");
    cr_expect_str_eq(people("ㅊㅅ"), "2:u1 2:u2 2:u4 ");
    cr_expect_str_eq(people("ㄳ"), "2:u6 "); /* as the keyboard makes it of two */
    cr_expect_str_eq(people("\xE1\x84\x80\xE1\x84\x8E\xE1\x84\x89"), "0:u1 0:u2 1:u4 "); /* conjoining */
}

Test(catalog, completes_a_name_whose_last_syllable_is_unfinished)
{
    add_people("'김철수', '김천', '김처', '김차', '박김처', '김', '처음'");

    cr_expect_str_eq(mentions("@김처"), "0:u3 1:u1 1:u2 2:u5 ");
    cr_expect_str_eq(mentions("@김ㅊ"), "1:u1 1:u2 1:u3 1:u4 ");
    cr_expect_str_eq(mentions("@김철"), "1:u1 ");
    cr_expect_str_eq(mentions("처"), "1:u7 2:u3 2:u5 ");
    cr_expect_str_eq(people("김처"), "0:u3 2:u5 ");
}

Test(catalog, finds_posts_by_words_in_any_order)
{
    test_database_run(&database, "insert into narae_search.post (post_id, title, body, ranked_at) values"
                                 " ('p1', '서울 맛집 추천', '된장 찌개가 좋아요', '2026-11-03'),"
                                 " ('p2', '맛집', '서울은 아니고 부산 ㅋㅋㅋ', '2026-11-02'),"
                                 " ('p3', '제주 여행', '바다', '2026-11-01')");

    cr_expect_str_eq(posts("맛집 서울"), "1:p2 2:p1 ");
    cr_expect_str_eq(posts("서울 맛집"), "1:p1 2:p2 ");
    cr_expect_str_eq(posts("찌개가 좋아"), "2:p1 ");
    cr_expect_str_eq(posts("맛집 제주"), "");
    cr_expect_str_eq(posts("제주 여행 바다"), "0:p3 ");
    cr_expect_str_eq(posts("ㅈㅈ"), "1:p3 ");
    cr_expect_str_eq(posts("ㅋㅋ"), "2:p2 ");
}

/* --- the same from every index, and from none ----------------------------------------------------------- */

static void expect_same(const char *typed, const char *words, const char *column)
{
    const char *wanted = oracle(column, typed, words);

    cr_assert(wanted[0], "nothing to find for %s", typed);
    cr_expect(is_same(all_pages(CATALOG_GRAMS, typed), wanted), "grams: %s", typed);
    cr_expect(is_same(all_pages(CATALOG_BIGM, typed), wanted), "pg_bigm: %s", typed);
}

Test(catalog, finds_the_same_with_grams_with_pg_bigm_and_by_reading_everything)
{
    add_many_people(3000);
    add_bigm();

    expect_same("김", "'김'", "folded");
    expect_same("김이", "'김이'", "folded");
    expect_same("다라마", "'다라마'", "folded");
    expect_same("가김김", "'가김김'", "folded");
    expect_same("이 김", "'이', '김'", "folded");
    expect_same("ㄱ", "'ㄱ'", "initials");
    expect_same("ㄱㅇ", "'ㄱㅇ'", "initials");
    expect_same("ㄱㄱㅇ", "'ㄱㄱㅇ'", "initials");
}

Test(catalog, finds_the_same_when_so_many_match_that_it_walks)
{
    add_many_people(12000);
    add_bigm();
    cr_assert_gt(
        atoi(test_database_text(&database, "select count(*) from narae_search.person where folded like "
                                           "'_%김%'")),
        2001);

    expect_same("김", "'김'", "folded");
    expect_same("ㄱ", "'ㄱ'", "initials");
    expect_same("ㄱㄱ", "'ㄱㄱ'", "initials");
}

/* --- plans ---------------------------------------------------------------------------------------------- */

/* The plan of a first page, as one text. */
static const char *plan_of(enum catalog_index index, const char *typed)
{
    static char out[TEXT_BYTES * 4];
    struct query query;
    struct catalog_ask ask = {index, SEARCH_PERSON, &query, SEARCH_START, 21};
    NR_PG_ROWS_AUTO *rows = NULL;
    size_t at = 0;

    cr_assert_eq(query_parse(nr_view(typed), QUERY_SEARCH, &query, &err), 0, "%s", err.message);
    cr_assert_eq(
        catalog_explain(pg, &ask, "explain (analyze, costs off, timing off, summary off)", &rows, &err), 0,
        "%s", err.message);
    for (size_t i = 0; i < nr_pg_rows_count(rows); i++)
        at += (size_t)snprintf(out + at, sizeof(out) - at, "%.*s\n", NR_VIEW_ARG(nr_pg_text(rows, i, 0)));
    return out;
}

static void expect_plan(enum catalog_index index, const char *typed, const char *wanted)
{
    const char *plan = plan_of(index, typed);

    cr_expect(strstr(plan, wanted), "%s: no %s in\n%s", typed, wanted, plan);
    cr_expect_null(strstr(plan, "Seq Scan"), "%s: reads everything\n%s", typed, plan);
}

/* Is there a line with both? */
static bool has_line(const char *plan, const char *a, const char *b)
{
    for (const char *at = strstr(plan, a); at; at = strstr(at + 1, a)) {
        const char *found = strstr(at, b);

        if (found && found < at + strcspn(at, "\n"))
            return true;
    }
    return false;
}

/* Rare enough for an index to be worth it: what the tables of an app are, and a test's are not. */
static void add_rare_people(void)
{
    test_database_run(&database,
                      "insert into narae_search.person (user_id, nickname, ranked_at)"
                      " select 'r' || i, chr(44032 + i * 7 % 11000) || chr(44032 + i * 13 % 11000)"
                      "  || chr(44032 + i * 31 % 11000), timestamptz '2026-01-01' + i * interval '1 second'"
                      " from generate_series(1, 20000) as i; analyze narae_search.person");
}

Test(catalog, uses_the_indexes_of_pieces_and_of_beginnings)
{
    add_rare_people();

    expect_plan(CATALOG_GRAMS, "걍", "Bitmap Index Scan on person_folded_grams");
    expect_plan(CATALOG_GRAMS, "걍", "person_folded");
    expect_plan(CATALOG_GRAMS, "걍너", "Bitmap Index Scan on person_folded_grams");
    expect_plan(CATALOG_GRAMS, "걍너도", "Bitmap Index Scan on person_folded_grams");
    expect_plan(CATALOG_GRAMS, "ㄱㅎㅆ", "Bitmap Index Scan on person_initials_grams");
    expect_plan(CATALOG_GRAMS, "걍 너", "Bitmap Index Scan on person_folded_grams");
}

Test(catalog, uses_the_indexes_of_pg_bigm_where_they_are)
{
    add_rare_people();
    add_bigm();
    test_database_run(&database,
                      "drop index narae_search.person_folded_grams, narae_search.person_initials_grams");

    expect_plan(CATALOG_BIGM, "걍너도", "Bitmap Index Scan on person_folded_bigm");
    expect_plan(CATALOG_BIGM, "ㄱㅎㅆ", "Bitmap Index Scan on person_initials_bigm");
}

Test(catalog, walks_from_the_latest_on_when_very_many_match)
{
    add_many_people(24000);
    test_database_run(&database, "delete from narae_search.person where folded = '김'");
    test_database_run(&database, "vacuum analyze narae_search.person");

    /* What begins so fills the page, by a walk that looks at no row; what holds it inside is never looked
     * for. */
    cr_expect(
        has_line(plan_of(CATALOG_GRAMS, "김"), "Index Only Scan using person_ranked", "(actual rows=21 "),
        "%s", plan_of(CATALOG_GRAMS, "김"));
    expect_plan(CATALOG_GRAMS, "김", "Bitmap Index Scan on person_folded_grams (never executed)");
}

/* --- which indexes there are ---------------------------------------------------------------------------- */

static enum catalog_index index_of_database(void)
{
    enum catalog_index index = CATALOG_UNKNOWN;

    cr_assert_eq(catalog_find_index(pg, NR_CLOCK_NEVER_MS, &index, &err), 0, "%s", err.message);
    return index;
}

Test(catalog, takes_pg_bigm_where_the_database_has_it)
{
    cr_expect_eq(index_of_database(), CATALOG_GRAMS);
    add_bigm();
    cr_expect_eq(index_of_database(), CATALOG_BIGM);
    test_database_run(&database, "drop index narae_search.post_folded_bigm");
    cr_expect_eq(index_of_database(), CATALOG_GRAMS);
}

Test(catalog, says_when_the_schema_is_missing)
{
    enum catalog_index index = CATALOG_UNKNOWN;

    test_database_run(&database, "set client_min_messages = error; drop schema narae_search cascade");

    cr_expect_eq(catalog_find_index(pg, NR_CLOCK_NEVER_MS, &index, &err), -1);
    cr_expect_eq(err.kind, NR_ERR_NOT_FOUND);
    cr_expect_str_eq(err.type, "Function.MissingSchema");
    cr_expect_str_eq(err.message, "the database lacks indexes of functions/search/schema.sql");
    cr_expect_eq(index, CATALOG_UNKNOWN);
}

Test(catalog, schema_can_be_run_again)
{
    add_people("'김철수'");

    load("functions/search/schema.sql");

    cr_expect_str_eq(people("김철수"), "0:u1 ");
}

/* --- paging --------------------------------------------------------------------------------------------- */

Test(catalog, goes_on_where_it_stopped_whatever_came_in_between)
{
    struct query query;
    struct catalog_ask ask = {CATALOG_GRAMS, SEARCH_PERSON, &query, SEARCH_START, 2};
    char out[TEXT_BYTES] = "";
    struct nr_pg_rows *rows;

    add_people("'김가', '김나', '김다', '김라', '이김'");
    cr_assert_eq(query_parse(nr_view("김"), QUERY_SEARCH, &query, &err), 0);
    rows = ask_for(&ask);
    append(rows, out, &ask.after);
    nr_pg_rows_free(rows);
    test_database_run(&database, "insert into narae_search.person (user_id, nickname, ranked_at) values"
                                 " ('new', '김새', '2026-11-09'), ('tie', '김동', '2026-10-31 22:00+00')");
    test_database_run(&database, "delete from narae_search.person where user_id = 'u1'");

    rows = ask_for(&ask);
    append(rows, out, &ask.after);
    nr_pg_rows_free(rows);
    rows = ask_for(&ask);
    append(rows, out, &ask.after);
    nr_pg_rows_free(rows);

    cr_expect_str_eq(out, "1:u1 1:u2 1:u3 1:u4 2:u5 ");
}
