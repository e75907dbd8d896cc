#include <string.h>

#include "functions/search/scan.h"

bool scan_fail(struct scan *scan, const char *words)
{
    if (!scan->fault)
        scan->fault = words;
    return false;
}

void scan_init(struct scan *scan, struct nr_view text)
{
    const char *start = text.ptr ? text.ptr : "";

    *scan = (struct scan){.start = start, .at = start, .end = start + text.len};
}

const uint8_t scan_kinds[256] = {
    ['{'] = SCAN_OBJECT, ['['] = SCAN_ARRAY, ['"'] = SCAN_STRING, ['t'] = SCAN_TRUE,
    ['f'] = SCAN_FALSE,  ['n'] = SCAN_NULL,  ['-'] = SCAN_NUMBER, ['0' ... '9'] = SCAN_NUMBER};

void scan_space(struct scan *scan)
{
    while (scan->at < scan->end &&
           (*scan->at == ' ' || *scan->at == '\t' || *scan->at == '\n' || *scan->at == '\r'))
        scan->at++;
}

/* --- numbers and words ---------------------------------------------------------------------------------- */

static size_t digits(struct scan *scan)
{
    const char *start = scan->at;

    while (scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9')
        scan->at++;
    return (size_t)(scan->at - start);
}

/* Pass over one of two characters. */
static bool next_is(struct scan *scan, char a, char b)
{
    if (scan->at == scan->end || (*scan->at != a && *scan->at != b))
        return false;
    scan->at++;
    return true;
}

bool scan_number(struct scan *scan, struct nr_view *out)
{
    const char *start;
    bool is_zero;

    if (scan_peek(scan) != SCAN_NUMBER)
        return scan_fail(scan, "has no number where one is wanted");
    start = scan->at;
    next_is(scan, '-', '-');
    is_zero = scan->at < scan->end && *scan->at == '0';
    if (is_zero ? (scan->at++, false) : digits(scan) == 0)
        return scan_fail(scan, "has a number without digits");
    if (next_is(scan, '.', '.') && digits(scan) == 0)
        return scan_fail(scan, "has a number without digits behind its point");
    if (next_is(scan, 'e', 'E')) {
        next_is(scan, '+', '-');
        if (digits(scan) == 0)
            return scan_fail(scan, "has a number without digits in its exponent");
    }
    *out = nr_view_n(start, (size_t)(scan->at - start));
    return true;
}

bool scan_whole(struct nr_view number, int64_t *out)
{
    bool is_negative = number.len > 0 && number.ptr[0] == '-';
    int64_t value = 0;

    for (size_t i = is_negative; i < number.len; i++) {
        if (number.ptr[i] < '0' || number.ptr[i] > '9')
            return false;
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, number.ptr[i] - '0', &value))
            return false;
    }
    if (number.len == is_negative || (!is_negative && value == INT64_MIN))
        return false;
    *out = is_negative ? value : -value;
    return true;
}

static bool word(struct scan *scan, const char *wanted)
{
    size_t n = strlen(wanted);

    if ((size_t)(scan->end - scan->at) < n || memcmp(scan->at, wanted, n) != 0)
        return scan_fail(scan, "has a word that JSON does not know");
    scan->at += n;
    return true;
}

/* --- structure ------------------------------------------------------------------------------------------ */

bool scan_enter(struct scan *scan, enum scan_kind kind)
{
    if (scan_peek(scan) != kind)
        return scan_fail(scan, kind == SCAN_OBJECT ? "has no object where one is wanted"
                                                   : "has no array where one is wanted");
    scan->at++;
    scan->is_first = true;
    return true;
}

/* Between two members or items, or at their end: true when another must come. */
static bool another(struct scan *scan, char close)
{
    if (scan->fault)
        return false;
    scan_space(scan);
    if (scan->at == scan->end)
        return scan_fail(scan, close == '}' ? "ends inside an object" : "ends inside an array");
    if (*scan->at == close) {
        scan->at++;
        scan->is_first = false;
        return false;
    }
    if (scan->is_first) {
        scan->is_first = false;
        return true;
    }
    if (*scan->at != ',')
        return scan_fail(scan, "has no comma between two values");
    scan->at++;
    return true;
}

/* A name without blanks around it, as programs write it: comma, name, colon. */
static bool short_member(struct scan *scan, struct scan_text *name)
{
    const char *at = scan->at + !scan->is_first;
    int n;

    if (scan->fault || scan->at == scan->end || (!scan->is_first && *scan->at != ','))
        return false;
    n = scan_short(at, scan->end);
    if (n < 0 || scan->end - at < n + 3 || at[n + 2] != ':')
        return false;
    *name = (struct scan_text){.raw = nr_view_n(at + 1, (size_t)n)};
    scan->at = at + n + 3;
    scan->is_first = false;
    return true;
}

bool scan_member(struct scan *scan, struct scan_text *name)
{
    if (short_member(scan, name))
        return true;
    if (!another(scan, '}') || !scan_string(scan, name))
        return false;
    scan_space(scan);
    if (scan->at == scan->end || *scan->at != ':')
        return scan_fail(scan, "has no colon behind a name");
    scan->at++;
    return true;
}

bool scan_any_item(struct scan *scan)
{
    return another(scan, ']');
}

/* A string, number or word. */
static bool skip_simple(struct scan *scan)
{
    struct scan_text text;
    struct nr_view number;

    switch (scan_peek(scan)) {
    case SCAN_STRING:
        return scan_string(scan, &text);
    case SCAN_NUMBER:
        return scan_number(scan, &number);
    case SCAN_TRUE:
        return word(scan, "true");
    case SCAN_FALSE:
        return word(scan, "false");
    case SCAN_NULL:
        return word(scan, "null");
    default:
        return scan_fail(scan, scan->at == scan->end ? "ends where a value is wanted"
                                                     : "has no value where one is wanted");
    }
}

/* Without recursion: which brackets are open is a bit each. */
bool scan_skip(struct scan *scan)
{
    uint64_t objects = 0;
    int depth = 0;
    struct scan_text name;

    for (;;) {
        enum scan_kind kind = scan_peek(scan);
        bool is_more;

        if (kind == SCAN_OBJECT || kind == SCAN_ARRAY) {
            if (depth == SCAN_DEPTH_MAX)
                return scan_fail(scan, "is nested too deeply");
            objects = objects << 1 | (kind == SCAN_OBJECT);
            depth++;
            scan_enter(scan, kind);
        } else if (!skip_simple(scan)) {
            return false;
        }
        for (is_more = false; depth > 0 && !is_more && !scan->fault;) {
            is_more = objects & 1 ? scan_member(scan, &name) : scan_item(scan);
            if (!is_more) {
                objects >>= 1;
                depth--;
            }
        }
        if (scan->fault || !is_more)
            return !scan->fault;
    }
}

bool scan_raw(struct scan *scan, struct nr_view *out)
{
    const char *start;

    scan_space(scan);
    start = scan->at;
    if (!scan_skip(scan))
        return false;
    *out = nr_view_n(start, (size_t)(scan->at - start));
    return true;
}

bool scan_end(struct scan *scan)
{
    scan_space(scan);
    if (!scan->fault && scan->at != scan->end)
        return scan_fail(scan, "goes on behind its end");
    return !scan->fault;
}
