/* What PutRecords answers: fates change for what was in the request, or nothing changes at all. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "functions/search/kinesis_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum { N = 5 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const uint8_t before[N] = {KINESIS_PENDING, KINESIS_STORED, KINESIS_THROTTLED, KINESIS_FAILED,
                                      KINESIS_PENDING};
    uint8_t fates[N];
    struct nr_err err = {0};

    memcpy(fates, before, sizeof(fates));
    if (kinesis_reply_read(nr_view_n((const char *)bytes, n), fates, N, &err) != 0) {
        if (memcmp(fates, before, sizeof(fates)) != 0 || err.kind != NR_ERR_UNAVAILABLE)
            abort();
        return 0;
    }
    for (int i = 0; i < N; i++)
        if (fates[i] > KINESIS_FAILED || fates[i] == KINESIS_PENDING ||
            (before[i] == KINESIS_STORED && fates[i] != KINESIS_STORED))
            abort();
    return 0;
}
