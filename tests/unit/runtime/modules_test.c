#include <criterion/criterion.h>
#include <gnu/libc-version.h>
#include <string.h>

#include "runtime/modules.h"

Test(modules, knows_the_executable_and_its_libraries)
{
    struct modules modules;
    const struct module *own;
    const struct module *libc;

    modules_read(&modules);
    own = modules_find(&modules, (uintptr_t)modules_find);
    libc = modules_find(&modules, (uintptr_t)gnu_get_libc_version);

    cr_assert_not_null(own);
    cr_expect_str_eq(own->name, "bootstrap"); /* whatever the executable's own name */
    cr_expect_not_null(own->unwind);
    cr_assert_not_null(libc);
    cr_expect(strncmp(libc->name, "libc.so", 7) == 0, "%s", libc->name);
}

Test(modules, knows_no_code_in_data)
{
    struct modules modules;
    int on_stack = 0;

    modules_read(&modules);

    cr_expect_null(modules_find(&modules, (uintptr_t)&on_stack));
    cr_expect_null(modules_find(&modules, 0));
    cr_expect_null(modules_find(&modules, UINTPTR_MAX));
}
