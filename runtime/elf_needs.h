/* elf_needs.h - what a shared object asks of the system it is loaded on.
 *
 * Is:      a bounds-checked reader of the dynamic section of a 64-bit little-endian ELF file: libraries and
 *          symbol versions.
 * Is not:  a loader; it works on files that cannot be loaded here, which is when it is asked.
 * Source:  System V ABI, "Dynamic Linking"; LSB, "Symbol Versioning".
 */
#ifndef NARAE_RUNTIME_ELF_NEEDS_H
#define NARAE_RUNTIME_ELF_NEEDS_H

#include <narae/buf.h>
#include <narae/err.h>

struct elf_needs {
    int glibc_minor;         /* highest GLIBC_2.N asked for; 0 = none */
    struct nr_buf libraries; /* names with spaces between; owned: nr_buf_done() */
    size_t file_bytes;
};

/* Returns 0, or -1: INVALID, Runtime.UnreadableHandler. */
int elf_needs_read(const char *path, struct elf_needs *out, struct nr_err *err) NR_MUST_CHECK;

#endif
