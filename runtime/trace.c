#include <stdlib.h>
#include <string.h>

#include "runtime/trace.h"

enum { TRACE_ID_MAX_BYTES = 512 };

#define NAME "_X_AMZN_TRACE_ID"

static char entry[sizeof(NAME "=") + TRACE_ID_MAX_BYTES] = NAME "=";

void trace_export(const char *trace_id)
{
    size_t len = strlen(trace_id);

    if (len == 0 || len > TRACE_ID_MAX_BYTES) {
        unsetenv(NAME);
        return;
    }
    memcpy(entry + sizeof(NAME), trace_id, len + 1);
    putenv(entry);
}
