#include <string.h>

#include <criterion/criterion.h>

#include <narae/err.h>

Test(err, first_error_wins)
{
    struct nr_err err = {0};

    int first = nr_err_set(&err, NR_ERR_INVALID, "Function.First", "one %d", 1);
    int second = nr_err_set(&err, NR_ERR_BUG, "Function.Second", "two");

    cr_assert_eq(first, -1);
    cr_assert_eq(second, -1);
    cr_assert_eq(err.kind, NR_ERR_INVALID);
    cr_assert_str_eq(err.type, "Function.First");
    cr_assert_str_eq(err.message, "one 1");
}

Test(err, has_a_type_for_each_kind)
{
    struct nr_err err = {0};

    nr_err_set(&err, NR_ERR_THROTTLED, NULL, "slow down");

    cr_assert_str_eq(err.type, "Function.Throttled");
    cr_assert_str_eq(nr_err_kind_name(err.kind), "throttled");
}

Test(err, context_goes_in_front)
{
    struct nr_err err = {0};
    nr_err_set(&err, NR_ERR_DENIED, NULL, "refused");

    cr_assert_eq(nr_err_context(&err, "host \"%s\"", "a"), -1);

    cr_assert_str_eq(err.message, "host \"a\": refused");
}

Test(err, context_never_writes_beyond_the_message)
{
    char longer[2 * NR_ERR_MESSAGE_MAX_BYTES];
    memset(longer, 'x', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    for (size_t n = NR_ERR_MESSAGE_MAX_BYTES - 8; n < NR_ERR_MESSAGE_MAX_BYTES + 4; n++) {
        struct nr_err err = {0};
        nr_err_set(&err, NR_ERR_DENIED, NULL, "%s", longer);

        nr_err_context(&err, "%.*s", (int)n, longer);

        cr_assert_eq(strlen(err.message), sizeof(err.message) - 1, "context of %zu bytes", n);
        cr_assert_str_eq(err.hint, "");
    }
}

Test(err, hint_is_kept_once)
{
    struct nr_err err = {0};

    nr_err_hint(&err, "do %s", "this");
    nr_err_hint(&err, "do that");

    cr_assert_str_eq(err.hint, "do this");
}

Test(err, only_what_time_can_mend_is_transient)
{
    const enum nr_err_kind transient[] = {NR_ERR_THROTTLED, NR_ERR_UNAVAILABLE, NR_ERR_DEADLINE,
                                          NR_ERR_CONFLICT};
    const enum nr_err_kind permanent[] = {NR_ERR_NONE, NR_ERR_INVALID, NR_ERR_NOT_FOUND, NR_ERR_DENIED,
                                          NR_ERR_BUG};

    for (size_t i = 0; i < sizeof(transient) / sizeof(transient[0]); i++)
        cr_assert(nr_err_is_transient(&(struct nr_err){.kind = transient[i]}));
    for (size_t i = 0; i < sizeof(permanent) / sizeof(permanent[0]); i++)
        cr_assert_not(nr_err_is_transient(&(struct nr_err){.kind = permanent[i]}));
}

Test(err, a_kind_from_nowhere_is_a_bug_with_a_name)
{
    struct nr_err err = {0};

    nr_err_set(&err, (enum nr_err_kind)99, NULL, "odd");

    cr_assert_eq(err.kind, NR_ERR_BUG);
    cr_assert_str_eq(nr_err_kind_name((enum nr_err_kind)99), "unknown");
}

Test(err, reset_allows_a_new_error)
{
    struct nr_err err = {0};
    nr_err_set(&err, NR_ERR_BUG, NULL, "old");

    nr_err_reset(&err);
    nr_err_set(&err, NR_ERR_INVALID, NULL, "new");

    cr_assert_str_eq(err.message, "new");
}
