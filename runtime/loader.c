#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "runtime/loader.h"

static const char net_library[] = "/lib/libnarae-net.so";

static int refuse_name(const char *name, struct nr_err *err)
{
    return nr_err_set(err, NR_ERR_INVALID, "Runtime.MalformedHandlerName",
                      "_HANDLER: \"%.128s\" is not FILE.SYMBOL, e.g. push_send.handler", name);
}

int loader_path(const char *name, const char *task_root, char *out, size_t cap, struct nr_err *err)
{
    const char *dot = strrchr(name, '.');
    int n;

    /* A slash would leave the task root; Lambda's own runtimes allow sub-folders, we have none. */
    if (!dot || dot == name || !dot[1] || strchr(name, '/'))
        return refuse_name(name, err);
    n = snprintf(out, cap, "%s/%.*s.so", task_root, (int)(dot - name), name);
    return n > 0 && (size_t)n < cap ? 0 : refuse_name(name, err);
}

static int check_table(const struct nr_handler *handler, const char *path, struct nr_err *err)
{
    /* What the first ABI had; later fields are looked at only when struct_bytes says that they are there. */
    const size_t least = offsetof(struct nr_handler, shutdown) + sizeof(handler->shutdown);

    if (handler->abi == 0 || handler->abi > NR_ABI)
        return nr_err_set(err, NR_ERR_INVALID, "Runtime.HandlerAbiMismatch",
                          "%s was built for ABI %u, this layer runs 1 to %u: deploy a newer layer", path,
                          handler->abi, NR_ABI);
    if (handler->struct_bytes < least)
        return nr_err_set(err, NR_ERR_INVALID, "Runtime.HandlerAbiMismatch",
                          "%s has a handler table of %u bytes, at least %zu are needed", path,
                          handler->struct_bytes, least);
    if (!handler->name)
        return nr_err_set(err, NR_ERR_INVALID, "Runtime.HandlerAbiMismatch",
                          "%s has a handler table without a name", path);
    if (!handler->invoke)
        return nr_err_set(err, NR_ERR_INVALID, "Runtime.HandlerNotFound",
                          "%s has a handler table without invoke", path);
    return 0;
}

/* Functions ask for libnarae-net.so under its place in Lambda, so that nothing is searched there:
 * LD_LIBRARY_PATH names /opt/lib last of nine folders. Where the layer lies elsewhere (a checkout, the
 * emulator), it is found beside this program. */
static bool open_net_library(void)
{
    char file[4096];
    ssize_t n = readlink("/proc/self/exe", file, sizeof(file));
    char *slash = n > 0 ? memrchr(file, '/', (size_t)n) : NULL;

    if (!slash || (size_t)(slash - file) + sizeof(net_library) > sizeof(file))
        return false;
    memcpy(slash, net_library, sizeof(net_library));
    return dlopen(file, RTLD_NOW | RTLD_LOCAL) != NULL; /* open as long as the sandbox lives */
}

static void *open_function(const char *path)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);

    if (library)
        return library;
    /* Whatever came of it: the function's own error is the one to tell. */
    (void)open_net_library();
    return dlopen(path, RTLD_NOW | RTLD_LOCAL);
}

int loader_load(const char *name, const char *task_root, const struct nr_handler **out, struct nr_err *err)
{
    char path[4096];
    const char *symbol;
    void *library;
    const struct nr_handler *handler;

    if (loader_path(name, task_root, path, sizeof(path), err) != 0)
        return -1;
    symbol = strrchr(name, '.') + 1;
    library = open_function(path);
    if (!library)
        return nr_err_set(err, NR_ERR_INVALID, "Runtime.ImportModuleError", "cannot load %s: %s", path,
                          dlerror());
    handler = dlsym(library, symbol);
    if (!handler) {
        const char *why = dlerror(); /* NULL when the symbol is there and its address is 0 */

        return nr_err_set(err, NR_ERR_INVALID, "Runtime.HandlerNotFound", "no symbol \"%s\" in %s: %s",
                          symbol, path, why ? why : "it has no address");
    }
    if (check_table(handler, path, err) != 0)
        return -1;
    *out = handler;
    return 0;
}

bool loader_has_flag(const struct nr_handler *handler, enum nr_handler_flag flag)
{
    return handler->struct_bytes >= offsetof(struct nr_handler, flags) + sizeof(handler->flags) &&
           (handler->flags & flag) != 0;
}
