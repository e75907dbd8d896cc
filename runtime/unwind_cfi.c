#include <string.h>

#include "runtime/unwind_cfi.h"

/* Bytes of .eh_frame, read one after the other. They are the linker's, not from outside; still every read is
 * bounded by the entry's own length. */
struct reader {
    const unsigned char *at, *end;
    bool is_bad;
};

static uint64_t take(struct reader *reader, size_t n)
{
    uint64_t value = 0;

    if ((size_t)(reader->end - reader->at) < n) {
        reader->is_bad = true;
        reader->at = reader->end;
        return 0;
    }
    memcpy(&value, reader->at, n); /* both architectures are little endian */
    reader->at += n;
    return value;
}

static uint64_t take_uleb(struct reader *reader)
{
    uint64_t value = 0;
    uint64_t byte = 0x80;

    for (unsigned shift = 0; (byte & 0x80) && shift < 64; shift += 7) {
        byte = take(reader, 1);
        value |= (byte & 0x7f) << shift;
    }
    return value;
}

static int64_t take_sleb(struct reader *reader)
{
    uint64_t value = 0;
    uint64_t byte = 0x80;
    unsigned shift;

    for (shift = 0; (byte & 0x80) && shift < 64; shift += 7) {
        byte = take(reader, 1);
        value |= (byte & 0x7f) << shift;
    }
    if ((byte & 0x40) && shift < 64)
        value |= ~0ULL << shift;
    return (int64_t)value;
}

/* Pointer encodings: the low half says how it is stored, the high half what it is relative to. */
enum { PE_SDATA4 = 0x0b, PE_PCREL = 0x10, PE_FORMAT = 0x0f, PE_RELATION = 0x70, PE_OMIT = 0xff };

/* Bytes that a pointer of each format takes; 0 = not used by any linker here. */
static const unsigned char format_bytes[16] = {
    [0x00] = 8, [0x02] = 2, [0x03] = 4, [0x04] = 8, [0x0a] = 2, [0x0b] = 4, [0x0c] = 8};

/* A function's entry, with what its common part says. */
struct entry {
    struct reader common, own; /* the two programs */
    uintptr_t begin, end;      /* of the function */
    uint64_t code_align;
    int64_t data_align;
    unsigned return_register;
    unsigned char encoding;
    bool has_sizes; /* augmentation data carries its length */
    bool is_signal_frame;
};

static void read_augmentation(struct reader *reader, const char *letters, struct entry *out)
{
    uint64_t len = take_uleb(reader);
    struct reader data = {reader->at, reader->at, false};

    if ((uint64_t)(reader->end - reader->at) < len) {
        reader->is_bad = true;
        return;
    }
    reader->at += len;
    data.end = reader->at;
    for (; *letters; letters++)
        if (*letters == 'R')
            out->encoding = (unsigned char)take(&data, 1);
        else if (*letters == 'P')
            take(&data, format_bytes[take(&data, 1) & PE_FORMAT]);
        else if (*letters == 'L')
            take(&data, 1);
        else if (*letters == 'S')
            out->is_signal_frame = true;
}

/* CIE: version, augmentation, alignments, return register; then its program. */
static bool read_common(const unsigned char *at, struct entry *out)
{
    struct reader reader = {at, at + 4, false};
    uint64_t len = take(&reader, 4);
    const char *letters;
    const unsigned char *zero;
    uint64_t version;

    reader.end = reader.at + len;
    if (len >= 0xfffffff0 || take(&reader, 4) != 0)
        return false;
    version = take(&reader, 1);
    letters = (const char *)reader.at;
    zero = memchr(reader.at, 0, (size_t)(reader.end - reader.at));
    if (!zero)
        return false;
    reader.at = zero + 1;
    out->code_align = take_uleb(&reader);
    out->data_align = take_sleb(&reader);
    out->return_register = (unsigned)(version == 1 ? take(&reader, 1) : take_uleb(&reader));
    out->has_sizes = letters[0] == 'z';
    if (out->has_sizes)
        read_augmentation(&reader, letters + 1, out);
    out->common = reader;
    return !reader.is_bad && out->return_register < UNWIND_REGISTERS;
}

/* FDE: which common part, which addresses; then its program. */
static bool read_entry(const unsigned char *at, struct entry *out)
{
    struct reader reader = {at, at + 4, false};
    uint64_t len = take(&reader, 4);
    const unsigned char *place;
    uint64_t back;
    uint64_t extra;

    reader.end = reader.at + len;
    place = reader.at;
    back = take(&reader, 4);
    if (len >= 0xfffffff0 || back == 0 || !read_common(place - back, out))
        return false;
    /* What every linker here writes; nothing else was seen. */
    if (out->encoding != (PE_PCREL | PE_SDATA4))
        return false;
    place = reader.at;
    out->begin = (uintptr_t)place + (uintptr_t)(intptr_t)(int32_t)take(&reader, 4);
    out->end = out->begin + (uintptr_t)take(&reader, 4);
    extra = out->has_sizes ? take_uleb(&reader) : 0;
    if ((uint64_t)(reader.end - reader.at) < extra)
        return false;
    reader.at += extra;
    out->own = reader;
    return !reader.is_bad;
}

/* .eh_frame_hdr: a sorted table of (function, entry), both relative to the header. */
static const unsigned char *look_up(const unsigned char *header, uintptr_t pc)
{
    static const unsigned char form[4] = {1, 0x1b, 0x03, 0x3b}; /* version; pcrel, count, table encodings */
    int32_t pair[2];
    uint32_t n;
    size_t low = 0;
    size_t high;

    if (!header || memcmp(header, form, sizeof(form)) != 0)
        return NULL;
    memcpy(&n, header + 8, sizeof(n));
    for (high = n; low < high;) { /* the first whose function begins behind pc */
        size_t middle = low + (high - low) / 2;

        memcpy(pair, header + 12 + middle * 8, sizeof(pair));
        if ((uintptr_t)header + (uintptr_t)(intptr_t)pair[0] <= pc)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return NULL;
    memcpy(pair, header + 12 + (low - 1) * 8, sizeof(pair));
    return header + pair[1];
}

/* --- the program */

enum { REMEMBERED_MAX = 4 /* compilers nest one deep */ };

struct machine {
    const struct entry *entry;
    uintptr_t at; /* rows so far hold from here */
    struct unwind_row row;
    struct unwind_row initial; /* after the common part: what "restore" restores */
    struct unwind_row remembered[REMEMBERED_MAX];
    size_t n_remembered;
};

static bool set_rule(struct unwind_row *row, uint64_t n, enum unwind_rule rule, int64_t offset)
{
    if (n >= UNWIND_REGISTERS)
        return true; /* a vector register: its value is of no use here */
    row->registers[n].rule = rule;
    row->registers[n].offset = (intptr_t)offset;
    return rule != UNWIND_IN || (uint64_t)offset < UNWIND_REGISTERS;
}

static bool set_cfa(struct unwind_row *row, uint64_t n, int64_t offset)
{
    row->cfa_register = (unsigned)n;
    row->cfa_offset = (intptr_t)offset;
    return n < UNWIND_REGISTERS;
}

static bool restore(struct machine *machine, uint64_t n)
{
    return n >= UNWIND_REGISTERS || set_rule(&machine->row, n, machine->initial.registers[n].rule,
                                             machine->initial.registers[n].offset);
}

static bool remember(struct machine *machine)
{
    if (machine->n_remembered == REMEMBERED_MAX)
        return false;
    machine->remembered[machine->n_remembered++] = machine->row;
    return true;
}

static bool recall(struct machine *machine)
{
    if (machine->n_remembered == 0)
        return false;
    machine->row = machine->remembered[--machine->n_remembered];
    return true;
}

/* The instructions whose operand is in their low six bits, and those that have none there. */
enum { ADVANCE = 1, OFFSET = 2, RESTORE = 3 };

/* One instruction of the long form. The numbers are DWARF's (section 7.24); expressions (0x0f, 0x10, 0x16)
 * are not read. */
static bool run_long(struct machine *machine, unsigned code, struct reader *reader)
{
    struct unwind_row *row = &machine->row;
    int64_t align = machine->entry->data_align;
    uint64_t n;

    switch (code) {
    case 0x00: /* nop */
    case 0x2d: /* AArch64: the return address is signed, or no more */
        return true;
    case 0x02: /* advance_loc1, 2, 4 */
    case 0x03:
    case 0x04:
        machine->at += take(reader, 1U << (code - 2)) * machine->entry->code_align;
        return true;
    case 0x05: /* offset_extended */
        n = take_uleb(reader);
        return set_rule(row, n, UNWIND_AT, (int64_t)take_uleb(reader) * align);
    case 0x06: /* restore_extended */
        return restore(machine, take_uleb(reader));
    case 0x07: /* undefined */
        return set_rule(row, take_uleb(reader), UNWIND_UNDEFINED, 0);
    case 0x08: /* same_value */
        return set_rule(row, take_uleb(reader), UNWIND_SAME, 0);
    case 0x09: /* register */
        n = take_uleb(reader);
        return set_rule(row, n, UNWIND_IN, (int64_t)take_uleb(reader));
    case 0x0a:
        return remember(machine);
    case 0x0b:
        return recall(machine);
    case 0x0c: /* def_cfa */
        n = take_uleb(reader);
        return set_cfa(row, n, (int64_t)take_uleb(reader));
    case 0x0d: /* def_cfa_register */
        return set_cfa(row, take_uleb(reader), row->cfa_offset);
    case 0x0e: /* def_cfa_offset */
        return set_cfa(row, row->cfa_register, (int64_t)take_uleb(reader));
    case 0x11: /* offset_extended_sf */
        n = take_uleb(reader);
        return set_rule(row, n, UNWIND_AT, take_sleb(reader) * align);
    case 0x12: /* def_cfa_sf */
        n = take_uleb(reader);
        return set_cfa(row, n, take_sleb(reader) * align);
    case 0x13: /* def_cfa_offset_sf */
        return set_cfa(row, row->cfa_register, take_sleb(reader) * align);
    case 0x14: /* val_offset */
        n = take_uleb(reader);
        return set_rule(row, n, UNWIND_IS, (int64_t)take_uleb(reader) * align);
    case 0x2e: /* GNU_args_size */
        take_uleb(reader);
        return true;
    default:
        return false;
    }
}

/* Run until the row holds for pc. */
static bool run(struct machine *machine, struct reader reader, uintptr_t pc)
{
    while (reader.at < reader.end && machine->at <= pc) {
        unsigned code = (unsigned)take(&reader, 1);
        unsigned low = code & 0x3f;
        bool is_good = true;

        if (code >> 6 == ADVANCE)
            machine->at += low * machine->entry->code_align;
        else if (code >> 6 == OFFSET)
            is_good = set_rule(&machine->row, low, UNWIND_AT,
                               (int64_t)take_uleb(&reader) * machine->entry->data_align);
        else if (code >> 6 == RESTORE)
            is_good = restore(machine, low);
        else
            is_good = run_long(machine, code, &reader);
        if (!is_good || reader.is_bad)
            return false;
    }
    return true;
}

bool unwind_cfi_find(const struct module *module, uintptr_t pc, struct unwind_row *out)
{
    const unsigned char *at = look_up(module->unwind, pc);
    struct entry entry = {0};
    struct machine machine = {.entry = &entry};

    if (!at || !read_entry(at, &entry) || pc < entry.begin || pc >= entry.end)
        return false;
    machine.at = entry.begin;
    if (!run(&machine, entry.common, UINTPTR_MAX))
        return false;
    machine.initial = machine.row;
    machine.at = entry.begin;
    if (!run(&machine, entry.own, pc))
        return false;
    machine.row.return_register = entry.return_register;
    machine.row.is_signal_frame = entry.is_signal_frame;
    *out = machine.row;
    return true;
}
