#include <time.h>

#include "functions/push/rfc3339.h"

/* Exactly n digits at *at, which moves behind them. */
static bool digits(struct nr_view text, size_t *at, int n, int *out)
{
    int value = 0;

    for (int i = 0; i < n; i++, (*at)++) {
        if (*at >= text.len || text.ptr[*at] < '0' || text.ptr[*at] > '9')
            return false;
        value = value * 10 + (text.ptr[*at] - '0');
    }
    *out = value;
    return true;
}

static bool one_of(struct nr_view text, size_t *at, const char *chars, char *out)
{
    if (*at >= text.len || !text.ptr[*at] || !strchr(chars, text.ptr[*at]))
        return false;
    *out = text.ptr[(*at)++];
    return true;
}

/* ".5" = 500 ms; digits beyond milliseconds are read and dropped. */
static bool fraction(struct nr_view text, size_t *at, int *ms)
{
    int scale = 100;
    size_t start = ++*at;

    for (; *at < text.len && text.ptr[*at] >= '0' && text.ptr[*at] <= '9'; (*at)++, scale /= 10)
        *ms += (text.ptr[*at] - '0') * scale;
    return *at > start;
}

static bool offset(struct nr_view text, size_t *at, int *minutes)
{
    char sign;
    char colon;
    int h;
    int m;

    if (!one_of(text, at, "Zz+-", &sign))
        return false;
    if (sign == 'Z' || sign == 'z')
        return true;
    if (!digits(text, at, 2, &h) || !one_of(text, at, ":", &colon) || !digits(text, at, 2, &m) || h > 23 ||
        m > 59)
        return false;
    *minutes = (sign == '-' ? -1 : 1) * (h * 60 + m);
    return true;
}

static bool is_date(struct tm tm, time_t when)
{
    struct tm back;

    /* timegm() would turn February 30 into March 2. */
    return gmtime_r(&when, &back) && back.tm_mday == tm.tm_mday && back.tm_mon == tm.tm_mon;
}

bool rfc3339_parse(struct nr_view text, int64_t *unix_ms)
{
    struct tm tm = {0};
    size_t at = 0;
    int ms = 0;
    int minutes = 0;
    char c;
    time_t when;

    if (!digits(text, &at, 4, &tm.tm_year) || !one_of(text, &at, "-", &c) ||
        !digits(text, &at, 2, &tm.tm_mon) || !one_of(text, &at, "-", &c) ||
        !digits(text, &at, 2, &tm.tm_mday) || !one_of(text, &at, "Tt", &c) ||
        !digits(text, &at, 2, &tm.tm_hour) || !one_of(text, &at, ":", &c) ||
        !digits(text, &at, 2, &tm.tm_min) || !one_of(text, &at, ":", &c) || !digits(text, &at, 2, &tm.tm_sec))
        return false;
    if (tm.tm_mon < 1 || tm.tm_mon > 12 || tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 60)
        return false;
    if (at < text.len && text.ptr[at] == '.' && !fraction(text, &at, &ms))
        return false;
    if (!offset(text, &at, &minutes) || at != text.len)
        return false;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    tm.tm_sec = tm.tm_sec == 60 ? 59 : tm.tm_sec;
    when = timegm(&(struct tm){.tm_year = tm.tm_year,
                               .tm_mon = tm.tm_mon,
                               .tm_mday = tm.tm_mday,
                               .tm_hour = tm.tm_hour,
                               .tm_min = tm.tm_min,
                               .tm_sec = tm.tm_sec});
    if (!is_date(tm, when))
        return false;
    *unix_ms = ((int64_t)when - (int64_t)minutes * 60) * 1000 + ms;
    return true;
}
