#include <narae/rfc3339.h>

/* Exactly n digits at *at, which moves behind them; -1 when they are not there. */
static int digits(struct nr_view text, size_t *at, int n)
{
    int value = 0;

    for (; n > 0; n--, (*at)++) {
        if (*at >= text.len || text.ptr[*at] < '0' || text.ptr[*at] > '9')
            return -1;
        value = value * 10 + (text.ptr[*at] - '0');
    }
    return value;
}

/* One of the bytes of `chars` at *at, which moves behind it; 0 when it is another. */
static char one_of(struct nr_view text, size_t *at, const char *chars)
{
    if (*at >= text.len || !text.ptr[*at] || !strchr(chars, text.ptr[*at]))
        return 0;
    return text.ptr[(*at)++];
}

/* Numbers of the given widths with one of the separators behind each but the last; -1 in values[] where one
 * is missing. */
static bool numbers(struct nr_view text, size_t *at, const int *widths, const char *const *separators, int n,
                    int *values)
{
    for (int i = 0; i < n; i++) {
        values[i] = digits(text, at, widths[i]);
        if (values[i] < 0 || (i < n - 1 && !one_of(text, at, separators[i])))
            return false;
    }
    return true;
}

/* ".5" = 500 ms; none = 0; -1 for a point without digits. */
static int fraction_ms(struct nr_view text, size_t *at)
{
    int ms = 0;
    size_t start;

    if (!one_of(text, at, "."))
        return 0;
    start = *at;
    for (int scale = 100; *at < text.len && text.ptr[*at] >= '0' && text.ptr[*at] <= '9';
         (*at)++, scale /= 10)
        ms += (text.ptr[*at] - '0') * scale;
    return *at > start ? ms : -1;
}

/* "Z", "+09:00": minutes east of UTC. */
static bool offset(struct nr_view text, size_t *at, int *minutes)
{
    static const int widths[] = {2, 2};
    static const char *const separators[] = {":"};
    char sign = one_of(text, at, "Zz+-");
    int hm[2];

    *minutes = 0;
    if (sign == 'Z' || sign == 'z')
        return true;
    if (!sign || !numbers(text, at, widths, separators, 2, hm) || hm[0] > 23 || hm[1] > 59)
        return false;
    *minutes = (sign == '-' ? -1 : 1) * (hm[0] * 60 + hm[1]);
    return true;
}

static int days_in(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && is_leap);
}

/* Days from 1970-01-01; the year starts in March, so that the leap day is its last. */
static int64_t days_to(int year, int month, int day)
{
    int64_t y = year - (month <= 2);
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t of_era = y - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

bool nr_rfc3339_parse(struct nr_view text, int64_t *unix_ms)
{
    static const int widths[] = {4, 2, 2, 2, 2, 2};
    static const char *const separators[] = {"-", "-", "Tt", ":", ":"};
    size_t at = 0;
    int v[6];
    int ms;
    int minutes;

    if (!numbers(text, &at, widths, separators, 6, v))
        return false;
    ms = fraction_ms(text, &at);
    if (ms < 0 || !offset(text, &at, &minutes) || at != text.len)
        return false;
    if (v[1] < 1 || v[1] > 12 || v[2] < 1 || v[2] > days_in(v[0], v[1]) || v[3] > 23 || v[4] > 59 ||
        v[5] > 60)
        return false;
    v[5] = v[5] == 60 ? 59 : v[5];
    *unix_ms = (((days_to(v[0], v[1], v[2]) * 24 + v[3]) * 60 + v[4] - minutes) * 60 + v[5]) * 1000 + ms;
    return true;
}
