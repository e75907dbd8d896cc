#include <criterion/criterion.h>
#include <execinfo.h>
#include <stdlib.h>
#include <ucontext.h>

#include "runtime/unwind.h"

enum { FRAMES_MAX = 64 };

struct walk {
    uintptr_t ours[FRAMES_MAX]; /* return addresses; the first is where the walk began */
    void *theirs[FRAMES_MAX];   /* the same by libgcc's unwinder */
    int n_ours, n_theirs;
};

static struct walk seen;

/* Walk from here with our reader and with the compiler's own. */
__attribute__((noinline)) static void walk_here(void)
{
    struct modules modules;
    struct unwind unwind;
    ucontext_t here;

    modules_read(&modules);
    seen.n_theirs = backtrace(seen.theirs, FRAMES_MAX);
    cr_assert_eq(getcontext(&here), 0);
    unwind_begin(&unwind, &here);
    do
        seen.ours[seen.n_ours++] = unwind.pc;
    while (seen.n_ours < FRAMES_MAX && unwind_step(&unwind, &modules));
}

/* Frames of several kinds: many saved registers, a stack that moves, a call back out of libc. */
__attribute__((noinline)) static int with_moving_stack(size_t n)
{
    volatile char *room = __builtin_alloca(n);

    room[n - 1] = 1;
    walk_here();
    return room[n - 1];
}

__attribute__((noinline)) static int compare(const void *a, const void *b)
{
    if (seen.n_ours == 0)
        with_moving_stack(*(const unsigned char *)a + 100u);
    return *(const unsigned char *)a - *(const unsigned char *)b;
}

/* Where their walk is in the function that both were called from: a sanitizer puts a frame of its own
 * between. */
static int first_common(void)
{
    int at = 0;

    while (at < seen.n_theirs && (uintptr_t)seen.theirs[at] != seen.ours[1])
        at++;
    return at;
}

static void expect_same(void)
{
    int shift = first_common() - 1;

    cr_assert_gt(seen.n_ours, 3);
    cr_assert_lt(shift + 1, seen.n_theirs, "no frame in common");
    /* The last of libgcc's may be the frame of _start, which says that it has no caller. */
    cr_expect_leq(abs(seen.n_ours - (seen.n_theirs - shift)), 1, "%d and %d frames", seen.n_ours,
                  seen.n_theirs);
    for (int i = 1; i < seen.n_ours && i + shift < seen.n_theirs; i++)
        cr_expect_eq(seen.ours[i], (uintptr_t)seen.theirs[i + shift], "frame %d", i);
}

Test(unwind, sees_the_callers_that_the_compiler_sees)
{
    cr_expect_eq(with_moving_stack(1000), 1);

    expect_same();
}

Test(unwind, goes_through_a_library)
{
    unsigned char bytes[] = {3, 1, 2};

    qsort(bytes, sizeof(bytes), 1, compare);

    expect_same();
}

Test(unwind, names_a_caller_by_its_call_and_not_by_what_follows)
{
    const struct unwind stopped = {.pc = 100};
    const struct unwind calling = {.pc = 100, .is_return = true};

    cr_expect_eq(unwind_place(&stopped), 100u);
    cr_expect_eq(unwind_place(&calling), 99u);
}

Test(unwind, comes_back_from_a_call_to_nowhere)
{
    struct modules modules;
    struct unwind unwind = {.is_first = true};
    uintptr_t stack[4] = {(uintptr_t)unwind_begin + 1};

    modules_read(&modules);
#ifdef __x86_64__
    unwind.registers[7] = (uintptr_t)stack;
#else
    unwind.registers[30] = stack[0];
#endif

    cr_expect(unwind_step(&unwind, &modules));
    cr_expect_eq(unwind.pc, stack[0]);
}

Test(unwind, ends_where_nothing_is_known)
{
    struct modules modules = {0};
    struct unwind unwind = {.pc = 1};

    cr_expect_not(unwind_step(&unwind, &modules));
}
