#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "built.h"

const char *built_path(const char *relative)
{
    static char path[2 * PATH_MAX];
    char self[PATH_MAX] = {0};

    if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
        return relative;
    for (int up = 0; up < 3; up++) /* unit_tests, unit, tests */
        *strrchr(self, '/') = '\0';
    snprintf(path, sizeof(path), "%s/%s", self, relative);
    return path;
}
