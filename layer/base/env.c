#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <narae/env.h>

const char *nr_env_raw(const char *name)
{
    const char *value = getenv(name);

    return value && value[0] ? value : NULL;
}

/* strtoll alone would take leading spaces and "12abc". */
static bool parse_whole(const char *text, int64_t *out)
{
    char *end;

    if (text[0] != '-' && (text[0] < '0' || text[0] > '9'))
        return false;
    errno = 0;
    *out = strtoll(text, &end, 10);
    return errno == 0 && *end == '\0' && end != text;
}

int nr_env_get_int(const struct nr_env_int *spec, int64_t *out, struct nr_err *err)
{
    const char *text = nr_env_raw(spec->name);
    int64_t value;

    if (!text) {
        *out = spec->fallback;
        return 0;
    }
    if (!parse_whole(text, &value) || value < spec->min || value > spec->max)
        return nr_err_set(err, NR_ERR_INVALID, "Function.InvalidSetting",
                          "%s: \"%.64s\" is not a whole number from %" PRId64 " to %" PRId64 "%s%s",
                          spec->name, text, spec->min, spec->max, spec->unit[0] ? " " : "", spec->unit);
    *out = value;
    return 0;
}

int nr_env_get_text(const struct nr_env_text *spec, const char **out, struct nr_err *err)
{
    const char *text = nr_env_raw(spec->name);

    if (!text && !spec->fallback)
        return nr_err_set(err, NR_ERR_INVALID, "Function.MissingSetting", "%s: not set; accepted: %s",
                          spec->name, spec->form);
    if (!text)
        text = spec->fallback;
    if (strlen(text) > spec->max_bytes)
        return nr_err_set(err, NR_ERR_INVALID, "Function.InvalidSetting",
                          "%s: longer than %zu bytes; accepted: %s", spec->name, spec->max_bytes, spec->form);
    *out = text;
    return 0;
}
