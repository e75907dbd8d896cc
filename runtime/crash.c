#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <narae/log.h>

#include "runtime/crash.h"
#include "runtime/crash_report.h"
#include "runtime/crash_send.h"
#include "runtime/modules.h"
#include "runtime/unwind.h"

enum {
    /* The kernel's own frame takes up to 11 KB (AMX registers), ours below 8. */
    STACK_BYTES = 64 * 1024,
    MESSAGE_BYTES = 1024,
    FRAMES_BYTES = 4096,
    LINE_BYTES = 8192,
};

static const int caught[] = {
    SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT,
#ifdef __aarch64__
    SIGTRAP /* what __builtin_trap() is there */
#endif
};

/* Whom to report to, and what about. A thread that is no worker has none of its own. */
struct who {
    const struct api *api;
    enum crash_phase phase;
};
static struct who process;
static _Thread_local struct who worker __attribute__((tls_model("initial-exec")));
static struct modules modules;

/* One crash in a process: the texts need no more room than this. */
static _Alignas(16) char main_stack[STACK_BYTES];
static char message_bytes[MESSAGE_BYTES];
static char frames_bytes[FRAMES_BYTES];
static char line_bytes[LINE_BYTES];
static struct crash_facts facts;

#define FIXED_BUF(memory)                                                                                    \
    {                                                                                                        \
        .data = (memory), .cap = sizeof(memory), .max_bytes = sizeof(memory) - 1                             \
    }

/* A second crash on the way ends the walk or the report, never the death. */
static _Atomic(const struct who *) dying; /* the thread's own `worker`: its address tells threads apart */
static const struct who *main_thread;
static volatile sig_atomic_t is_walking;
static sigjmp_buf walk_broke;

static struct who *now(void)
{
    return worker.api ? &worker : &process;
}

static void die(int signal)
{
    const struct sigaction plain = {.sa_handler = SIG_DFL};

    sigaction(signal, &plain, NULL);
    raise(signal);       /* it is not blocked: SA_NODEFER */
    _exit(128 + signal); /* the first process of a container is not killed by its own signals */
}

static void add_frame(uintptr_t place)
{
    const struct module *module = modules_find(&modules, place);

    facts.frames[facts.n_frames++] =
        (struct crash_frame){module ? module->name : "?", module ? place - module->bias : place};
}

/* The stack may be what is broken: a fault in here comes back with what there is so far. */
static void walk(const ucontext_t *stopped)
{
    struct unwind unwind;

    is_walking = 1;
    if (sigsetjmp(walk_broke, 1) == 0) {
        unwind_begin(&unwind, stopped);
        do
            add_frame(unwind_place(&unwind));
        while (facts.n_frames < CRASH_FRAMES_MAX && unwind_step(&unwind, &modules));
    }
    is_walking = 0;
}

static void tell(const struct who *who)
{
    struct nr_buf message = FIXED_BUF(message_bytes);
    struct nr_buf frames = FIXED_BUF(frames_bytes);
    struct nr_buf line = FIXED_BUF(line_bytes);
    struct nr_log_field fields[3];

    crash_report_message(&message, &facts);
    crash_report_frames(&frames, &facts);
    fields[0] = nr_log_text("errorType", NR_VIEW(CRASH_TYPE));
    fields[1] = nr_log_text("errorMessage", nr_buf_view(&message));
    fields[2] = nr_log_text("frames", nr_buf_view(&frames));
    nr_log_last_words(&line, "crashed", fields, 3);
    if (who->phase != CRASH_IDLE)
        crash_send(who->api, who->phase == CRASH_INIT, &facts, nr_buf_view(&message));
}

static uintptr_t stack_pointer_of(const ucontext_t *stopped)
{
#ifdef __x86_64__
    return (uintptr_t)stopped->uc_mcontext.gregs[REG_RSP];
#else
    return stopped->uc_mcontext.sp;
#endif
}

static void on_crash(int signal, siginfo_t *info, void *context)
{
    const struct who *first = NULL;

    if (!atomic_compare_exchange_strong(&dying, &first, &worker)) {
        while (first != &worker) /* another thread is telling; the process ends with it */
            nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
        if (is_walking)
            siglongjmp(walk_broke, 1);
        die(signal);
    }
    facts = (struct crash_facts){
        .signal = signal,
        .code = info->si_code,
        .sender_pid = info->si_code <= 0 ? info->si_pid : 0,
        .address = info->si_code > 0 ? (uintptr_t)info->si_addr : 0,
        .stack_pointer = stack_pointer_of(context),
        .request_id = now()->phase == CRASH_INVOKE ? now()->api->request_id : "",
    };
    if (!worker.api && &worker != main_thread) /* a thread of the function's own: its records carry no ids */
        nr_log_context(facts.request_id, NULL);
    walk(context);
    tell(now());
    die(signal);
}

static void use_stack(void *memory)
{
    const stack_t stack = {.ss_sp = memory, .ss_size = STACK_BYTES};

    sigaltstack(&stack, NULL);
}

void crash_arm(const struct api *api)
{
    struct sigaction action = {.sa_sigaction = on_crash, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};

    nr_log_setup(); /* reading the environment is not for a signal handler */
    process = (struct who){.api = api, .phase = api ? CRASH_INIT : CRASH_IDLE};
    main_thread = &worker;
    crash_note_modules();
    use_stack(main_stack);
    for (size_t i = 0; i < sizeof(caught) / sizeof(caught[0]); i++)
        sigaction(caught[i], &action, NULL);
}

void crash_note_modules(void)
{
    modules_read(&modules);
}

void crash_in(enum crash_phase phase)
{
    if (now()->api)
        now()->phase = phase;
}

int crash_arm_worker(const struct api *api, struct nr_err *err)
{
    char *memory = malloc(STACK_BYTES);

    if (!memory)
        return nr_err_set(err, NR_ERR_UNAVAILABLE, "Runtime.OutOfMemory",
                          "no memory for a worker's signal stack");
    use_stack(memory);
    worker = (struct who){.api = api, .phase = CRASH_IDLE};
    return 0;
}
