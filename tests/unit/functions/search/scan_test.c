#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>
#include <jansson.h>

#include "functions/search/scan.h"

/* NULL when the text is sound, else what is wrong. */
static const char *fault_of(const char *text, size_t len)
{
    struct scan scan;

    scan_init(&scan, nr_view_n(text, len));
    if (scan_skip(&scan))
        scan_end(&scan);
    return scan.fault;
}

static const char *const good[] = {
    "{}",
    "[]",
    " [ ] ",
    "{\"a\":1}",
    "[1,-0,0.5,1e3,-1.5E-2,true,false,null]",
    "\"\\u00e9\\ud83d\\ude00\\n\\/\"",
    "{\"a\":{\"b\":[[],{},[{}]]},\"c\":\"가\"}",
    "\t\n\r 0",
    "\"\xF0\x9F\x98\x80 \xEF\xBB\xBF\"",
    "\"12345678\\\"90123456\"",
};

static const char *const bad[] = {
    "",
    " ",
    "{",
    "[",
    "\"",
    "\"\\",
    "\"\\u12",
    "{\"a\"",
    "{\"a\":",
    "{\"a\":1",
    "{\"a\":1,",
    "{\"a\":1,}",
    "[1,]",
    "[,1]",
    "[1 2]",
    "{a:1}",
    "{\"a\" 1}",
    "01",
    "1.",
    "1e",
    "-",
    "+1",
    ".5",
    "tru",
    "nul",
    "True",
    "[1]]",
    "1 2",
    "\"\\x\"",
    "\"\\ud800\"",
    "\"\\udc00\"",
    "\"\\ud800\\u0041\"",
    "\"\n\"",
    "\"\x80\"",
    "\"\xC0\xAF\"",
    "\"\xE0\x80\x80\"",
    "\"\xED\xA0\x80\"",
    "\"\xF4\x90\x80\x80\"",
    "\"\xF5\x80\x80\x80\"",
    "\"\xEA\xB0\"",
    "\v1",
    "'a'",
    "\xEF\xBB\xBF{}",
    "\"\\",
};

Test(scan, takes_what_is_json)
{
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        cr_assert_null(fault_of(good[i], strlen(good[i])), "%s", good[i]);
}

Test(scan, refuses_what_is_not)
{
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        cr_assert_not_null(fault_of(bad[i], strlen(bad[i])), "%s", bad[i]);
}

Test(scan, says_what_is_wrong)
{
    cr_assert_str_eq(fault_of("[1 2]", 5), "has no comma between two values");
    cr_assert_str_eq(fault_of("{\"a\" 1}", 7), "has no colon behind a name");
    cr_assert_str_eq(fault_of("{} {}", 5), "goes on behind its end");
    cr_assert_str_eq(fault_of("\"\x80\"", 3), "is not UTF-8");
}

Test(scan, agrees_with_jansson_at_every_cut_and_every_changed_byte)
{
    static const char text[] =
        "{\"a\":[1,-2.5e3,\"x\\u00e9\\\\\\\"가\",true,null,{}],\"b\":{\"c\":\"12345678\"}}";
    const size_t len = sizeof(text) - 1;
    char copy[sizeof(text)];

    for (size_t i = 0; i < len; i++) {
        cr_assert_not_null(fault_of(text, i), "cut at %zu", i);
        for (int byte = 1; byte < 256; byte += 3) {
            json_t *doc;

            memcpy(copy, text, len);
            copy[i] = (char)byte;
            doc = json_loadb(copy, len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
            cr_assert_eq(doc != NULL, fault_of(copy, len) == NULL, "byte %d at %zu", byte, i);
            json_decref(doc);
        }
    }
}

Test(scan, bounds_the_depth)
{
    char text[2 * SCAN_DEPTH_MAX + 3];

    memset(text, '[', SCAN_DEPTH_MAX);
    memset(text + SCAN_DEPTH_MAX, ']', SCAN_DEPTH_MAX);
    cr_assert_null(fault_of(text, 2 * SCAN_DEPTH_MAX));
    memset(text, '[', SCAN_DEPTH_MAX + 1);
    memset(text + SCAN_DEPTH_MAX + 1, ']', SCAN_DEPTH_MAX + 1);
    cr_assert_str_eq(fault_of(text, 2 * SCAN_DEPTH_MAX + 2), "is nested too deeply");
}

Test(scan, gives_members_in_order)
{
    struct scan scan;
    struct scan_text name;
    struct scan_text text;
    struct nr_view number;
    struct nr_view raw;

    scan_init(&scan, NR_VIEW("{\"n\": 12, \"t\":\"a\\\"b\", \"o\": {\"x\":[1]} }"));
    cr_assert(scan_enter(&scan, SCAN_OBJECT) && scan_member(&scan, &name) &&
              nr_view_is(name.raw, NR_VIEW("n")));
    cr_assert(scan_number(&scan, &number) && nr_view_is(number, NR_VIEW("12")));
    cr_assert(scan_member(&scan, &name) && scan_string(&scan, &text) && text.has_escapes);
    cr_assert(scan_member(&scan, &name) && scan_raw(&scan, &raw) && nr_view_is(raw, NR_VIEW("{\"x\":[1]}")));
    cr_assert(!scan_member(&scan, &name) && scan_end(&scan));
}

Test(scan, unescapes)
{
    struct scan scan;
    struct scan_text text;
    char out[64];
    size_t n;

    scan_init(&scan, NR_VIEW("\"a\\n\\u0041\\u00e9\\uac00\\ud83d\\ude00\\\\\\/\\\"z\""));
    cr_assert(scan_string(&scan, &text));
    n = scan_unescape(text, out);
    cr_assert(nr_view_is(nr_view_n(out, n), NR_VIEW("a\nA\xC3\xA9\xEA\xB0\x80\xF0\x9F\x98\x80\\/\"z")));
}

Test(scan, tells_whole_numbers)
{
    static const struct {
        const char *text;
        bool is_whole;
        int64_t value;
    } rows[] = {
        {"0", true, 0},
        {"-0", true, 0},
        {"17", true, 17},
        {"-17", true, -17},
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"9223372036854775808", false, 0},
        {"1.0", false, 0},
        {"1e3", false, 0},
        {"-", false, 0},
        {"99999999999999999999", false, 0},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t value = 0;

        cr_assert_eq(scan_whole(nr_view(rows[i].text), &value), rows[i].is_whole, "%s", rows[i].text);
        cr_assert_eq(value, rows[i].value, "%s", rows[i].text);
    }
}

/* One escape after the other, wherever in the sixteen bytes that are looked at together the first one
 * stands. */
Test(scan, reads_and_resolves_escapes_wherever_they_stand)
{
    static const char *const escapes[][2] = {{"\\\"", "\""},
                                             {"\\\\", "\\"},
                                             {"\\n", "\n"},
                                             {"\\u00e9", "é"},
                                             {"\\\\\\\"", "\\\""},
                                             {"\\\\\\\\\\\\", "\\\\\\"},
                                             {"가", "가"},
                                             {"\\\"\\u0041\\\"", "\"A\""},
                                             {"\\\"x\\\"y\\\"", "\"x\"y\""}};
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz";
    char text[256];
    char wanted[256];
    char out[256];

    for (size_t i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++)
        for (int before = 0; before <= 50; before++)
            for (int behind = 0; behind <= 50; behind++) {
                struct scan_text found = {0};
                struct scan scan;
                int n = snprintf(text, sizeof(text), "\"%.*s%s%.*s\"", before, letters, escapes[i][0], behind,
                                 letters);

                snprintf(wanted, sizeof(wanted), "%.*s%s%.*s", before, letters, escapes[i][1], behind,
                         letters);
                scan_init(&scan, nr_view_n(text, (size_t)n));
                cr_assert(scan_string(&scan, &found) && scan_end(&scan), "%s", text);
                cr_assert_eq(found.raw.len, (size_t)n - 2);
                cr_assert_eq(found.has_escapes, escapes[i][0][0] == '\\');
                n = (int)scan_unescape(found, out);
                cr_assert(nr_view_is(nr_view_n(out, (size_t)n), nr_view(wanted)), "%.*s", n, out);
            }
}

/* Nothing behind the text's end is looked at, and a quote that is escaped ends no string. */
Test(scan, says_that_a_string_breaks_off_wherever_it_does)
{
    static const char whole[] = "\"abcdefghijklmn\\\"opq\\\\rstuvwxyz0123456789\\\"abcdefghijklmnopq\"";

    for (size_t n = 1; n < sizeof(whole) - 1; n++) {
        char *cut = malloc(n);

        memcpy(cut, whole, n);
        cr_expect_str_eq(fault_of(cut, n), "ends inside a string", "%.*s", (int)n, cut);
        free(cut);
    }
    cr_expect_null(fault_of(whole, sizeof(whole) - 1));
}

/* What may stand in a string, right or wrong; all about as likely. */
static const char *const pieces[] = {"a",
                                     "bcdefghijklmnopqrst",
                                     "\\\"",
                                     "\\\\",
                                     "\\n",
                                     "\\u00e9",
                                     "\\ud83d\\ude00",
                                     "가",
                                     "\\\\\\\"",
                                     "\\x",
                                     "\\u12",
                                     "\n",
                                     "\\ud800",
                                     "\xff",
                                     "\\\n",
                                     "0123456789abcdefghijk",
                                     "\""};

/* A string of random pieces, in memory that ends where it ends. The first `n_good` pieces are sound. */
static char *random_string(size_t n_pieces, int n_good, size_t *len)
{
    char text[1024] = "\"";
    char *copy;

    for (size_t i = 0; i < n_pieces; i++)
        strcat(text, pieces[rand() % n_good]);
    strcat(text, rand() % 8 ? "\"" : "");
    *len = strlen(text);
    copy = malloc(*len);
    memcpy(copy, text, *len);
    return copy;
}

/* Skimmed and then resolved, a string is what it is when it is read; and one with a fault that skimming does
 * not look for has it seen when it is resolved, or is no UTF-8. */
static void check_skimming(const char *text, size_t len)
{
    struct scan read;
    struct scan skimmed;
    struct scan_text whole = {0};
    struct nr_view raw = {0};
    char wanted[1024];
    char found[1024];
    size_t n = 0;

    scan_init(&read, nr_view_n(text, len));
    scan_init(&skimmed, nr_view_n(text, len));
    if (scan_string(&read, &whole)) {
        cr_assert(scan_skim(&skimmed, &raw) && skimmed.at == read.at, "%.*s", (int)len, text);
        cr_assert(nr_view_is(raw, whole.raw) && scan_unescape_skimmed(raw, found, &n));
        cr_assert(n == scan_unescape(whole, wanted) && memcmp(found, wanted, n) == 0, "%.*s", (int)len, text);
    } else if (scan_skim(&skimmed, &raw)) {
        bool is_escape = strstr(read.fault, "escape") != NULL;

        cr_assert(is_escape || strcmp(read.fault, "is not UTF-8") == 0, "%s: %.*s", read.fault, (int)len,
                  text);
        cr_assert(!is_escape || !scan_unescape_skimmed(raw, found, &n), "%.*s", (int)len, text);
    }
}

Test(scan, skims_what_it_reads)
{
    srand(1);
    for (int round = 0; round < 60000; round++) {
        int n_good = round % 2 ? (int)(sizeof(pieces) / sizeof(pieces[0])) : 9;
        size_t len;
        char *text = random_string((size_t)(rand() % 30), n_good, &len);

        check_skimming(text, len);
        free(text);
    }
}

/* A row of backslashes of any length, wherever in the sixty-four bytes that are looked at together. */
Test(scan, skims_backslashes_wherever_they_stand)
{
    char text[256];

    for (int before = 0; before <= 130; before++)
        for (int n = 0; n <= 9; n++) {
            int len =
                snprintf(text, sizeof(text), "\"%.*s%.*s\"%s", before,
                         "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz"
                         "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
                         n, "\\\\\\\\\\\\\\\\\\\\",
                         "tail of seventy bytes and so on and on until "
                         "there is no need to go on any further\"");

            check_skimming(text, (size_t)len);
        }
}

Test(scan, skims_no_further_than_a_control_character_or_the_end)
{
    char text[200];

    for (size_t at = 1; at < 190; at++) {
        struct scan scan;
        struct nr_view raw;

        memset(text, 'a', sizeof(text));
        text[0] = text[199] = '"';
        scan_init(&scan, nr_view_n(text, at));
        cr_assert(!scan_skim(&scan, &raw));
        cr_assert_str_eq(scan.fault, "ends inside a string");
        for (int is_escaped = 0; is_escaped <= (at > 1); is_escaped++) {
            text[at - 1] = is_escaped ? '\\' : text[at - 1];
            text[at] = '\x1f';
            scan_init(&scan, nr_view_n(text, sizeof(text)));
            cr_assert(!scan_skim(&scan, &raw));
            cr_assert_str_eq(scan.fault, "has a control character in a string");
            cr_assert_eq(scan.at, text + at);
        }
    }
}

/* Is it the member that comes? */
static bool is_next(struct scan *scan, const struct scan_name name)
{
    return scan_member_is(scan, &name);
}

Test(scan, passes_the_member_that_is_likely)
{
    struct nr_view number;
    struct scan scan;

    scan_init(
        &scan,
        NR_VIEW("{\"a\":1,\"bc\":2,\"a_name_of_twenty_nine_letters\":3, \"d\":4,\"e\":5,\"and\":\"so on\"}"));
    cr_assert(scan_enter(&scan, SCAN_OBJECT));
    cr_assert(!is_next(&scan, (struct scan_name)SCAN_NAME("b")));
    cr_assert(is_next(&scan, (struct scan_name)SCAN_NAME("a")) && scan_number(&scan, &number));
    cr_assert(!is_next(&scan, (struct scan_name)SCAN_NAME("b")));
    cr_assert(!is_next(&scan, (struct scan_name)SCAN_NAME("bcd")));
    cr_assert(is_next(&scan, (struct scan_name)SCAN_NAME("bc")) && scan_number(&scan, &number));
    cr_assert(nr_view_is(number, NR_VIEW("2")));
    cr_assert(!is_next(&scan, (struct scan_name)SCAN_NAME("a_name_of_twenty_nine_letterz")));
    cr_assert(is_next(&scan, (struct scan_name)SCAN_NAME("a_name_of_twenty_nine_letters")));
    cr_assert(scan_number(&scan, &number) && nr_view_is(number, NR_VIEW("3")));
    cr_assert(!is_next(&scan, (struct scan_name)SCAN_NAME("d")), "with a blank it is not said to be likely");
    cr_assert_null(scan.fault);
}

/* Whatever it says of texts that break off, it looks at nothing behind them. */
Test(scan, passes_no_member_beyond_the_end)
{
    static const char whole[] = "{\"name\":\"abcdefghijklmnopqrstuvwxyz\"}";

    for (size_t n = 1; n < sizeof(whole); n++) {
        char *cut = malloc(n);
        struct scan scan;

        memcpy(cut, whole, n);
        scan_init(&scan, nr_view_n(cut, n));
        cr_assert(scan_enter(&scan, SCAN_OBJECT));
        cr_expect_eq(is_next(&scan, (struct scan_name)SCAN_NAME("name")), n > 2 * SIXTEEN, "of %zu bytes", n);
        free(cut);
    }
}

/* A short string, wherever its end lies, and however near behind it the text ends. */
Test(scan, reads_short_strings_of_every_length)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz";

    for (size_t len = 0; len < sizeof(letters); len++)
        for (size_t behind = 0; behind < 40; behind++) {
            char *text = malloc(len + 2 + behind);
            struct scan_text found;
            struct scan scan;

            memset(text, ' ', len + 2 + behind);
            text[0] = text[len + 1] = '"';
            memcpy(text + 1, letters, len);
            scan_init(&scan, nr_view_n(text, len + 2 + behind));
            cr_assert(scan_string(&scan, &found) && scan.at == text + len + 2, "%zu, %zu", len, behind);
            cr_assert(nr_view_is(found.raw, nr_view_n(letters, len)) && !found.has_escapes);
            free(text);
        }
}
