#include <link.h>
#include <string.h>

#include "runtime/modules.h"

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path[0] ? path : "bootstrap"; /* the executable has no name here */
}

static void note_segment(struct module *module, const ElfW(Phdr) * segment)
{
    uintptr_t from = module->bias + segment->p_vaddr;
    uintptr_t to = from + segment->p_memsz;

    if (segment->p_type == PT_GNU_EH_FRAME)
        module->unwind = (const unsigned char *)from;
    if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_X))
        return;
    if (module->code_to == 0 || from < module->code_from)
        module->code_from = from;
    if (to > module->code_to)
        module->code_to = to;
}

static int note_module(struct dl_phdr_info *info, size_t size, void *out)
{
    struct modules *modules = out;
    struct module *module = &modules->list[modules->n];

    (void)size;
    if (modules->n == MODULES_MAX)
        return 1;
    *module = (struct module){.name = base_name(info->dlpi_name), .bias = info->dlpi_addr};
    for (int i = 0; i < info->dlpi_phnum; i++)
        note_segment(module, &info->dlpi_phdr[i]);
    modules->n++;
    return 0;
}

void modules_read(struct modules *out)
{
    out->n = 0;
    dl_iterate_phdr(note_module, out);
}

const struct module *modules_find(const struct modules *modules, uintptr_t address)
{
    for (size_t i = 0; i < modules->n; i++)
        if (address >= modules->list[i].code_from && address < modules->list[i].code_to)
            return &modules->list[i];
    return NULL;
}
