#include <time.h>

#include <narae/clock.h>

static const struct nr_clock *replaced;

static const int64_t LAST_MS = 253402300799999; /* 9999-12-31T23:59:59.999Z */

static int64_t read_us(clockid_t id)
{
    struct timespec now;

    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t nr_clock_wall_ms(void)
{
    return replaced ? replaced->wall_ms(replaced->self) : read_us(CLOCK_REALTIME) / 1000;
}

int64_t nr_clock_mono_ms(void)
{
    return replaced ? replaced->mono_ms(replaced->self) : read_us(CLOCK_MONOTONIC) / 1000;
}

int64_t nr_clock_mono_us(void)
{
    return replaced ? replaced->mono_ms(replaced->self) * 1000 : read_us(CLOCK_MONOTONIC);
}

int64_t nr_clock_left_ms(int64_t deadline_mono_ms)
{
    int64_t left;

    if (deadline_mono_ms == NR_CLOCK_NEVER_MS)
        return NR_CLOCK_NEVER_MS;
    left = deadline_mono_ms - nr_clock_mono_ms();
    return left > 0 ? left : 0;
}

void nr_clock_replace(const struct nr_clock *fake)
{
    replaced = fake;
}

/* Days since 1970-01-01 to a date, in years that begin in March, so that the leap day comes last. Source:
 * H. Hinnant, "chrono-Compatible Low-Level Date Algorithms". gmtime_r() takes a lock, which a signal handler
 * may find taken. */
static void date_of(int64_t days, int *year, int *month, int *day)
{
    int64_t z = days + 719468; /* since 0000-03-01 */
    int64_t era = z / 146097;  /* of 400 years */
    int64_t of_era = z - era * 146097;
    int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t from_march = (5 * of_year + 2) / 153;

    *day = (int)(of_year - (153 * from_march + 2) / 5 + 1);
    *month = (int)(from_march < 10 ? from_march + 3 : from_march - 9);
    *year = (int)(year_of_era + era * 400 + (*month <= 2));
}

static char *put_digits(char *out, int64_t value, int n_digits, char behind)
{
    for (int i = n_digits - 1; i >= 0; i--) {
        out[i] = (char)('0' + value % 10);
        value /= 10;
    }
    out[n_digits] = behind;
    return out + n_digits + 1;
}

void nr_clock_rfc3339(int64_t wall_ms, char *out)
{
    int64_t s;
    int year, month, day;

    if (wall_ms < 0 || wall_ms > LAST_MS)
        wall_ms = 0;
    s = wall_ms / 1000;
    date_of(s / 86400, &year, &month, &day);
    out = put_digits(out, year, 4, '-');
    out = put_digits(out, month, 2, '-');
    out = put_digits(out, day, 2, 'T');
    out = put_digits(out, s / 3600 % 24, 2, ':');
    out = put_digits(out, s / 60 % 60, 2, ':');
    out = put_digits(out, s % 60, 2, '.');
    out = put_digits(out, wall_ms % 1000, 3, 'Z');
    *out = '\0';
}
