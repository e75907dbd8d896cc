#include "functions/search/scan.h"
#include "functions/search/sixteen.h"

enum { BLOCK = 64 /* bytes: a bit for each in a word */ };

/* A bit for each byte of a block, the lowest for the first. */
struct marks {
    uint64_t quotes, backslashes, controls;
};

static struct marks marks_of(const char *at)
{
    struct marks marks = {0};

    for (unsigned i = 0; i < BLOCK; i += SIXTEEN) {
        sixteen bytes = sixteen_load(at + i);

        marks.quotes |= (uint64_t)sixteen_mask(bytes == '"') << i;
        marks.backslashes |= (uint64_t)sixteen_mask(bytes == '\\') << i;
        marks.controls |= (uint64_t)sixteen_mask(sixteen_controls(bytes)) << i;
    }
    return marks;
}

/* Byte after byte up to `limit`: the first that ends a string, or that none may have. One that is escaped and
 * stands at the limit is passed with its backslash. */
static const char *skim_slowly(const char *at, const char *limit, const char *end)
{
    while (at < limit && *at != '"' && (unsigned char)*at >= 0x20)
        at += *at == '\\' && end - at > 1 && (unsigned char)at[1] >= 0x20 ? 2 : 1;
    return at;
}

/* The same by blocks. A backslash takes the meaning from the byte behind it, unless its own was taken: where
 * two stand together, it takes a closer look to know which. */
static const char *skim(const char *at, const char *end)
{
    uint64_t is_taken = 0; /* 1: the last byte before `at` is a backslash that takes */

    while (end - at > BLOCK) {
        struct marks marks = marks_of(at);
        uint64_t taken = marks.backslashes << 1 | is_taken;
        uint64_t stops = (marks.quotes & ~taken) | marks.controls;
        const char *limit = at + BLOCK;

        if (marks.backslashes & taken) {
            at = skim_slowly(at - is_taken, limit, end);
            if (at < limit)
                return at;
            is_taken = 0;
        } else if (stops) {
            return at + __builtin_ctzll(stops);
        } else {
            at = limit;
            is_taken = marks.backslashes >> (BLOCK - 1);
        }
    }
    return skim_slowly(at - is_taken, end, end);
}

bool scan_skim(struct scan *scan, struct nr_view *raw)
{
    const char *start;

    if (scan_peek(scan) != SCAN_STRING)
        return scan_fail(scan, "has no string where one is wanted");
    start = scan->at + 1;
    scan->at = skim(start, scan->end);
    if (scan->at == scan->end)
        return scan_fail(scan, "ends inside a string");
    if (*scan->at != '"')
        return scan_fail(scan, "has a control character in a string");
    *raw = nr_view_n(start, (size_t)(scan->at++ - start));
    return true;
}
