/* modules.h - what code is loaded where.
 *
 * Is:      a table of the executable and its libraries, made beforehand, so that a signal handler can say
 *          "push_send.so+0x1139" without asking the loader.
 * Is not:  kept up to date by itself: read it again after a library was loaded.
 * Source:  dl_iterate_phdr(3); LSB, "Exception Frames" for the header in front of .eh_frame.
 */
#ifndef NARAE_RUNTIME_MODULES_H
#define NARAE_RUNTIME_MODULES_H

#include <stddef.h>
#include <stdint.h>

enum { MODULES_MAX = 32 /* a function has about 7: itself, our two, libc, libm, the loader, the kernel's */ };

struct module {
    const char *name;             /* without folders; lives as long as the module is loaded */
    uintptr_t bias;               /* address = bias + what the file calls it */
    uintptr_t code_from, code_to; /* addresses of what may be run */
    const unsigned char *unwind;  /* .eh_frame_hdr; NULL = none */
};

struct modules {
    size_t n;
    struct module list[MODULES_MAX]; /* those beyond are left out */
};

void modules_read(struct modules *out);

/* The module that holds code at this address; NULL = none. Safe in a signal handler. */
const struct module *modules_find(const struct modules *modules, uintptr_t address);

#endif
