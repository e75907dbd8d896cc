#include <stdio.h>
#include <string.h>

#include <narae/err.h>

/* Indexed by kind: the name for logs, the type when the caller has none of his own, and whether waiting
 * helps. */
static const struct {
    const char *name;
    const char *type;
    bool is_transient;
} kinds[] = {
    [NR_ERR_NONE] = {"none", "", false},
    [NR_ERR_INVALID] = {"invalid", "Function.Invalid", false},
    [NR_ERR_NOT_FOUND] = {"not_found", "Function.NotFound", false},
    [NR_ERR_DENIED] = {"denied", "Function.Denied", false},
    [NR_ERR_THROTTLED] = {"throttled", "Function.Throttled", true},
    [NR_ERR_UNAVAILABLE] = {"unavailable", "Function.Unavailable", true},
    [NR_ERR_DEADLINE] = {"deadline", "Function.Deadline", true},
    [NR_ERR_CONFLICT] = {"conflict", "Function.Conflict", true},
    [NR_ERR_BUG] = {"bug", "Function.Bug", false},
};

static bool is_known(enum nr_err_kind kind)
{
    return (unsigned)kind < sizeof(kinds) / sizeof(kinds[0]);
}

int nr_err_record(struct nr_err *err, enum nr_err_kind kind, const char *type, const char *format, ...)
{
    va_list args;

    if (err->kind != NR_ERR_NONE)
        return -1;
    if (!is_known(kind) || kind == NR_ERR_NONE)
        kind = NR_ERR_BUG;
    err->kind = kind;
    snprintf(err->type, sizeof(err->type), "%s", type ? type : kinds[kind].type);
    va_start(args, format);
    vsnprintf(err->message, sizeof(err->message), format, args);
    va_end(args);
    return -1;
}

int nr_err_wrap(struct nr_err *err, const char *format, ...)
{
    char context[NR_ERR_MESSAGE_MAX_BYTES];
    va_list args;
    size_t room;
    size_t n;

    va_start(args, format);
    vsnprintf(context, sizeof(context) - 2, format, args);
    va_end(args);
    n = strlen(context);
    memcpy(context + n, ": ", 3);
    n += 2;
    room = sizeof(err->message) - n - 1;
    err->message[room] = '\0';
    memmove(err->message + n, err->message, strlen(err->message) + 1);
    memcpy(err->message, context, n);
    return -1;
}

int nr_err_advise(struct nr_err *err, const char *format, ...)
{
    va_list args;

    if (err->hint[0])
        return -1;
    va_start(args, format);
    vsnprintf(err->hint, sizeof(err->hint), format, args);
    va_end(args);
    return -1;
}

void nr_err_reset(struct nr_err *err)
{
    memset(err, 0, sizeof(*err));
}

const char *nr_err_kind_name(enum nr_err_kind kind)
{
    return is_known(kind) ? kinds[kind].name : "unknown";
}

bool nr_err_is_transient(const struct nr_err *err)
{
    return is_known(err->kind) && kinds[err->kind].is_transient;
}
