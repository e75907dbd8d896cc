#include <criterion/criterion.h>

#include "runtime/options.h"

enum { WORDS_MAX = 10 };

static int parse(const char *const *words, struct options *out, struct nr_err *err)
{
    char *argv[WORDS_MAX + 2] = {(char *)(uintptr_t) "bootstrap"};
    int argc = 1;

    for (; words[argc - 1] && argc <= WORDS_MAX; argc++)
        argv[argc] = (char *)(uintptr_t)words[argc - 1];
    return options_parse(argc, argv, out, err);
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

Test(options, serves_when_no_option_comes_first)
{
    static const char *const lines[][2] = {{NULL}, {"echo.handler", NULL}};

    for (size_t i = 0; i < 2; i++) {
        struct options options;
        struct nr_err err = {0};

        cr_assert_eq(parse(lines[i], &options, &err), 0, "%s", err.message);
        cr_expect_eq(options.mode, OPTIONS_SERVE);
    }
}

Test(options, reads_an_invocation_with_everything)
{
    struct options options;
    struct nr_err err = {0};

    cr_assert_eq(parse(WORDS("--invoke", "f.handler", "-", "--repeat", "1000000", "--timeout", "900000"),
                       &options, &err),
                 0, "%s", err.message);

    cr_expect_eq(options.mode, OPTIONS_INVOKE);
    cr_expect_str_eq(options.handler_name, "f.handler");
    cr_expect_str_eq(options.event_path, "-");
    cr_expect_eq(options.repeat, 1000000);
    cr_expect_eq(options.timeout_ms, 900000);
}

Test(options, leaves_out_what_is_not_given)
{
    struct options options;
    struct nr_err err = {0};

    cr_assert_eq(parse(WORDS("--invoke", "f.handler", "event.json"), &options, &err), 0, "%s", err.message);

    cr_expect_eq(options.repeat, 0);
    cr_expect_eq(options.timeout_ms, 0);
}

Test(options, reads_the_other_modes)
{
    struct options options;
    struct nr_err err = {0};

    cr_assert_eq(parse(WORDS("--check", "f.handler"), &options, &err), 0, "%s", err.message);
    cr_expect_eq(options.mode, OPTIONS_CHECK);
    cr_expect_str_eq(options.handler_name, "f.handler");
    cr_assert_eq(parse(WORDS("--version"), &options, &err), 0, "%s", err.message);
    cr_expect_eq(options.mode, OPTIONS_VERSION);
    cr_assert_eq(parse(WORDS("--help"), &options, &err), 0, "%s", err.message);
    cr_expect_eq(options.mode, OPTIONS_HELP);
}

#define INVOKE_FORM "the form is: --invoke HANDLER EVENT.json [--timeout MS] [--repeat N]"

static const struct {
    const char *const words[WORDS_MAX];
    const char *why;
} bad_lines[] = {
    {{"--nonsense"}, "unknown option \"--nonsense\""},
    {{"-"}, "unknown option \"-\""},
    {{"--invoke"}, INVOKE_FORM},
    {{"--invoke", "f.handler"}, INVOKE_FORM},
    {{"--check"}, "the form is: --check HANDLER"},
    {{"--check", "f.handler", "more"}, "the form is: --check HANDLER"},
    {{"--version", "more"}, "the form is: --version"},
    {{"--invoke", "f.handler", "-", "more"}, "unknown option \"more\""},
    {{"--invoke", "f.handler", "-", "--repeat"}, "--repeat: a number is missing"},
    {{"--invoke", "f.handler", "-", "--repeat", "0"},
     "--repeat: \"0\" is not a whole number from 1 to 1000000"},
    {{"--invoke", "f.handler", "-", "--repeat", "1000001"},
     "--repeat: \"1000001\" is not a whole number from 1 to 1000000"},
    {{"--invoke", "f.handler", "-", "--timeout", "-1"},
     "--timeout: \"-1\" is not a whole number from 1 to 900000"},
    {{"--invoke", "f.handler", "-", "--timeout", "1s"},
     "--timeout: \"1s\" is not a whole number from 1 to 900000"},
    {{"--invoke", "f.handler", "-", "--timeout", ""},
     "--timeout: \"\" is not a whole number from 1 to 900000"},
    {{"--invoke", "f.handler", "-", "--timeout", "99999999999999999999"},
     "--timeout: \"99999999999999999999\" is not a whole number from 1 to 900000"},
};

Test(options, names_the_word_that_is_wrong)
{
    for (size_t i = 0; i < sizeof(bad_lines) / sizeof(bad_lines[0]); i++) {
        struct options options = {.repeat = 7};
        struct nr_err err = {0};

        cr_expect_eq(parse(bad_lines[i].words, &options, &err), -1, "%s", bad_lines[i].why);
        cr_expect_eq(err.kind, NR_ERR_INVALID);
        cr_expect_str_eq(err.type, "Runtime.InvalidCommandLine");
        cr_expect_str_eq(err.message, bad_lines[i].why);
        cr_expect_eq(options.repeat, 7, "written on failure");
    }
}
