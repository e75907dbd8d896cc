#include <criterion/criterion.h>
#include <stdio.h>

#include "built.h"
#include "runtime/loader.h"

Test(loader, splits_name_at_its_last_dot)
{
    char path[64];
    struct nr_err err = {0};

    cr_assert_eq(loader_path("push_send.handler", "/var/task", path, sizeof(path), &err), 0);
    cr_expect_str_eq(path, "/var/task/push_send.so");
    cr_assert_eq(loader_path("a.b.c", "/t", path, sizeof(path), &err), 0);
    cr_expect_str_eq(path, "/t/a.b.so");
}

Test(loader, refuses_a_name_that_is_not_file_and_symbol)
{
    static const char *const bad[] = {
        "", "echo", ".handler", "echo.", "../echo.handler", "/tmp/echo.handler", "echo.so/x"};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char path[64] = "before";
        char text[256];
        struct nr_err err = {0};

        snprintf(text, sizeof(text), "_HANDLER: \"%s\" is not FILE.SYMBOL, e.g. push_send.handler", bad[i]);
        cr_expect_eq(loader_path(bad[i], "/t", path, sizeof(path), &err), -1, "%s", bad[i]);
        cr_expect_eq(err.kind, NR_ERR_INVALID);
        cr_expect_str_eq(err.type, "Runtime.MalformedHandlerName");
        cr_expect_str_eq(err.message, text);
    }
}

Test(loader, refuses_a_path_that_does_not_fit)
{
    char path[8];
    struct nr_err err = {0};

    cr_expect_eq(loader_path("echo.handler", "/var/task", path, sizeof(path), &err), -1);
    cr_expect_str_eq(err.type, "Runtime.MalformedHandlerName");
}

Test(loader, loads_a_function)
{
    const struct nr_handler *handler = NULL;
    struct nr_err err = {0};

    cr_assert_eq(loader_load("echo.handler", built_path("tests/functions"), &handler, &err), 0, "%s",
                 err.message);

    cr_expect_str_eq(handler->name, "echo");
    cr_expect_not_null(handler->invoke);
}

static const struct {
    const char *name;
    const char *type;
    const char *words[2]; /* each is part of the message */
} bad_functions[] = {
    {"missing.handler",
     "Runtime.ImportModuleError",
     {"missing.so: ", "cannot open shared object file: No such file"}},
    {"echo.nothing", "Runtime.HandlerNotFound", {"no symbol \"nothing\" in ", "undefined symbol: nothing"}},
    {"no_invoke.handler", "Runtime.HandlerNotFound", {"no_invoke.so has a handler table without invoke", ""}},
    {"newer_abi.handler",
     "Runtime.HandlerAbiMismatch",
     {"newer_abi.so was built for ABI 2, this layer runs 1 to 1: deploy a newer layer", ""}},
    {"small_table.handler",
     "Runtime.HandlerAbiMismatch",
     {"small_table.so has a handler table of 8 bytes, at least 40 are needed", ""}},
    {"no_name.handler", "Runtime.HandlerAbiMismatch", {"no_name.so has a handler table without a name", ""}},
};

Test(loader, says_why_a_function_cannot_be_loaded)
{
    for (size_t i = 0; i < sizeof(bad_functions) / sizeof(bad_functions[0]); i++) {
        const struct nr_handler *handler = NULL;
        const char *name = bad_functions[i].name;
        struct nr_err err = {0};

        cr_expect_eq(loader_load(name, built_path("tests/functions"), &handler, &err), -1, "%s", name);
        cr_expect_eq(err.kind, NR_ERR_INVALID, "%s", name);
        cr_expect_str_eq(err.type, bad_functions[i].type, "%s", name);
        for (int k = 0; k < 2; k++)
            cr_expect(strstr(err.message, bad_functions[i].words[k]), "%s: %s", name, err.message);
        cr_expect_null(handler, "%s", name);
    }
}
