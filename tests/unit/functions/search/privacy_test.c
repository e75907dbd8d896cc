#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "functions/search/privacy.h"

enum { LINE_BYTES = 1024 };

/* --- the corpus ----------------------------------------------------------------------------------------- */

/* One line of it: what is typed, and what must be left. */
struct sample {
    char typed[LINE_BYTES], wanted[LINE_BYTES];
    bool has_personal, has_known_false;
};

static char *put_char(char *out, unsigned c)
{
    /* \uXXXX of the corpus: none is below U+0080 */
    if (c >= 0x800) {
        *out++ = (char)(0xe0 | c >> 12);
        *out++ = (char)(0x80 | (c >> 6 & 0x3f));
    } else {
        *out++ = (char)(0xc0 | c >> 6);
    }
    *out++ = (char)(0x80 | (c & 0x3f));
    return out;
}

static void unescape(const char *line, char *out)
{
    unsigned c;

    while (*line) {
        if (line[0] == '\\' && line[1] == 'u' && sscanf(line + 2, "%4x", &c) == 1) {
            out = put_char(out, c);
            line += 6;
        } else {
            *out++ = *line++;
        }
    }
    *out = '\0';
}

static struct sample sample_of(const char *line)
{
    struct sample sample = {0};
    char text[LINE_BYTES];
    char *typed = sample.typed;
    char *wanted = sample.wanted;
    bool is_inside = false;

    unescape(line, text);
    for (const char *at = text; *at; at++) {
        if (*at == '{') {
            const char *colon = strchr(at, ':');
            bool is_false = colon[-1] == '!';

            wanted += sprintf(wanted, "<%.*s>", (int)(colon - at - 1 - is_false), at + 1);
            *(is_false ? &sample.has_known_false : &sample.has_personal) = true;
            is_inside = true;
            at = colon;
        } else if (*at == '}') {
            is_inside = false;
        } else {
            *typed++ = *at;
            if (!is_inside)
                *wanted++ = *at;
        }
    }
    return sample;
}

static struct nr_buf out;
static unsigned found;

static const char *scrub(const char *text, enum privacy_scope scope)
{
    nr_buf_reset(&out);
    found = 0;
    privacy_scrub(nr_view(text), scope, &out, &found);
    return nr_buf_text(&out);
}

static void set_up(void)
{
    nr_buf_init(&out, 1 << 20);
}

static void tear_down(void)
{
    nr_buf_done(&out);
}

TestSuite(privacy, .init = set_up, .fini = tear_down);

Test(privacy, does_to_the_corpus_what_it_says)
{
    FILE *file = fopen(NARAE_SOURCE_ROOT "/tests/unit/functions/search/privacy_corpus.txt", "r");
    char line[LINE_BYTES];
    int n = 0;
    int n_personal = 0;
    int n_known_false = 0;
    int n_wrong = 0;

    cr_assert_not_null(file);
    while (fgets(line, sizeof(line), file)) {
        struct sample sample;
        const char *left;

        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '#' && line[1] == ' ')
            continue;
        sample = sample_of(line);
        left = scrub(sample.typed, PRIVACY_WORDS);
        if (strcmp(left, sample.wanted) != 0) {
            n_wrong++;
            fprintf(stderr, "privacy corpus: \"%s\" became \"%s\" instead of \"%s\"\n", sample.typed, left,
                    sample.wanted);
        }
        n++;
        n_personal += sample.has_personal;
        n_known_false += sample.has_known_false;
    }
    fclose(file);
    fprintf(stderr,
            "privacy corpus: %d texts, %d with personal data, %d harmless, of which %d are replaced (false "
            "positives)\n",
            n, n_personal, n - n_personal, n_known_false);
    cr_assert_eq(n_wrong, 0);
    cr_assert_geq(n, 300);
}

/* --- rules ---------------------------------------------------------------------------------------------- */

Test(privacy, says_what_it_replaced)
{
    scrub("a@b.kr 010-1234-5678 900101-1234567 4111111111111111 99999999", PRIVACY_WORDS);
    cr_assert_eq(found, (1u << PRIVACY_N_KINDS) - 1);
    scrub("강아지", PRIVACY_WORDS);
    cr_assert_eq(found, 0);
    cr_assert_str_eq(privacy_kind_name(PRIVACY_RRN), "rrn");
}

Test(privacy, lets_keys_be_numbers)
{
    static const struct {
        const char *key, *left;
    } rows[] = {
        {"1234567890", "1234567890"},
        {"4111111111111111", "4111111111111111"},
        {"9001011234567", "9001011234567"},
        {"f47ac10b-58cc-4372-a567-0e02b2c3d479", "f47ac10b-58cc-4372-a567-0e02b2c3d479"},
        {"00112233-4455-6677-8899-001122334455", "00112233-4455-6677-8899-001122334455"},
        {"01012345678", "<phone>"},
        {"010-1234-5678", "<phone>"},
        {"900101-1234567", "<rrn>"},
        {"4111-1111-1111-1111", "<card>"},
        {"hong@example.com", "<email>"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        cr_assert_str_eq(scrub(rows[i].key, PRIVACY_KEY), rows[i].left);
}

Test(privacy, finds_a_secret_wherever_it_stands)
{
    static const char *const secrets[] = {"010-1234-5678", "900101-1234567", "4111111111111111",
                                          "hong@example.com", "99999999999"};
    static const char *const words[] = {"", " ", "가", "가 ", "a ", "가나다 12 ", "(", "!", "없음: "};

    for (size_t s = 0; s < sizeof(secrets) / sizeof(secrets[0]); s++)
        for (size_t b = 0; b < sizeof(words) / sizeof(words[0]); b++)
            for (size_t a = 0; a < sizeof(words) / sizeof(words[0]); a++) {
                char text[256];

                snprintf(text, sizeof(text), "%s%s%s", words[b], secrets[s], words[a]);
                cr_assert_null(strstr(scrub(text, PRIVACY_WORDS), secrets[s]), "%s", text);
                cr_assert_neq(found, 0, "%s", text);
            }
}

Test(privacy, is_done_when_it_is_done)
{
    /* Scrubbing what is scrubbed changes nothing. */
    char once[LINE_BYTES];

    snprintf(once, sizeof(once), "%s", scrub("나 hong@example.com 010-1234-5678 끝 99999999", PRIVACY_WORDS));
    cr_assert_str_eq(once, "나 <email> <phone> 끝 <num>");
    cr_assert_str_eq(scrub(once, PRIVACY_WORDS), once);
}

Test(privacy, never_lets_a_text_through_that_it_cannot_read)
{
    static char text[GLYPHS_MAX + 2];

    memset(text, '7', sizeof(text) - 1);
    cr_assert_str_eq(scrub(text, PRIVACY_WORDS), "<long>");
    text[GLYPHS_MAX] = '\0';
    cr_assert_str_eq(scrub(text, PRIVACY_WORDS), "<num>");
}

Test(privacy, leaves_many_groups_of_digits_in_good_order)
{
    char text[GLYPHS_MAX] = "";

    for (int i = 0; i < 300; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%d ", 10 + i % 89);
    cr_assert_str_eq(scrub(text, PRIVACY_WORDS), text);
}

/* Each of them breaks a number up for a pattern, and not for a reader. */
Test(privacy, is_not_fooled_by_blanks_and_marks_of_any_kind)
{
    static const char *const between[] = {
        "\x7f", /* delete */
        "\n",
        "\xc2\x85",         /* next line */
        "\xe1\x9a\x80",     /* ogham space */
        "\xe2\x80\xa8",     /* line separator */
        "\xe2\x80\xa9",     /* paragraph separator */
        "\xe1\x9e\xb4",     /* Khmer vowel without width */
        "\xe2\x83\x92",     /* combining overlay */
        "\xef\xb8\xa0",     /* combining half mark */
        "\xef\xbf\xb0",     /* unassigned, ignorable */
        "\xf0\x9d\x85\xb3", /* musical symbol without width */
    };

    for (size_t i = 0; i < sizeof(between) / sizeof(between[0]); i++) {
        char text[64];

        snprintf(text, sizeof(text), "010%s1234%s5678", between[i], between[i]);
        cr_expect_str_eq(scrub(text, PRIVACY_WORDS), "<phone>", "row %zu", i);
        cr_expect_str_eq(scrub(text, PRIVACY_KEY), "<phone>", "row %zu", i);
    }
}

Test(privacy, reads_the_digits_of_every_script)
{
    cr_expect_str_eq(scrub("০১০১২৩৪৫৬৭৮", PRIVACY_WORDS), "<phone>");   /* Bengali */
    cr_expect_str_eq(scrub("០១០-១២៣៤-៥៦៧៨", PRIVACY_WORDS), "<phone>"); /* Khmer */
    cr_expect_str_eq(scrub("꘠꘡꘠꘡꘢꘣꘤꘥꘦꘧꘨", PRIVACY_WORDS), "<phone>");   /* Vai */
    cr_expect_str_eq(scrub("\U0001fbf0\U0001fbf1\U0001fbf0-1234-5678", PRIVACY_WORDS), "<phone>");
    cr_expect_str_eq(scrub("⑴⑵⑶⑷⑸⑹⑺⑻", PRIVACY_WORDS), "<num>");
}

Test(privacy, finds_a_number_behind_any_number_of_groups)
{
    for (int n = 0; n < 40; n++) {
        char text[256] = "";
        char wanted[256] = "";

        for (int i = 0; i < n; i++)
            strcat(text, "12 ");
        strcat(strcpy(wanted, text), "<phone>");
        strcat(text, "010-1234-5678");
        cr_expect_str_eq(scrub(text, PRIVACY_WORDS), wanted, "%d groups", n);
    }
}

/* Ten digits can be called, nine cannot, wherever in the key they stand. */
Test(privacy, finds_ten_digits_anywhere_in_a_key)
{
    char key[64];

    for (int before = 0; before < 25; before++)
        for (int behind = 0; behind < 25; behind++) {
            snprintf(key, sizeof(key), "%.*s1234567890%.*s", before, "a1b2c3d4e5f6a7b8c9d0e1f2a", behind,
                     "a1b2c3d4e5f6a7b8c9d0e1f2a");
            key[before ? before - 1 : 0] = before ? 'x' : key[0];
            cr_assert(!privacy_is_clean(nr_view(key), PRIVACY_KEY), "%s", key);
            key[before + 5] = 'x';
            cr_assert(privacy_is_clean(nr_view(key), PRIVACY_KEY), "%s", key);
        }
}
