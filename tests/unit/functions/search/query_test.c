#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "functions/search/query.h"

static struct query query;
static struct nr_err err;

static void parse(const char *typed, enum query_mode mode)
{
    nr_err_reset(&err);
    cr_assert_eq(query_parse(nr_view(typed), mode, &query, &err), 0, "%s: %s", typed, err.message);
}

/* "kind characters text | words ...", and for unfinished ends " stem low high". */
static const char *made(const char *typed, enum query_mode mode)
{
    static char out[4096];
    size_t at;

    parse(typed, mode);
    at = (size_t)snprintf(out, sizeof(out), "%s %zu %.*s |", query.kind == QUERY_TEXT ? "text" : "initials",
                          query.n_chars, NR_VIEW_ARG(query.text));
    for (size_t i = 0; i < query.n_words; i++)
        at += (size_t)snprintf(out + at, sizeof(out) - at, " %.*s", NR_VIEW_ARG(query.words[i]));
    if (query.low.ptr)
        snprintf(out + at, sizeof(out) - at, " [%.*s] %.*s %.*s", NR_VIEW_ARG(query.stem),
                 NR_VIEW_ARG(query.low), NR_VIEW_ARG(query.high));
    return out;
}

static const char *searched(const char *typed)
{
    return made(typed, QUERY_SEARCH);
}

static const char *mentioned(const char *typed)
{
    return made(typed, QUERY_MENTION);
}

static void expect_refusal(struct nr_view typed, const char *message)
{
    struct query untouched = {.n_chars = 4711};

    nr_err_reset(&err);
    cr_expect_eq(query_parse(typed, QUERY_SEARCH, &untouched, &err), -1);
    cr_expect_eq(err.kind, NR_ERR_INVALID);
    cr_expect_str_eq(err.type, "Function.InvalidQuery");
    cr_expect_str_eq(err.message, message);
    cr_expect_eq(untouched.n_chars, 4711);
}

Test(query, composes_what_is_decomposed)
{
    cr_expect_str_eq(searched("\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB"), "text 1 한 | 한");
    cr_expect_str_eq(searched("e\xCC\x81"), "text 1 é | é");
}

Test(query, makes_wide_letters_narrow_and_leaves_case_to_the_database)
{
    cr_expect_str_eq(searched("ＡｂＣ１２％＿"), "text 7 AbC12%_ | AbC12%_");
    cr_expect_str_eq(searched("！～"), "text 2 !~ | !~");
}

Test(query, makes_blanks_single_spaces_and_drops_what_nobody_sees)
{
    cr_expect_str_eq(searched(" \t김\xC2\xA0\xE3\x80\x80 철\xE2\x80\x8B수\xEF\xBB\xBF\n"),
                     "text 4 김 철수 | 철수 김");
    cr_expect_str_eq(searched("a\xC2\xAD-b\xE2\x80\x8D\xE2\x81\xA0!"), "text 4 a-b! | a-b!");
}

Test(query, composes_what_stood_on_both_sides_of_the_invisible)
{
    cr_expect_str_eq(searched("\xE1\x84\x92\xE2\x80\x8B\xE1\x85\xA1\xE1\x86\xAB"), "text 1 한 | 한");
    cr_expect_str_eq(searched("Ａ\xCC\x81"), "text 1 Á | Á");
}

Test(query, puts_the_longest_word_first_and_keeps_the_order_of_equals)
{
    cr_expect_str_eq(searched("가 나다 라마 바사아"), "text 11 가 나다 라마 바사아 | 바사아 나다 라마 가");
}

Test(query, knows_whether_pairs_can_tell)
{
    parse("가나 다", QUERY_SEARCH);
    cr_expect_not(query.has_long_word);
    parse("가나 다라마", QUERY_SEARCH);
    cr_expect(query.has_long_word);
    parse("🐈🐈", QUERY_SEARCH);
    cr_expect_not(query.has_long_word);
}

Test(query, tells_first_consonants_from_text)
{
    cr_expect_str_eq(searched("ㄱㅊㅅ"), "initials 3 ㄱㅊㅅ | ㄱㅊㅅ");
    cr_expect_str_eq(searched("ㄱㅊ ㅅ"), "initials 4 ㄱㅊ ㅅ | ㄱㅊ ㅅ");
    cr_expect_str_eq(searched("ㄳ"), "initials 2 ㄱㅅ | ㄱㅅ");
    cr_expect_str_eq(searched("\xE1\x84\x80\xE1\x84\x8E"), "initials 2 ㄱㅊ | ㄱㅊ");
    cr_expect_str_eq(searched("ㅋㅋ"), "initials 2 ㅋㅋ | ㅋㅋ");
    cr_expect_str_eq(searched("ㄱa"), "text 2 ㄱa | ㄱa");
    cr_expect_str_eq(searched("ㅏ"), "text 1 ㅏ | ㅏ");
    cr_expect_str_eq(searched("김ㅊ"), "text 2 김ㅊ | 김ㅊ");
}

Test(query, leaves_the_end_of_a_mention_open)
{
    cr_expect_str_eq(mentioned("@김처"), "text 2 김처 | 김처 [김] 김처 김체");
    cr_expect_str_eq(mentioned("김철"), "text 2 김철 | 김철");
    cr_expect_str_eq(mentioned("김ㅊ"), "text 2 김ㅊ | 김ㅊ [김] 김차 김카");
    cr_expect_str_eq(mentioned("가"), "text 1 가 | 가 [] 가 개");
    cr_expect_str_eq(mentioned("kim"), "text 3 kim | kim");
    cr_expect_str_eq(mentioned("ㄱㅊ"), "initials 2 ㄱㅊ | ㄱㅊ");
    cr_expect_str_eq(mentioned("＠김철"), "text 2 김철 | 김철");
    cr_expect_str_eq(mentioned("@@a"), "text 2 @a | @a");
    cr_expect_str_eq(mentioned("@ \t\xEA\xB9\x80\xEC\xB2\xA0 "), "text 2 김철 | 김철");
}

Test(query, keeps_an_at_sign_in_a_search)
{
    cr_expect_str_eq(searched("@김"), "text 2 @김 | @김");
}

Test(query, refuses_what_is_empty)
{
    expect_refusal(NR_VIEW(""), "q: must not be empty");
    expect_refusal(NR_VIEW(" \xE3\x80\x80\xE2\x80\x8B\t"), "q: must not be empty");
    cr_expect_eq(query_parse(NR_VIEW("@"), QUERY_MENTION, &query, &err), -1);
}

Test(query, refuses_what_is_too_long)
{
    char text[QUERY_TYPED_MAX_BYTES + 2];

    memset(text, 'x', sizeof(text));
    parse("x", QUERY_SEARCH);
    expect_refusal(nr_view_n(text, QUERY_CHARS_MAX + 1), "q: must have at most 100 characters");
    expect_refusal(nr_view_n(text, QUERY_TYPED_MAX_BYTES + 1), "q: must have at most 100 characters");
    text[QUERY_CHARS_MAX] = '\0';
    parse(text, QUERY_SEARCH);
    cr_expect_eq(query.n_chars, QUERY_CHARS_MAX);
    expect_refusal(NR_VIEW("a b c d e f g h i j k"), "q: must have at most 10 words");
}

Test(query, takes_a_hundred_clusters_for_text)
{
    char text[3 * QUERY_CHARS_MAX + 1] = "";

    for (int i = 0; i < QUERY_CHARS_MAX; i++)
        memcpy(text + 3 * (size_t)i, "ㄳ", 4);
    parse(text, QUERY_SEARCH);

    cr_expect_eq(query.kind, QUERY_TEXT); /* two hundred consonants would be too many */
    cr_expect_eq(query.n_chars, QUERY_CHARS_MAX);
}

Test(query, refuses_what_is_no_utf8)
{
    expect_refusal(NR_VIEW("\xFF"), "q: must be valid UTF-8");
    expect_refusal(NR_VIEW("a\xED\xA0\x80"), "q: must be valid UTF-8");
    expect_refusal(NR_VIEW("\xE3\x81"), "q: must be valid UTF-8");
}

/* Whatever a byte string holds: refused, or made into something that fits. */
Test(query, holds_when_cut_at_every_byte)
{
    static const char text[] = "김철수 ＡＢ \xE1\x84\x92\xE1\x85\xA1 ㄳ 🐈‍⬛ @é";

    for (size_t len = 0; len < sizeof(text); len++) {
        nr_err_reset(&err);
        if (query_parse(nr_view_n(text, len), QUERY_MENTION, &query, &err) == 0)
            cr_expect(query.n_chars > 0 && query.n_chars <= QUERY_CHARS_MAX && query.n_words > 0);
        else
            cr_expect_eq(err.kind, NR_ERR_INVALID);
    }
}
