#include "functions/search/instant.h"

enum { MS_A_DAY = 24 * 60 * 60 * 1000, YEAR_MIN = 1970 };

/* Days since 1970-01-01, counted in years that begin in March: the leap day is then the last of its year. */
static int64_t days_of(int64_t y, int m, int d)
{
    int64_t shifted = m <= 2 ? y - 1 : y;
    int64_t era = shifted / 400;
    int64_t of_era = shifted - era * 400;
    int64_t of_year = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int month_days(int y, int m)
{
    static const int8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);

    return m == 2 && is_leap ? 29 : days[m - 1];
}

/* What of the text is not yet read. */
struct rest {
    const char *at, *end;
};

/* Exactly n digits. */
static bool digits(struct rest *rest, int n, int *out)
{
    bool is_number = rest->end - rest->at >= n;
    int value = 0;

    for (int i = 0; is_number && i < n; i++) {
        unsigned digit = (unsigned)rest->at[i] - '0';

        is_number = digit <= 9;
        value = value * 10 + (int)digit;
    }
    rest->at += is_number ? n : 0;
    *out = value;
    return is_number;
}

static bool sign(struct rest *rest, char a, char b)
{
    if (rest->at == rest->end || (*rest->at != a && *rest->at != b))
        return false;
    rest->at++;
    return true;
}

static bool date(struct rest *rest, int64_t *days)
{
    int y;
    int m;
    int d;

    if (!digits(rest, 4, &y) || !sign(rest, '-', '-') || !digits(rest, 2, &m) || !sign(rest, '-', '-') ||
        !digits(rest, 2, &d))
        return false;
    if (y < YEAR_MIN || m < 1 || m > 12 || d < 1 || d > month_days(y, m))
        return false;
    *days = days_of(y, m, d);
    return true;
}

/* ".5" = 500 ms. */
static bool fraction(struct rest *rest, int *ms)
{
    const char *start = rest->at;
    int scale = 100;

    for (; rest->at < rest->end && *rest->at >= '0' && *rest->at <= '9'; rest->at++, scale /= 10)
        *ms += (*rest->at - '0') * scale;
    return rest->at > start;
}

static bool time_of_day(struct rest *rest, int64_t *out_ms)
{
    int h;
    int m;
    int s;
    int ms = 0;

    if (!digits(rest, 2, &h) || !sign(rest, ':', ':') || !digits(rest, 2, &m) || !sign(rest, ':', ':') ||
        !digits(rest, 2, &s) || h > 23 || m > 59 || s > 60)
        return false;
    if (sign(rest, '.', '.') && !fraction(rest, &ms))
        return false;
    *out_ms = ((int64_t)h * 3600 + (int64_t)m * 60 + (s == 60 ? 59 : s)) * 1000 + ms;
    return true;
}

static bool offset(struct rest *rest, int64_t *out_ms)
{
    bool is_west = rest->at < rest->end && *rest->at == '-';
    int h;
    int m;

    if (rest->at == rest->end || sign(rest, 'Z', 'z'))
        return true;
    if (!sign(rest, '+', '-') || !digits(rest, 2, &h) || !sign(rest, ':', ':') || !digits(rest, 2, &m) ||
        h > 23 || m > 59)
        return false;
    *out_ms = ((int64_t)h * 60 + m) * 60000 * (is_west ? -1 : 1);
    return true;
}

bool instant_parse(struct nr_view text, int64_t *unix_ms)
{
    struct rest rest = {text.ptr, text.ptr + text.len};
    int64_t days;
    int64_t day_ms;
    int64_t offset_ms = 0;

    if (!date(&rest, &days) || !sign(&rest, 'T', 't') || !time_of_day(&rest, &day_ms) ||
        !offset(&rest, &offset_ms) || rest.at != rest.end)
        return false;
    if (days * MS_A_DAY + day_ms - offset_ms < 0)
        return false;
    *unix_ms = days * MS_A_DAY + day_ms - offset_ms;
    return true;
}

static char *put(char *out, int64_t number, int n, char behind)
{
    unsigned value = (unsigned)number; /* of four digits at most: to divide 64 bits takes longer */

    for (int i = n - 1; i >= 0; i--, value /= 10)
        out[i] = (char)('0' + value % 10);
    out[n] = behind;
    return out + n + 1;
}

void instant_format(int64_t unix_ms, char *out)
{
    int64_t days = unix_ms / MS_A_DAY;
    int64_t ms = unix_ms % MS_A_DAY;
    /* The way of days_of() back. */
    int64_t shifted = days + 719468;
    int64_t era = shifted / 146097;
    int64_t of_era = shifted - era * 146097;
    int64_t years = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * years + years / 4 - years / 100);
    int64_t month = (5 * of_year + 2) / 153;
    int64_t m = month < 10 ? month + 3 : month - 9;

    out = put(out, era * 400 + years + (m <= 2), 4, '-');
    out = put(out, m, 2, '-');
    out = put(out, of_year - (153 * month + 2) / 5 + 1, 2, 'T');
    out = put(out, ms / 3600000, 2, ':');
    out = put(out, ms / 60000 % 60, 2, ':');
    out = put(out, ms / 1000 % 60, 2, '.');
    put(out, ms % 1000, 3, 'Z');
}
