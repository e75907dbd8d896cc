#include <stdio.h>

#include "runtime/elf_needs.h"
#include "runtime/loader.h"
#include "runtime/mode.h"

enum { GLIBC_MINOR_MAX = 34 /* provided.al2023 has glibc 2.34 */ };

static int complain(const struct nr_err *err)
{
    fprintf(stderr, "%s: %s\n", err->type, err->message);
    return MODE_FAILED;
}

static int describe(const char *path, struct nr_err *err)
{
    struct elf_needs needs;

    if (elf_needs_read(path, &needs, err) != 0)
        return -1;
    printf("file       %s, %zu bytes\n", path, needs.file_bytes);
    printf("needs      %s\n", nr_buf_text(&needs.libraries));
    if (needs.glibc_minor)
        printf("glibc      2.%d (provided.al2023 has 2.%d)\n", needs.glibc_minor, GLIBC_MINOR_MAX);
    else
        printf("glibc      any\n");
    nr_buf_done(&needs.libraries);
    if (needs.glibc_minor > GLIBC_MINOR_MAX)
        return nr_err_set(err, NR_ERR_INVALID, "Runtime.GlibcTooNew",
                          "%s needs GLIBC_2.%d, provided.al2023 has 2.%d", path, needs.glibc_minor,
                          GLIBC_MINOR_MAX);
    return 0;
}

int mode_check(const char *handler_name)
{
    const struct nr_handler *handler;
    struct nr_err err = {0};
    char path[4096];

    if (loader_path(handler_name, mode_task_root(), path, sizeof(path), &err) != 0 ||
        describe(path, &err) != 0 || loader_load(handler_name, mode_task_root(), &handler, &err) != 0)
        return complain(&err);
    printf("handler    %s: ABI %u of %u, table of %u bytes\n", handler->name, handler->abi, NR_ABI,
           handler->struct_bytes);
    printf("functions  invoke%s%s\n", handler->init ? ", init" : "", handler->shutdown ? ", shutdown" : "");
    return MODE_OK;
}
