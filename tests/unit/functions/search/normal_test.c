#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "functions/search/normal.h"

static struct nr_buf out;

static void set_up(void)
{
    nr_buf_init(&out, 1 << 16);
}

static void tear_down(void)
{
    nr_buf_done(&out);
}

TestSuite(normal, .init = set_up, .fini = tear_down);

static const char *key_of(const char *text, size_t *n)
{
    nr_buf_reset(&out);
    *n = normal_key(nr_view(text), &out);
    return nr_buf_text(&out);
}

Test(normal, leaves_what_is_composed_where_it_is)
{
    static const char *const texts[] = {"",       "abc",  "강아지 사료", "é",      "ㄱㄴ",
                                        "カフェ", "漢字", "😀",           "１２３", "Привет"};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        cr_assert_eq(normal_nfc(nr_view(texts[i]), &out).ptr, texts[i], "%s", texts[i]);
}

Test(normal, composes)
{
    static const struct {
        const char *text, *nfc;
    } rows[] = {
        {"\xE1\x84\x80\xE1\x85\xA1\xE1\x86\xA8", "각"}, /* three jamo */
        {"e\xCC\x81", "é"},
        {"\xE2\x84\xAB", "Å"}, /* the Angstrom sign */
        {"\xE3\x81\x8B\xE3\x82\x99", "が"},
        {"\xEF\xA4\x80", "豈"}, /* a compatibility ideograph */
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        cr_assert(nr_view_is(normal_nfc(nr_view(rows[i].text), &out), nr_view(rows[i].nfc)), "%s",
                  rows[i].nfc);
}

Test(normal, makes_one_key_of_what_reads_the_same)
{
    static const struct {
        const char *text, *key;
        size_t n_chars;
    } rows[] = {
        {"", "", 0},
        {"  \t ", "", 0},
        {"iPhone  15", "iphone 15", 9},
        {" 강아지\t사료 ", "강아지 사료", 6},
        {"ＡＢＣ　１５", "abc 15", 6},
        {"Straße", "strasse", 7},
        {"ΣΑΣ", "σασ", 3},
        {"강\xE2\x80\x8B아지", "강아지", 3}, /* a zero-width space */
        {"\xEF\xBB\xBFx", "x", 1},
        {"<email> A", "<email> a", 9},
        {"가\xC2\xA0나", "가 나", 3},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t n;

        cr_assert_str_eq(key_of(rows[i].text, &n), rows[i].key);
        cr_assert_eq(n, rows[i].n_chars, "%s: %zu", rows[i].text, n);
    }
}

Test(normal, gives_the_same_by_both_ways)
{
    /* A character that only the long way knows, at the end, makes all before it go that way as well. */
    char with[2 + 4 + 1] = "";
    char alone[2 + 1] = "";

    for (int c = 0x21; c < 0x7f; c++) {
        size_t n;
        char short_key[8];

        alone[0] = (char)c;
        memcpy(with, alone, 2);
        strcat(with, "ㄱ");
        snprintf(short_key, sizeof(short_key), "%sㄱ", key_of(alone, &n));
        cr_assert_str_eq(key_of(with, &n), short_key);
    }
}
