#include "runtime/unwind.h"

#include "runtime/unwind_cfi.h"

#ifdef __x86_64__

enum { STACK_POINTER = 7 };

static const int by_dwarf_number[] = {REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI, REG_RBP, REG_RSP,
                                      REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};

static void take_registers(struct unwind *unwind, const ucontext_t *stopped)
{
    for (size_t i = 0; i < sizeof(by_dwarf_number) / sizeof(by_dwarf_number[0]); i++)
        unwind->registers[i] = (uintptr_t)stopped->uc_mcontext.gregs[by_dwarf_number[i]];
    unwind->pc = (uintptr_t)stopped->uc_mcontext.gregs[REG_RIP];
}

/* A call of an address where no code is has pushed where it came from, and nothing else. */
static void undo_call(struct unwind *unwind)
{
    unwind->pc = *(const uintptr_t *)unwind->registers[STACK_POINTER];
    unwind->registers[STACK_POINTER] += sizeof(uintptr_t);
}

static uintptr_t without_signature(uintptr_t address)
{
    return address;
}

#else /* aarch64: there are two architectures in Lambda */

enum { STACK_POINTER = 31, LINK_REGISTER = 30 };

static void take_registers(struct unwind *unwind, const ucontext_t *stopped)
{
    for (size_t i = 0; i < STACK_POINTER; i++)
        unwind->registers[i] = stopped->uc_mcontext.regs[i];
    unwind->registers[STACK_POINTER] = stopped->uc_mcontext.sp;
    unwind->pc = stopped->uc_mcontext.pc;
}

static void undo_call(struct unwind *unwind)
{
    unwind->pc = unwind->registers[LINK_REGISTER];
}

/* Return addresses may be signed in the bits above the 48 of an address (pointer authentication). */
static uintptr_t without_signature(uintptr_t address)
{
    return address & ((1ULL << 48) - 1);
}

#endif

void unwind_begin(struct unwind *unwind, const ucontext_t *stopped)
{
    *unwind = (struct unwind){.is_first = true};
    take_registers(unwind, stopped);
}

uintptr_t unwind_place(const struct unwind *unwind)
{
    return unwind->pc - unwind->is_return;
}

static uintptr_t value_of(const struct unwind *unwind, const struct unwind_row *row, unsigned n,
                          uintptr_t cfa)
{
    intptr_t offset = row->registers[n].offset;

    switch (row->registers[n].rule) {
    case UNWIND_AT:
        return *(const uintptr_t *)(cfa + (uintptr_t)offset);
    case UNWIND_IS:
        return cfa + (uintptr_t)offset;
    case UNWIND_IN:
        return unwind->registers[offset];
    default:
        return unwind->registers[n];
    }
}

static bool apply(struct unwind *unwind, const struct unwind_row *row)
{
    const struct unwind before = *unwind;
    uintptr_t cfa = before.registers[row->cfa_register] + (uintptr_t)row->cfa_offset;

    /* Stacks grow down: a caller's frame that lies below is a broken one. */
    if (row->registers[row->return_register].rule == UNWIND_UNDEFINED ||
        cfa < before.registers[STACK_POINTER] || cfa % sizeof(uintptr_t) != 0)
        return false;
    for (unsigned i = 0; i < UNWIND_REGISTERS; i++)
        unwind->registers[i] = value_of(&before, row, i, cfa);
    unwind->registers[STACK_POINTER] = cfa;
    unwind->pc = without_signature(unwind->registers[row->return_register]);
    unwind->is_return = !row->is_signal_frame;
    return unwind->pc != 0;
}

bool unwind_step(struct unwind *unwind, const struct modules *modules)
{
    const struct module *module = modules_find(modules, unwind_place(unwind));
    bool is_first = unwind->is_first;
    struct unwind_row row;

    unwind->is_first = false;
    if (module)
        return unwind_cfi_find(module, unwind_place(unwind), &row) && apply(unwind, &row);
    if (!is_first)
        return false;
    undo_call(unwind);
    unwind->is_return = true;
    return modules_find(modules, unwind_place(unwind)) != NULL;
}
