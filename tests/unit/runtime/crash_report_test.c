#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

#include <jansson.h>

#include "runtime/crash_report.h"

static const char *message_of(const struct crash_facts *facts)
{
    static char memory[1024];
    struct nr_buf out = {.data = memory, .cap = sizeof(memory), .max_bytes = sizeof(memory) - 1};

    crash_report_message(&out, facts);
    return nr_buf_text(&out);
}

Test(crash_report, says_what_the_kernel_says)
{
    static const struct {
        struct crash_facts facts;
        const char *message;
    } rows[] = {
        {{.signal = SIGSEGV, .code = SEGV_MAPERR, .address = 0x10},
         "SIGSEGV (nothing is mapped there) at 0x10"},
        {{.signal = SIGSEGV, .code = SEGV_ACCERR, .address = 0x10},
         "SIGSEGV (access is not allowed there) at 0x10"},
        {{.signal = SIGSEGV, .code = SI_KERNEL}, "SIGSEGV (an address that cannot exist)"},
        {{.signal = SIGSEGV, .code = SI_TKILL, .sender_pid = 7}, "SIGSEGV (sent by process 7)"},
        {{.signal = SIGSEGV, .code = SEGV_ACCERR, .address = 0xfff0, .stack_pointer = 0x10000},
         "SIGSEGV (stack overflow) at 0xfff0"},
        {{.signal = SIGSEGV, .code = SEGV_MAPERR, .address = 0x10, .stack_pointer = 0x7f0000000000},
         "SIGSEGV (nothing is mapped there) at 0x10"},
        {{.signal = SIGBUS, .code = BUS_ADRERR, .address = 0xabc},
         "SIGBUS (behind the end of a mapped file) at 0xabc"},
        {{.signal = SIGBUS, .code = BUS_OBJERR, .address = 0xabc}, "SIGBUS (memory error) at 0xabc"},
        {{.signal = SIGFPE, .code = FPE_INTDIV, .address = 0xabc}, "SIGFPE (integer division by zero)"},
        {{.signal = SIGFPE, .code = FPE_FLTDIV}, "SIGFPE (arithmetic error)"},
        {{.signal = SIGILL, .code = ILL_ILLOPN}, "SIGILL (illegal instruction)"},
        {{.signal = SIGABRT, .code = SI_TKILL, .sender_pid = 7}, "SIGABRT (abort)"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        cr_expect_str_eq(message_of(&rows[i].facts), rows[i].message);
}

static const struct crash_facts two_frames = {
    .signal = SIGILL,
    .code = ILL_ILLOPC,
    .request_id = "id-1",
    .n_frames = 2,
    .frames = {{"push_send.so", 0x1139}, {"bootstrap", 0x4410}},
};

Test(crash_report, names_the_place)
{
    cr_expect_str_eq(message_of(&two_frames), "SIGILL (illegal instruction), in push_send.so+0x1139");
}

Test(crash_report, body_has_all_that_is_known)
{
    NR_BUF_AUTO body;

    nr_buf_init(&body, 4096);
    crash_report_body(&body, &two_frames, NR_VIEW("what \"it\" was"));

    cr_expect_str_eq(nr_buf_text(&body),
                     "{\"errorMessage\":\"what \\\"it\\\" was\",\"errorType\":\"Runtime.NativeCrash\","
                     "\"requestId\":\"id-1\",\"stackTrace\":[\"push_send.so+0x1139\",\"bootstrap+0x4410\"]}");
}

Test(crash_report, body_without_a_request_or_a_frame)
{
    const struct crash_facts facts = {.signal = SIGILL, .request_id = ""};
    NR_BUF_AUTO body;

    nr_buf_init(&body, 4096);
    crash_report_body(&body, &facts, NR_VIEW("m"));

    cr_expect_str_eq(nr_buf_text(&body),
                     "{\"errorMessage\":\"m\",\"errorType\":\"Runtime.NativeCrash\",\"stackTrace\":[]}");
}

Test(crash_report, cause_is_json_on_one_line)
{
    NR_BUF_AUTO cause;
    json_t *read;

    nr_buf_init(&cause, 65536);
    crash_report_cause(&cause, &two_frames, NR_VIEW("m"));

    cr_expect_null(strchr(nr_buf_text(&cause), '\n'));
    read = json_loads(nr_buf_text(&cause), 0, NULL);
    cr_assert_not_null(read);
    cr_expect_str_eq(
        json_string_value(json_object_get(
            json_array_get(json_object_get(json_array_get(json_object_get(read, "exceptions"), 0), "stack"),
                           1),
            "path")),
        "bootstrap");
    json_decref(read);
}
