#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <narae/env.h>

#include "runtime/log_provider.h"

#define VARIABLE "_LAMBDA_TELEMETRY_LOG_FD_PROVIDER_SOCKET"

int log_provider_connect(struct nr_err *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *path = nr_env_raw(VARIABLE);
    int fd;

    if (!path)
        return 0;
    if (strlen(path) >= sizeof(address.sun_path))
        return nr_err_set(err, NR_ERR_INVALID, "Runtime.InvalidSetting", VARIABLE ": longer than %zu bytes",
                          sizeof(address.sun_path) - 1);
    memcpy(address.sun_path, path, strlen(path));
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
        dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0)
        nr_err_set(err, NR_ERR_UNAVAILABLE, "Runtime.NoLogProvider", VARIABLE ": cannot connect to %s: %s",
                   path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return err->kind == NR_ERR_NONE ? 0 : -1;
}
