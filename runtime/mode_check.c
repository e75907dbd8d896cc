#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "runtime/elf_needs.h"
#include "runtime/loader.h"
#include "runtime/mode.h"

enum { GLIBC_MINOR_MAX = 34 /* provided.al2023 has glibc 2.34 */ };

/* What a function finds on Lambda: glibc's own, and the layer's. Anything else must lie beside it. */
static const char *const present[] = {
    "libc.so.6",
    "libm.so.6",
    "libdl.so.2",
    "libpthread.so.0",
    "librt.so.1",
    "libresolv.so.2",
    "libnarae.so",
    "libnarae-net.so",
    "/opt/lib/libnarae-net.so",
    "ld-linux-x86-64.so.2",
    "ld-linux-aarch64.so.1",
#ifdef __SANITIZE_ADDRESS__ /* a build for tests, and so are its functions */
    "libasan.so.8",
    "libubsan.so.1",
#endif
};

static int complain(const struct nr_err *err)
{
    fprintf(stderr, "%s: %s\n", err->type, err->message);
    return MODE_FAILED;
}

static bool is_beside(const char *name)
{
    char path[4096];

    snprintf(path, sizeof(path), "%s/%s", mode_task_root(), name);
    if (access(path, R_OK) == 0)
        return true;
    snprintf(path, sizeof(path), "%s/lib/%s", mode_task_root(), name); /* on LD_LIBRARY_PATH there */
    return access(path, R_OK) == 0;
}

static bool is_present(const char *name)
{
    for (size_t i = 0; i < sizeof(present) / sizeof(present[0]); i++)
        if (strcmp(name, present[i]) == 0)
            return true;
    return is_beside(name);
}

/* libraries: names with spaces between; taken apart. */
static int check_libraries(const char *path, char *libraries, struct nr_err *err)
{
    char *rest = NULL;

    for (char *name = strtok_r(libraries, " ", &rest); name; name = strtok_r(NULL, " ", &rest))
        if (!is_present(name))
            return nr_err_set(err, NR_ERR_INVALID, "Runtime.LibraryMissing",
                              "%s needs %s, which is not on Lambda, in the layer or beside the function",
                              path, name);
    return 0;
}

static void needs_done(struct elf_needs *needs)
{
    nr_buf_done(&needs->libraries);
}

static int describe(const char *path, struct nr_err *err)
{
    NR_AUTO(needs_done) struct elf_needs needs = {0};

    if (elf_needs_read(path, &needs, err) != 0)
        return -1;
    printf("file       %s, %zu bytes\n", path, needs.file_bytes);
    printf("needs      %s\n", nr_buf_text(&needs.libraries));
    if (needs.glibc_minor)
        printf("glibc      2.%d (provided.al2023 has 2.%d)\n", needs.glibc_minor, GLIBC_MINOR_MAX);
    else
        printf("glibc      any\n");
    if (needs.glibc_minor > GLIBC_MINOR_MAX)
        return nr_err_set(err, NR_ERR_INVALID, "Runtime.GlibcTooNew",
                          "%s needs GLIBC_2.%d, provided.al2023 has 2.%d", path, needs.glibc_minor,
                          GLIBC_MINOR_MAX);
    return check_libraries(path, needs.libraries.data, err);
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
