#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <narae/log.h>

#include "tests/support/log_capture.h"

static int fd = -1;

void log_capture_begin(void)
{
    fd = memfd_create("log", MFD_CLOEXEC);
    nr_log_to(fd);
}

char *log_capture_take(void)
{
    off_t len = lseek(fd, 0, SEEK_END);
    char *text = calloc(1, (size_t)len + 1);

    if (text && pread(fd, text, (size_t)len, 0) != len)
        abort();
    return text;
}
