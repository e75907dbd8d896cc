/* crash - dies as the event says: "segv", "libc", "call", "bus", "fpe", "ill", "abrt", "stack", "wild",
 * "thread", "broken stack", "raise". */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <narae/handler.h>

/* What a sanitizer would catch is what is wanted here. */
#define AS_IT_IS __attribute__((noinline, no_sanitize("undefined", "address")))

#ifndef CRASH_FLAGS
#define CRASH_FLAGS 0
#endif

static volatile int sink;

AS_IT_IS static void write_to(uintptr_t address)
{
    *(volatile int *)address = 1;
}

AS_IT_IS static void segv(void)
{
    write_to(0x10);
}

AS_IT_IS static void in_libc(void)
{
    const char *volatile nothing = (const char *)0x20;

    sink = (int)strlen(nothing);
}

AS_IT_IS static void call_nowhere(void)
{
    void (*volatile nowhere)(void) = NULL;

    nowhere();
}

AS_IT_IS static void bus(void)
{
    const char *page = mmap(NULL, 4096, PROT_READ, MAP_SHARED, memfd_create("empty", 0), 0);

    sink = *(const volatile char *)page;
}

AS_IT_IS static void fpe(void)
{
    volatile int zero = 0;

#ifdef __x86_64__
    sink = 100;
    sink = sink / zero;
#else
    (void)zero;
    raise(SIGFPE); /* division by zero is no fault there */
#endif
}

AS_IT_IS static void ill(void)
{
#ifdef __x86_64__
    __asm__ volatile("ud2");
#else
    __asm__ volatile("udf #0");
#endif
}

AS_IT_IS static int dig(int depth)
{
    volatile char room[4096];

    room[0] = (char)depth;
    return depth < 0 ? depth : dig(depth + 1) + room[0];
}

AS_IT_IS static void stack(void)
{
    sink = dig(0);
}

/* An address that x86 has not: the kernel does not tell which. */
AS_IT_IS static void wild(void)
{
    write_to(0x4141414141414141);
}

static void *in_thread(void *unused)
{
    segv();
    return unused;
}

AS_IT_IS static void thread(void)
{
    pthread_t other;

    if (pthread_create(&other, NULL, in_thread, NULL) == 0)
        pthread_join(other, NULL);
}

/* The stack pointer leads nowhere: nothing can be walked, and the report comes all the same. */
AS_IT_IS static void broken_stack(void)
{
#ifdef __x86_64__
    __asm__ volatile("mov $0x1000000, %%rsp; movl $1, (0x18)" ::: "memory");
#else
    __asm__ volatile("mov x9, #0x1000000; mov sp, x9; mov x10, #0x18; str w9, [x10]" ::: "memory");
#endif
}

AS_IT_IS static void raise_it(void)
{
    raise(SIGSEGV);
}

static const struct {
    const char *event;
    void (*die)(void);
} deaths[] = {
    {"segv", segv},
    {"libc", in_libc},
    {"call", call_nowhere},
    {"bus", bus},
    {"fpe", fpe},
    {"ill", ill},
    {"abrt", abort},
    {"stack", stack},
    {"wild", wild},
    {"thread", thread},
    {"broken stack", broken_stack},
    {"raise", raise_it},
};

static int invoke(const struct nr_request *request, struct nr_reply *reply, struct nr_err *err)
{
    for (size_t i = 0; i < sizeof(deaths) / sizeof(deaths[0]); i++)
        if (nr_view_is(request->event, nr_view(deaths[i].event)))
            deaths[i].die();
    return nr_reply_bytes(reply, NR_VIEW("alive"), "text/plain", err);
}

const struct nr_handler handler = {NR_ABI,     sizeof(struct nr_handler), "crash", NULL, invoke, NULL,
                                   CRASH_FLAGS};
