/* unwind.h - from a stopped thread to its callers, one frame at a time.
 *
 * Is:      a reader of the call frame information that compilers put into .eh_frame for every function, our
 *          own and third-party, libc's included; so code is compiled without a frame pointer and pays
 *          nothing. Safe in a signal handler: no lock, no allocation, no libgcc_s.
 * Is not:  an exception mechanism: nothing is run or restored.
 * Beware:  it reads the stack as it is. On a broken one it may touch memory that is not there; the caller
 *          must be able to live through that (crash.c is).
 * Source:  DWARF 5, section 6.4 "Call Frame Information"; LSB, "Exception Frames" (.eh_frame, .eh_frame_hdr);
 *          the psABI supplements of x86-64 and AArch64 for register numbers.
 */
#ifndef NARAE_RUNTIME_UNWIND_H
#define NARAE_RUNTIME_UNWIND_H

#include <stdbool.h>
#include <ucontext.h>

#include "runtime/modules.h"

enum { UNWIND_REGISTERS = 33 /* numbers 0 to 32: all that either architecture's rules name */ };

struct unwind {
    uintptr_t pc;
    uintptr_t registers[UNWIND_REGISTERS]; /* by DWARF number */
    bool is_return;                        /* pc is where a call returns to: the call itself lies before it */
    bool is_first;                         /* no step has been made */
};

/* Begin where the thread was stopped. */
void unwind_begin(struct unwind *unwind, const ucontext_t *stopped);

/* Go to the caller. False at the end of the stack, or where nothing is known about the code. */
bool unwind_step(struct unwind *unwind, const struct modules *modules);

/* The address to name this frame by: inside the instruction that was being carried out. */
uintptr_t unwind_place(const struct unwind *unwind);

#endif
