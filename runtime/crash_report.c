#include <signal.h>

#include "runtime/crash_report.h"

enum { FROM_PROCESS = 0 /* codes up to this: somebody sent it */ };

/* The kernel says why; the rows without a code are for whatever else it says. */
static const struct {
    int signal;
    int code;
    const char *name;
    const char *meaning;
    bool has_address; /* of data; for the others it is that of the instruction, which the frames name */
} reasons[] = {
    {SIGSEGV, SEGV_MAPERR, "SIGSEGV", "nothing is mapped there", true},
    {SIGSEGV, SEGV_ACCERR, "SIGSEGV", "access is not allowed there", true},
    {SIGSEGV, 0, "SIGSEGV", "an address that cannot exist", false}, /* x86 does not tell which */
    {SIGBUS, BUS_ADRALN, "SIGBUS", "misaligned", true},
    {SIGBUS, BUS_ADRERR, "SIGBUS", "behind the end of a mapped file", true},
    {SIGBUS, 0, "SIGBUS", "memory error", true},
    {SIGFPE, FPE_INTDIV, "SIGFPE", "integer division by zero", false},
    {SIGFPE, 0, "SIGFPE", "arithmetic error", false},
    {SIGILL, 0, "SIGILL", "illegal instruction", false},
    {SIGTRAP, 0, "SIGTRAP", "trap", false},
    {SIGABRT, 0, "SIGABRT", "abort", false},
};
enum { N_REASONS = sizeof(reasons) / sizeof(reasons[0]) };

/* A push or a call that misses the stack faults close to the stack pointer; a large frame may reach further.
 * Anything mapped there would not fault. */
enum { NEAR_STACK_BYTES = 256 * 1024 };

static size_t reason_of(const struct crash_facts *facts)
{
    size_t i = 0;

    while (i + 1 < N_REASONS &&
           (reasons[i].signal != facts->signal || (reasons[i].code && reasons[i].code != facts->code)))
        i++;
    return i;
}

static bool is_sent(const struct crash_facts *facts)
{
    return facts->code <= FROM_PROCESS && facts->signal != SIGABRT;
}

static bool is_stack_overflow(const struct crash_facts *facts)
{
    uintptr_t distance = facts->address > facts->stack_pointer ? facts->address - facts->stack_pointer
                                                               : facts->stack_pointer - facts->address;

    return facts->signal == SIGSEGV && (facts->code == SEGV_MAPERR || facts->code == SEGV_ACCERR) &&
           facts->stack_pointer != 0 && distance < NEAR_STACK_BYTES;
}

static void add_frame(struct nr_buf *out, const struct crash_frame *frame)
{
    nr_buf_add_text(out, frame->module);
    nr_buf_add_text(out, "+0x");
    nr_buf_add_hex(out, frame->offset);
}

static void add_why(struct nr_buf *out, const struct crash_facts *facts)
{
    size_t i = reason_of(facts);

    nr_buf_add_text(out, reasons[i].name);
    if (is_sent(facts)) {
        nr_buf_add_text(out, " (sent by process ");
        nr_buf_add_int(out, facts->sender_pid);
        nr_buf_add_char(out, ')');
        return;
    }
    nr_buf_add_text(out, " (");
    nr_buf_add_text(out, is_stack_overflow(facts) ? "stack overflow" : reasons[i].meaning);
    nr_buf_add_char(out, ')');
    if (reasons[i].has_address) {
        nr_buf_add_text(out, " at 0x");
        nr_buf_add_hex(out, facts->address);
    }
}

void crash_report_message(struct nr_buf *out, const struct crash_facts *facts)
{
    add_why(out, facts);
    if (facts->n_frames == 0)
        return;
    nr_buf_add_text(out, ", in ");
    add_frame(out, &facts->frames[0]);
}

void crash_report_frames(struct nr_buf *out, const struct crash_facts *facts)
{
    for (size_t i = 0; i < facts->n_frames; i++) {
        if (i)
            nr_buf_add_char(out, ' ');
        add_frame(out, &facts->frames[i]);
    }
}

void crash_report_body(struct nr_buf *out, const struct crash_facts *facts, struct nr_view message)
{
    nr_buf_add_text(out, "{\"errorMessage\":");
    nr_buf_add_json_text(out, message);
    nr_buf_add_text(out, ",\"errorType\":\"" CRASH_TYPE "\"");
    if (facts->request_id[0]) {
        nr_buf_add_text(out, ",\"requestId\":");
        nr_buf_add_json_text(out, nr_view(facts->request_id));
    }
    nr_buf_add_text(out, ",\"stackTrace\":[");
    for (size_t i = 0; i < facts->n_frames; i++) { /* names of files: no character that JSON minds */
        nr_buf_add_text(out, i ? ",\"" : "\"");
        add_frame(out, &facts->frames[i]);
        nr_buf_add_char(out, '"');
    }
    nr_buf_add_text(out, "]}");
}

void crash_report_cause(struct nr_buf *out, const struct crash_facts *facts, struct nr_view message)
{
    nr_buf_add_text(out,
                    "{\"working_directory\":\"\",\"exceptions\":[{\"type\":\"" CRASH_TYPE "\",\"message\":");
    nr_buf_add_json_text(out, message);
    nr_buf_add_text(out, ",\"stack\":[");
    for (size_t i = 0; i < facts->n_frames; i++) {
        nr_buf_add_text(out, i ? ",{\"path\":\"" : "{\"path\":\"");
        nr_buf_add_text(out, facts->frames[i].module);
        nr_buf_add_text(out, "\",\"line\":0,\"label\":\"0x");
        nr_buf_add_hex(out, facts->frames[i].offset);
        nr_buf_add_text(out, "\"}");
    }
    nr_buf_add_text(out, "]}],\"paths\":[]}");
}
