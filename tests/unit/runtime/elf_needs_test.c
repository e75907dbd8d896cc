#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "built.h"
#include "runtime/elf_needs.h"

Test(elf_needs, reads_libraries_and_size)
{
    struct elf_needs needs;
    struct nr_err err = {0};

    cr_assert_eq(elf_needs_read(built_path("tests/functions/echo.so"), &needs, &err), 0, "%s", err.message);

    cr_expect(strstr(nr_buf_text(&needs.libraries), "libnarae.so"), "%s", nr_buf_text(&needs.libraries));
    cr_expect_leq(needs.glibc_minor, 34);
    cr_expect_gt(needs.file_bytes, 1000u);
    nr_buf_done(&needs.libraries);
}

Test(elf_needs, reads_the_highest_glibc_version)
{
    struct elf_needs needs;
    struct nr_err err = {0};

    cr_assert_eq(elf_needs_read(built_path("tests/functions/too_new.so"), &needs, &err), 0, "%s",
                 err.message);

    cr_expect_eq(needs.glibc_minor, 36);
    nr_buf_done(&needs.libraries);
}

static int read_bytes(const void *bytes, size_t len, struct nr_err *err)
{
    char path[] = "/tmp/narae-elf-XXXXXX";
    int fd = mkstemp(path);
    struct elf_needs needs = {0};
    int result;

    cr_assert_geq(fd, 0);
    cr_assert_eq(write(fd, bytes, len), (ssize_t)len);
    close(fd);
    result = elf_needs_read(path, &needs, err);
    nr_buf_done(&needs.libraries);
    unlink(path);
    return result;
}

Test(elf_needs, refuses_what_is_no_shared_object)
{
    struct nr_err missing = {0};
    struct nr_err text = {0};
    struct elf_needs needs;

    cr_expect_eq(elf_needs_read("/nonexistent/x.so", &needs, &missing), -1);
    cr_expect_eq(missing.kind, NR_ERR_INVALID);
    cr_expect_str_eq(missing.type, "Runtime.UnreadableHandler");
    cr_expect_str_eq(missing.message, "cannot read /nonexistent/x.so: No such file or directory");

    cr_expect_eq(read_bytes("#!/bin/sh\n", 10, &text), -1);
    cr_expect(strstr(text.message, "is no 64-bit ELF file"), "%s", text.message);
}

/* Every length, and every byte of the tables turned round: an answer or a refusal, never a crash. */
Test(elf_needs, survives_a_file_that_was_cut_or_damaged)
{
    static unsigned char bytes[1 << 20];
    int fd = open(built_path("tests/functions/echo.so"), O_RDONLY);
    ssize_t n = read(fd, bytes, sizeof(bytes));
    uint64_t sections_at;

    close(fd);
    cr_assert_gt(n, 4096);
    for (size_t len = 1; len < (size_t)n; len += 61) {
        struct nr_err err = {0};

        cr_expect(read_bytes(bytes, len, &err) == 0 || err.kind == NR_ERR_INVALID);
    }
    memcpy(&sections_at, bytes + 40, sizeof(sections_at)); /* e_shoff */
    for (size_t i = 0; i < 64 + (size_t)n - sections_at; i += 3) {
        size_t at = i < 64 ? i : sections_at + i - 64;
        struct nr_err err = {0};

        bytes[at] ^= 0xff;
        cr_expect(read_bytes(bytes, (size_t)n, &err) == 0 || err.kind == NR_ERR_INVALID, "byte %zu", at);
        bytes[at] ^= 0xff;
    }
}
