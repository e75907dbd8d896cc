/* crash_report.h - a native crash, in words.
 *
 * Is:      pure: facts in, texts out; into buffers with memory of their own, so that a signal handler may
 *          call it.
 * Is not:  what gathers the facts or sends the texts (crash is).
 * Source:  sigaction(2) for the codes; Lambda Developer Guide, "runtimes-api" for the report's form.
 */
#ifndef NARAE_RUNTIME_CRASH_REPORT_H
#define NARAE_RUNTIME_CRASH_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <narae/buf.h>

enum { CRASH_FRAMES_MAX = 32 /* what a person reads; a recursion without end shows itself in fewer */ };

/* The error type of every native crash. */
#define CRASH_TYPE "Runtime.NativeCrash"

struct crash_frame {
    const char *module; /* "?" = code that belongs to no module */
    uintptr_t offset;   /* inside the module's file, as addr2line wants it; of a caller: inside its call */
};

struct crash_facts {
    int signal;
    int code; /* si_code */
    int sender_pid;
    uintptr_t address;       /* si_addr */
    uintptr_t stack_pointer; /* to tell a stack that ran over */
    const char *request_id;  /* "" = none was being served */
    size_t n_frames;
    struct crash_frame frames[CRASH_FRAMES_MAX];
};

/* "SIGSEGV (nothing is mapped there) at 0x10, in push_send.so+0x1139" */
void crash_report_message(struct nr_buf *out, const struct crash_facts *facts);

/* "push_send.so+0x1139 push_send.so+0x1201 bootstrap+0x4410" */
void crash_report_frames(struct nr_buf *out, const struct crash_facts *facts);

/* The error body: errorMessage, errorType, requestId, stackTrace. message: made by crash_report_message(). */
void crash_report_body(struct nr_buf *out, const struct crash_facts *facts, struct nr_view message);

/* The cause for X-Ray, on one line. */
void crash_report_cause(struct nr_buf *out, const struct crash_facts *facts, struct nr_view message);

#endif
