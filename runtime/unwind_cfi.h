/* unwind_cfi.h - what .eh_frame says about one address.
 *
 * Is:      find the entry of a function and run its little program up to the address: where the caller's
 *          frame begins (CFA) and which registers lie where.
 * Is not:  a reader of DWARF expressions: where those are used (procedure linkage tables, signal frames) the
 *          walk ends.
 * Source:  see unwind.h.
 */
#ifndef NARAE_RUNTIME_UNWIND_CFI_H
#define NARAE_RUNTIME_UNWIND_CFI_H

#include "runtime/unwind.h"

enum unwind_rule {
    UNWIND_SAME,      /* the caller's value is the register's */
    UNWIND_UNDEFINED, /* lost; of the return address: there is no caller */
    UNWIND_AT,        /* in memory, at CFA + offset */
    UNWIND_IS,        /* CFA + offset itself */
    UNWIND_IN,        /* in another register */
};

struct unwind_row {
    unsigned cfa_register;
    intptr_t cfa_offset;
    struct {
        enum unwind_rule rule;
        intptr_t offset; /* UNWIND_IN: the register's number */
    } registers[UNWIND_REGISTERS];
    unsigned return_register;
    bool is_signal_frame;
};

/* The row for this address. False: no entry, or one that needs what is not read here. */
bool unwind_cfi_find(const struct module *module, uintptr_t pc, struct unwind_row *out);

#endif
