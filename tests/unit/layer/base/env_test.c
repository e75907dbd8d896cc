#include <stdlib.h>

#include <criterion/criterion.h>

#include <narae/env.h>

static const struct nr_env_int number = {"NARAE_T_NUMBER", "ms", 1, 100, 7};
static const struct nr_env_text text = {"NARAE_T_TEXT", "https://host", "https://fallback", 20};

Test(env, an_unset_or_empty_number_is_its_fallback)
{
    struct nr_err err = {0};
    int64_t value = 0;

    cr_assert_eq(nr_env_get_int(&number, &value, &err), 0);
    cr_assert_eq(value, 7);
    setenv("NARAE_T_NUMBER", "", 1);
    value = 0;
    cr_assert_eq(nr_env_get_int(&number, &value, &err), 0);
    cr_assert_eq(value, 7);
}

Test(env, takes_both_ends_of_the_range)
{
    struct nr_err err = {0};
    int64_t value = 0;

    setenv("NARAE_T_NUMBER", "1", 1);
    cr_assert_eq(nr_env_get_int(&number, &value, &err), 0);
    cr_assert_eq(value, 1);
    setenv("NARAE_T_NUMBER", "100", 1);
    cr_assert_eq(nr_env_get_int(&number, &value, &err), 0);
    cr_assert_eq(value, 100);
}

Test(env, refuses_what_is_no_whole_number_in_range)
{
    const char *const bad[] = {
        "0", "101", "abc", "5x", " 5", "5 ", "+5", "1.5", "0x10", "99999999999999999999", "-"};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct nr_err err = {0};
        int64_t value = 3;

        setenv("NARAE_T_NUMBER", bad[i], 1);

        cr_assert_eq(nr_env_get_int(&number, &value, &err), -1, "%s", bad[i]);
        cr_assert_eq(value, 3);
        cr_assert_eq(err.kind, NR_ERR_INVALID);
        cr_assert_str_eq(err.type, "Function.InvalidSetting");
    }
}

Test(env, names_variable_value_range_and_unit)
{
    struct nr_err err = {0};
    int64_t value;
    setenv("NARAE_T_NUMBER", "abc", 1);

    cr_assert_eq(nr_env_get_int(&number, &value, &err), -1);

    cr_assert_str_eq(err.message, "NARAE_T_NUMBER: \"abc\" is not a whole number from 1 to 100 ms");
}

Test(env, text_falls_back_or_is_required)
{
    const struct nr_env_text required = {"NARAE_T_TEXT", "https://host", NULL, 20};
    struct nr_err err = {0};
    const char *value = NULL;

    cr_assert_eq(nr_env_get_text(&text, &value, &err), 0);
    cr_assert_str_eq(value, "https://fallback");
    cr_assert_eq(nr_env_get_text(&required, &value, &err), -1);
    cr_assert_eq(err.kind, NR_ERR_INVALID);
    cr_assert_str_eq(err.type, "Function.MissingSetting");
    cr_assert_str_eq(err.message, "NARAE_T_TEXT: not set; accepted: https://host");
}

Test(env, text_has_a_cap)
{
    struct nr_err err = {0};
    const char *value = NULL;
    setenv("NARAE_T_TEXT", "123456789012345678901", 1);

    cr_assert_eq(nr_env_get_text(&text, &value, &err), -1);

    cr_assert_str_eq(err.message, "NARAE_T_TEXT: longer than 20 bytes; accepted: https://host");
    cr_assert_null(value);
}
