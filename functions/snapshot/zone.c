#include "functions/snapshot/zone.h"

enum { HOUR_S = 3600, HOURS_MAX = 167, DEFAULT_CHANGE_S = 2 * HOUR_S };

/* What is left to read of a POSIX string. */
struct reader {
    const char *at;
    const char *end;
};

/* --- read ----------------------------------------------------------------------------------------------- */

static bool take(struct reader *reader, char c)
{
    if (reader->at == reader->end || *reader->at != c)
        return false;
    reader->at++;
    return true;
}

static bool is_between(const struct reader *reader, char first, char last)
{
    return reader->at < reader->end && *reader->at >= first && *reader->at <= last;
}

static bool number(struct reader *reader, int max, int *out)
{
    int value = 0;

    if (!is_between(reader, '0', '9'))
        return false;
    for (; is_between(reader, '0', '9'); reader->at++) {
        value = value * 10 + (*reader->at - '0');
        if (value > max)
            return false;
    }
    *out = value;
    return true;
}

/* "[+-]hh[:mm[:ss]]" */
static bool span(struct reader *reader, int *out_s)
{
    int sign = take(reader, '-') ? -1 : 1;
    int hms[3] = {0};

    if (sign > 0)
        (void)take(reader, '+');
    if (!number(reader, HOURS_MAX, &hms[0]))
        return false;
    for (int i = 1; i < 3 && take(reader, ':'); i++)
        if (!number(reader, 59, &hms[i]))
            return false;
    *out_s = sign * (hms[0] * HOUR_S + hms[1] * 60 + hms[2]);
    return true;
}

/* Three letters or more, or anything in angle brackets: nobody asks for the abbreviation. */
static bool abbreviation(struct reader *reader)
{
    const char *start = reader->at;
    bool is_quoted = take(reader, '<');

    while (reader->at < reader->end &&
           (is_quoted ? *reader->at != '>' : is_between(reader, 'a', 'z') || is_between(reader, 'A', 'Z')))
        reader->at++;
    return is_quoted ? take(reader, '>') : reader->at - start >= 3;
}

/* "M3.5.0/2", "J60", "59/24" */
static bool change(struct reader *reader, struct zone_change *out)
{
    out->form = take(reader, 'M') ? 'M' : take(reader, 'J') ? 'J' : '0';
    out->at_s = DEFAULT_CHANGE_S;
    if (out->form == 'M') {
        if (!number(reader, 12, &out->month) || out->month < 1 || !take(reader, '.') ||
            !number(reader, 5, &out->week) || out->week < 1 || !take(reader, '.') ||
            !number(reader, 6, &out->day))
            return false;
    } else if (!number(reader, 365, &out->day) || (out->form == 'J' && out->day < 1)) {
        return false;
    }
    return !take(reader, '/') || span(reader, &out->at_s);
}

static bool daylight(struct reader *reader, struct zone *out)
{
    int west_s;

    out->has_dst = true;
    out->dst_s = out->std_s + HOUR_S;
    if (!abbreviation(reader))
        return false;
    if (reader->at < reader->end && *reader->at != ',') {
        if (!span(reader, &west_s))
            return false;
        out->dst_s = -west_s;
    }
    return take(reader, ',') && change(reader, &out->start) && take(reader, ',') && change(reader, &out->end);
}

bool zone_parse(struct nr_view text, struct zone *out)
{
    const char *rule = zone_rule_of(text);
    struct nr_view posix = rule ? nr_view(rule) : text;
    struct reader reader = {posix.ptr, posix.ptr + posix.len};
    struct zone zone = {0};
    int west_s;

    if (!posix.len || !abbreviation(&reader) || !span(&reader, &west_s))
        return false;
    zone.std_s = -west_s; /* POSIX counts westward */
    if (reader.at < reader.end && !daylight(&reader, &zone))
        return false;
    if (reader.at != reader.end)
        return false;
    *out = zone;
    return true;
}

/* --- reckon --------------------------------------------------------------------------------------------- */

/* The day of an 'M' change: the n-th such weekday of its month, the last one for 5. */
static int month_day(const struct zone_change *change, int year)
{
    struct civil first = {.year = year, .month = change->month, .day = 1};
    struct civil last = civil_of(civil_s((struct civil){.year = year, .month = change->month + 1, .day = 0}));
    int day = 1 + (change->day - civil_weekday(first) + 7) % 7 + (change->week - 1) * 7;

    return day > last.day ? day - 7 : day;
}

/* Seconds of the year's change, by the clock before it. */
static int64_t change_s(const struct zone_change *change, int year)
{
    struct civil at = {.year = year, .month = 1, .day = 1};
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    if (change->form == 'M') {
        at.month = change->month;
        at.day = month_day(change, year);
    } else if (change->form == 'J') {
        at.day = change->day + (is_leap && change->day >= 60); /* 1 March is always day 60 */
    } else {
        at.day = change->day + 1;
    }
    return civil_s(at) + change->at_s;
}

static bool is_dst(const struct zone *zone, int64_t unix_s)
{
    int year = civil_of(unix_s + zone->std_s).year;
    int64_t start;
    int64_t end;

    if (!zone->has_dst)
        return false;
    start = change_s(&zone->start, year) - zone->std_s;
    end = change_s(&zone->end, year) - zone->dst_s;
    return start < end ? unix_s >= start && unix_s < end : unix_s >= start || unix_s < end;
}

struct civil zone_civil(const struct zone *zone, int64_t unix_s)
{
    return civil_of(unix_s + (is_dst(zone, unix_s) ? zone->dst_s : zone->std_s));
}

int64_t zone_unix_s(const struct zone *zone, struct civil local)
{
    int64_t by_std = civil_s(local) - zone->std_s;
    int64_t by_dst = civil_s(local) - zone->dst_s;

    if (!zone->has_dst || !is_dst(zone, by_std))
        return by_std;
    return by_dst;
}
