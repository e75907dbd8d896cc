#include <string.h>
#include <time.h>

#include <narae/http_date.h>

enum { DATE_MAX_BYTES = 64 };

/* IMF-fixdate, RFC 850, asctime; the process stays in the C locale, so names are English. */
static const char *const forms[] = {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT",
                                    "%a %b %e %H:%M:%S %Y"};

bool nr_http_date_parse(struct nr_view text, int64_t *unix_s)
{
    char copy[DATE_MAX_BYTES];
    struct nr_view trimmed = nr_view_trim(text);

    if (trimmed.len == 0 || trimmed.len >= sizeof(copy))
        return false;
    memcpy(copy, trimmed.ptr, trimmed.len);
    copy[trimmed.len] = '\0';
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        struct tm tm = {0};
        const char *end = strptime(copy, forms[i], &tm);

        if (end && *end == '\0') {
            *unix_s = timegm(&tm);
            return true;
        }
    }
    return false;
}
