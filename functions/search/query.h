/* query.h - what somebody typed, made ready to be looked for.
 *
 * Is:      pure: text in; its words, its form for comparing, and how its end may go on, out. Composed (NFC),
 *          full-width ASCII made ASCII, blanks made single spaces, invisible characters dropped: the same
 *          that schema.sql's fold() does to what is stored, but for the case, which only the database folds
 *          (by its own rules, on both sides).
 * Is not:  SQL, and nothing is escaped here: the database escapes what it has folded.
 * Beware:  a query's views point into itself: it must not be copied.
 */
#ifndef NARAE_SEARCH_QUERY_H
#define NARAE_SEARCH_QUERY_H

#include <stdbool.h>
#include <stddef.h>

#include <narae/attr.h>
#include <narae/err.h>
#include <narae/view.h>

enum query_mode {
    QUERY_SEARCH, /* as it was sent */
    QUERY_MENTION /* somebody is still typing a name: "@" at its front is no part of it */
};

enum query_kind {
    QUERY_TEXT,
    QUERY_INITIALS /* nothing but first consonants: matched with the first consonants of syllables */
};

enum {
    QUERY_TYPED_MAX_BYTES = 1024,
    /* Titles end at 200 and nicknames at 64 characters; what is longer was pasted, and every character more
       costs the index a look. */
    QUERY_CHARS_MAX = 100,
    QUERY_BYTES_MAX = 4 * QUERY_CHARS_MAX,
    QUERY_WORDS_MAX = 10,
};

struct query {
    enum query_kind kind;
    size_t n_chars; /* of text, blanks included */
    struct nr_view text;
    struct nr_view words[QUERY_WORDS_MAX]; /* the longest first: it narrows the search best */
    size_t n_words;
    bool has_long_word; /* one of more than two characters: pieces of two cannot tell for sure */
    /* What names that begin so begin with. Where the end is unfinished, they go on with something from low
       up to, and without, high (both begin with stem); else low and high have ptr NULL. */
    struct nr_view stem, low, high;
    char bytes[3 * QUERY_BYTES_MAX]; /* text, low, high */
};

/* Read what was typed.
 *
 * typed  in   borrowed for the call
 * out    out  untouched on failure
 * Returns 0, or -1: INVALID, Function.InvalidQuery ("q: ..."), without a byte of the text; UNAVAILABLE
 * (memory). */
int query_parse(struct nr_view typed, enum query_mode mode, struct query *out,
                struct nr_err *err) NR_MUST_CHECK;

#endif
