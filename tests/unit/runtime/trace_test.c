#include <criterion/criterion.h>
#include <stdlib.h>

#include "runtime/trace.h"

static const char *exported(void)
{
    return getenv("_X_AMZN_TRACE_ID");
}

Test(trace, sets_and_replaces_and_removes_the_variable)
{
    trace_export("Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=1");
    cr_expect_str_eq(exported(), "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=1");

    trace_export("Root=2");
    cr_expect_str_eq(exported(), "Root=2");

    trace_export("");
    cr_expect_null(exported());

    trace_export("Root=3");
    cr_expect_str_eq(exported(), "Root=3");
}

Test(trace, takes_an_absurdly_long_id_for_none)
{
    char longest[513] = {0};
    char longer[514] = {0};

    memset(longest, 'a', sizeof(longest) - 1);
    memset(longer, 'a', sizeof(longer) - 1);

    trace_export(longest);
    cr_expect_str_eq(exported(), longest);
    trace_export(longer);
    cr_expect_null(exported());
}
