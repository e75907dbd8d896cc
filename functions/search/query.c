#include <utf8proc.h>

#include "functions/search/hangul.h"
#include "functions/search/query.h"

/* A character decomposes into four code points at most, and takes one byte at least. */
enum { POINTS_MAX = 4 * QUERY_TYPED_MAX_BYTES };

enum { DROP = 0, SPACE = ' ' };

static int refuse(struct nr_err *err, const char *why)
{
    return nr_err_set(err, NR_ERR_INVALID, "Function.InvalidQuery", "q: %s", why);
}

/* --- to code points ------------------------------------------------------------------------------------- */

/* Keep this table and fold() in schema.sql the same. */
static const struct {
    int32_t first, last; /* both included */
    int32_t becomes;     /* of the first; the others follow */
} folds[] = {
    {0x0000, 0x0000, DROP}, {0x0009, 0x000A, SPACE}, {0x000D, 0x000D, SPACE}, {0x00A0, 0x00A0, SPACE},
    {0x00AD, 0x00AD, DROP}, {0x200B, 0x200D, DROP},  {0x2060, 0x2060, DROP},  {0x3000, 0x3000, SPACE},
    {0xFEFF, 0xFEFF, DROP}, {0xFF01, 0xFF5E, '!'},
};

static int32_t fold(int32_t point)
{
    for (size_t i = 0; i < sizeof(folds) / sizeof(folds[0]); i++) {
        if (point < folds[i].first || point > folds[i].last)
            continue;
        return folds[i].becomes > SPACE ? folds[i].becomes + (point - folds[i].first) : folds[i].becomes;
    }
    return point;
}

/* Nothing gets longer by it. Returns how many bytes there are; -1 = that was no UTF-8. */
static utf8proc_ssize_t fold_all(struct nr_view typed, utf8proc_uint8_t *out)
{
    utf8proc_ssize_t len = 0;

    while (typed.len) {
        int32_t point;
        utf8proc_ssize_t step =
            utf8proc_iterate((const utf8proc_uint8_t *)typed.ptr, (utf8proc_ssize_t)typed.len, &point);

        if (step <= 0)
            return -1;
        if (fold(point) != DROP)
            len += utf8proc_encode_char(fold(point), out + len);
        typed = nr_view_n(typed.ptr + step, typed.len - (size_t)step);
    }
    return len;
}

/* What is invisible goes first: what stood on both sides of it may compose. */
static int compose(struct nr_view typed, int32_t *points, size_t *n, struct nr_err *err)
{
    const utf8proc_option_t options = UTF8PROC_STABLE | UTF8PROC_COMPOSE;
    utf8proc_uint8_t folded[QUERY_TYPED_MAX_BYTES];
    utf8proc_ssize_t len;

    if (typed.len > QUERY_TYPED_MAX_BYTES)
        return refuse(err, "must have at most 100 characters");
    len = fold_all(typed, folded);
    if (len > 0)
        len = utf8proc_decompose(folded, len, points, POINTS_MAX, options);
    if (len > 0 && len <= POINTS_MAX)
        len = utf8proc_normalize_utf32(points, len, options);
    if (len < 0 || len > POINTS_MAX)
        return refuse(err, "must be valid UTF-8");
    *n = (size_t)len;
    return 0;
}

/* Without what is dropped, with single spaces between words and none around them. Returns how many are
 * left. */
static size_t tidy(int32_t *points, size_t n)
{
    size_t kept = 0;

    for (size_t i = 0; i < n; i++) {
        if (points[i] == SPACE && (kept == 0 || points[kept - 1] == SPACE))
            continue;
        points[kept++] = points[i];
    }
    return kept && points[kept - 1] == SPACE ? kept - 1 : kept;
}

static size_t words_in(const int32_t *points, size_t n)
{
    size_t n_words = 1;

    for (size_t i = 0; i < n; i++)
        n_words += points[i] == SPACE;
    return n_words;
}

/* The same text as first consonants; false when it is anything else. `out` has room for twice as many. */
static bool as_initials(const int32_t *points, size_t n, int32_t *out, size_t *n_out)
{
    size_t at = 0;

    for (size_t i = 0; i < n; i++) {
        size_t n_here = hangul_initials(points[i], out + at);

        if (points[i] == SPACE)
            out[at++] = SPACE;
        else if (n_here == 0)
            return false;
        at += n_here;
    }
    *n_out = at;
    return true;
}

/* --- to bytes ------------------------------------------------------------------------------------------- */

static struct nr_view encode(const int32_t *points, size_t n, char *out)
{
    size_t len = 0;

    for (size_t i = 0; i < n; i++)
        len += (size_t)utf8proc_encode_char(points[i], (utf8proc_uint8_t *)out + len);
    return nr_view_n(out, len);
}

static size_t chars_in(struct nr_view text)
{
    size_t n = 0;

    for (size_t i = 0; i < text.len; i++)
        n += ((unsigned char)text.ptr[i] & 0xC0) != 0x80; /* every byte but those that go on a character */
    return n;
}

/* Longest first; words of one length stay in their order. */
static void add_word(struct query *out, struct nr_view word)
{
    size_t at = out->n_words++;

    for (; at > 0 && chars_in(out->words[at - 1]) < chars_in(word); at--)
        out->words[at] = out->words[at - 1];
    out->words[at] = word;
    out->has_long_word |= chars_in(word) > 2;
}

static void split(struct query *out)
{
    size_t start = 0;

    for (size_t i = 0; i <= out->text.len; i++) {
        if (i < out->text.len && out->text.ptr[i] != SPACE)
            continue;
        add_word(out, nr_view_n(out->text.ptr + start, i - start));
        start = i + 1;
    }
}

/* Names are completed character by character, but a Korean keyboard builds the last one up: on the way to
 * a name its end is a consonant, then a syllable that lacks its final. */
static void open_end(struct query *out, int32_t *points, size_t n)
{
    char *bytes = out->bytes + out->text.len;
    int32_t low;
    int32_t high;

    out->stem = out->text;
    if (out->kind != QUERY_TEXT || !hangul_unfinished(points[n - 1], &low, &high))
        return;
    out->stem.len = out->text.len - encode(&points[n - 1], 1, bytes).len;
    points[n - 1] = low;
    out->low = encode(points, n, bytes);
    points[n - 1] = high;
    out->high = encode(points, n, bytes + out->low.len);
}

static void fill(int32_t *points, size_t n, enum query_mode mode, struct query *out)
{
    int32_t consonants[2 * QUERY_CHARS_MAX];
    size_t n_consonants;

    *out = (struct query){.kind = QUERY_TEXT, .n_chars = n};
    if (as_initials(points, n, consonants, &n_consonants) && n_consonants <= QUERY_CHARS_MAX) {
        out->kind = QUERY_INITIALS;
        out->n_chars = n_consonants;
        points = consonants;
    }
    out->text = encode(points, out->n_chars, out->bytes);
    out->stem = out->text;
    if (mode == QUERY_MENTION)
        open_end(out, points, out->n_chars);
    split(out);
}

/* And the space behind it, if somebody wrote one. */
static void skip_at_sign(int32_t **points, size_t *n)
{
    size_t n_skipped = *n && (*points)[0] == '@' ? 1 : 0;

    n_skipped += n_skipped && *n > 1 && (*points)[1] == SPACE;
    *points += n_skipped;
    *n -= n_skipped;
}

int query_parse(struct nr_view typed, enum query_mode mode, struct query *out, struct nr_err *err)
{
    int32_t points[POINTS_MAX + 1]; /* utf8proc wants room for one more */
    int32_t *from = points;
    size_t n;

    if (compose(typed, points, &n, err) != 0)
        return -1;
    n = tidy(points, n);
    if (mode == QUERY_MENTION)
        skip_at_sign(&from, &n);
    if (n == 0)
        return refuse(err, "must not be empty");
    if (n > QUERY_CHARS_MAX)
        return refuse(err, "must have at most 100 characters");
    if (words_in(from, n) > QUERY_WORDS_MAX)
        return refuse(err, "must have at most 10 words");
    fill(from, n, mode, out);
    return 0;
}
