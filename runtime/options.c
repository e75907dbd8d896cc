#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <narae/attr.h>

#include "runtime/options.h"

static const struct {
    const char *word;
    enum options_mode mode;
    int n_operands;
    const char *form;
} modes[] = {
    {"--invoke", OPTIONS_INVOKE, 2, "--invoke HANDLER EVENT.json [--timeout MS] [--repeat N]"},
    {"--check", OPTIONS_CHECK, 1, "--check HANDLER"},
    {"--version", OPTIONS_VERSION, 0, "--version"},
    {"--help", OPTIONS_HELP, 0, "--help"},
};

/* What may follow the operands of --invoke. */
static const struct {
    const char *word;
    size_t at;
    int64_t max;
} numbers[] = {
    {"--timeout", offsetof(struct options, timeout_ms), OPTIONS_TIMEOUT_MAX_MS},
    {"--repeat", offsetof(struct options, repeat), OPTIONS_REPEAT_MAX},
};

#define REFUSE(...) nr_err_set(err, NR_ERR_INVALID, "Runtime.InvalidCommandLine", __VA_ARGS__)

static int parse_number(const char *word, const char *text, int64_t max, int64_t *out, struct nr_err *err)
{
    char *end;
    long long value;

    errno = 0;
    value = strtoll(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end || errno || value < 1 || value > max)
        return REFUSE("%s: \"%.64s\" is not a whole number from 1 to %lld", word, text, (long long)max);
    *out = value;
    return 0;
}

static int parse_option(char *const *argv, struct options *out, struct nr_err *err)
{
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        int64_t *slot = (int64_t *)(void *)((char *)out + numbers[i].at);

        if (strcmp(argv[0], numbers[i].word) != 0)
            continue;
        if (!argv[1])
            return REFUSE("%s: a number is missing", numbers[i].word);
        return parse_number(numbers[i].word, argv[1], numbers[i].max, slot, err);
    }
    return REFUSE("unknown option \"%.64s\"", argv[0]);
}

/* Everything behind the word of the mode. */
static int parse_rest(size_t n_mode, int argc, char *const *argv, struct options *out, struct nr_err *err)
{
    int n_operands = modes[n_mode].n_operands;

    if (argc < n_operands || (argc > n_operands && modes[n_mode].mode != OPTIONS_INVOKE))
        return REFUSE("the form is: %s", modes[n_mode].form);
    out->mode = modes[n_mode].mode;
    out->handler_name = n_operands > 0 ? argv[0] : NULL;
    out->event_path = n_operands > 1 ? argv[1] : NULL;
    for (int i = n_operands; i < argc; i += 2)
        if (parse_option(argv + i, out, err) != 0)
            return -1;
    return 0;
}

int options_parse(int argc, char *const *argv, struct options *out, struct nr_err *err)
{
    struct options options = {.mode = OPTIONS_SERVE};

    if (argc > 1 && argv[1][0] == '-') {
        size_t i = 0;

        while (i < sizeof(modes) / sizeof(modes[0]) && strcmp(argv[1], modes[i].word) != 0)
            i++;
        if (i == sizeof(modes) / sizeof(modes[0]))
            return REFUSE("unknown option \"%.64s\"", argv[1]);
        if (parse_rest(i, argc - 2, argv + 2, &options, err) != 0)
            return -1;
    }
    *out = options;
    return 0;
}
