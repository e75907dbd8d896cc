/* scan.h - read JSON once, from left to right, without building anything.
 *
 * Is:      pure; a strict pull reader (RFC 8259, valid UTF-8, bounded depth) over bytes that stay where they
 *          are.
 * Is not:  a document: nothing can be asked for twice, and of members with the same name each is seen.
 * Beware:  the first fault stays, and from then on every call says no: look at `fault` once, at the end.
 *          Views point into the text; a string with escapes is raw until scan_unescape().
 * Source:  RFC 8259; RFC 3629 section 4 (well-formed UTF-8).
 *
 *     if (scan_enter(&scan, SCAN_OBJECT))
 *         while (scan_member(&scan, &name))
 *             scan_skip(&scan);
 */
#ifndef NARAE_SEARCH_SCAN_H
#define NARAE_SEARCH_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <narae/view.h>

#include "functions/search/sixteen.h"

enum scan_kind {
    SCAN_NOTHING, /* end of the text, or a fault */
    SCAN_OBJECT,
    SCAN_ARRAY,
    SCAN_STRING,
    SCAN_NUMBER,
    SCAN_TRUE,
    SCAN_FALSE,
    SCAN_NULL
};

/* Nesting of what is passed over. An event needs four. */
enum { SCAN_DEPTH_MAX = 64 };

enum { SCAN_SHORT_BYTES = 3 * SIXTEEN /* ids and times are no longer */ };

struct scan {
    const char *start;
    const char *at;
    const char *end;
    const char *fault; /* what is wrong at `at`: static words; NULL = nothing so far */
    bool is_first;     /* no member or item yet since the last `{` or `[` */
};

/* A string as it stands between its quotes. */
struct scan_text {
    struct nr_view raw; /* valid UTF-8, valid escapes */
    bool has_escapes;
};

/* text is borrowed as long as the scan and every view out of it are used. */
void scan_init(struct scan *scan, struct nr_view text);

/* What a value that begins with this byte is; SCAN_NOTHING for bytes that begin none. */
extern const uint8_t scan_kinds[256];

/* Move over white space. */
void scan_space(struct scan *scan);

/* What comes next; moves over white space only, of which there mostly is none. */
static inline enum scan_kind scan_peek(struct scan *scan)
{
    if (scan->at == scan->end || (unsigned char)*scan->at <= ' ')
        scan_space(scan);
    if (scan->fault || scan->at == scan->end)
        return SCAN_NOTHING;
    return (enum scan_kind)scan_kinds[(unsigned char)*scan->at];
}

/* Step into an object or array. False, with a fault, when something else comes. */
bool scan_enter(struct scan *scan, enum scan_kind kind);

/* The next member: its name is read, its value comes next. False at the `}`, which is passed, or on a
 * fault. */
bool scan_member(struct scan *scan, struct scan_text *name);

/* Is it the `}` that comes next, without a blank in front? Then it is passed; else nothing happens. */
static inline bool scan_is_closed(struct scan *scan)
{
    if (scan->fault || scan->at == scan->end || *scan->at != '}')
        return false;
    scan->at++;
    scan->is_first = false;
    return true;
}

/* A name of 1 to 29 characters that needs no escapes, as a member begins with it: quotes around it and a colon
 * behind. A bit for each byte that counts. */
struct scan_name {
    char text[2 * SIXTEEN];
    uint32_t counts, len;
};

#define SCAN_NAME(name)                                                                                      \
    {                                                                                                        \
        "\"" name "\":", (uint32_t)(((uint64_t)1 << (sizeof(name) + 2)) - 1), sizeof(name) + 2               \
    }

/* Is it this member that comes next, written without blanks? Then it is passed as scan_member() does; else,
 * or when the text is too near its end to look, nothing happens. For names in the order in which they are
 * likely: to compare is quicker than to read. */
static inline bool scan_member_is(struct scan *scan, const struct scan_name *name)
{
    const char *at = scan->at + !scan->is_first;
    uint32_t same;

    if (scan->fault || scan->end - at < (ptrdiff_t)sizeof(name->text) ||
        (!scan->is_first && *scan->at != ','))
        return false;
    same = sixteen_mask(sixteen_load(at) == sixteen_load(name->text)) |
           sixteen_mask(sixteen_load(at + SIXTEEN) == sixteen_load(name->text + SIXTEEN)) << SIXTEEN;
    if (~same & name->counts)
        return false;
    scan->at = at + name->len;
    scan->is_first = false;
    return true;
}

/* Is there another item? It comes next. False at the `]`, which is passed, or on a fault. */
bool scan_any_item(struct scan *scan);

/* The same; most stand behind a comma. */
static inline bool scan_item(struct scan *scan)
{
    if (scan->fault || scan->at == scan->end || scan->is_first || *scan->at != ',')
        return scan_any_item(scan);
    scan->at++;
    return true;
}

/* The length of the string whose quote is at `at`, if it is short and nothing but ASCII without escapes, as
 * most are; else -1. */
static inline int scan_short(const char *at, const char *end)
{
    if (at >= end || *at++ != '"')
        return -1;
    for (int n = 0; n < SCAN_SHORT_BYTES && end - at > n + SIXTEEN; n += SIXTEEN) {
        sixteen bytes = sixteen_load(at + n);
        unsigned stop =
            sixteen_first((bytes == '"') | (bytes == '\\') | (bytes < 0x20)); /* signed: or not ASCII */

        if (stop < SIXTEEN)
            return at[n + (int)stop] == '"' ? n + (int)stop : -1;
    }
    return -1;
}

/* Read any string. */
bool scan_any_string(struct scan *scan, struct scan_text *out);

/* Read a value of this kind; false, with a fault, when something else comes. */
static inline bool scan_string(struct scan *scan, struct scan_text *out)
{
    int n = scan->fault ? -1 : scan_short(scan->at, scan->end);

    if (n < 0)
        return scan_any_string(scan, out);
    *out = (struct scan_text){.raw = nr_view_n(scan->at + 1, (size_t)n)};
    scan->at += n + 2;
    return true;
}

bool scan_number(struct scan *scan, struct nr_view *out); /* as it stands: JSON's grammar */

/* Read a string as it stands, and look for nothing but its end: its escapes and its UTF-8 are not checked.
 * scan_unescape_skimmed() does the one, another scan of what it means the other. */
bool scan_skim(struct scan *scan, struct nr_view *raw);

/* Pass over the value that comes, whatever it is; it is checked all the same. */
bool scan_skip(struct scan *scan);

/* The value that comes, as it stands in the text. */
bool scan_raw(struct scan *scan, struct nr_view *out);

/* Nothing but white space may follow. */
bool scan_end(struct scan *scan);

/* Record a fault of the caller's own, unless there is one; false always. words is static. */
bool scan_fail(struct scan *scan, const char *words);

/* What scan_unescape() may write behind what it returns. */
enum { SCAN_SPARE_BYTES = SIXTEEN };

/* Write what the string means to `out`, which has room for text.raw.len bytes and SCAN_SPARE_BYTES more, and
 * is not the text itself; returns how many were written: never more than text.raw.len. */
size_t scan_unescape(struct scan_text text, char *out);

/* The same for what scan_skim() has read. False when one of its escapes is none; what `out` holds is then no
 * matter. */
bool scan_unescape_skimmed(struct nr_view raw, char *out, size_t *n);

/* A number without fraction and exponent that fits; false otherwise. */
bool scan_whole(struct nr_view number, int64_t *out);

#endif
