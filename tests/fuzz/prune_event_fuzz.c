/* Any bytes as the event of push_prune: refused with words, or at least one task that there is. */
#include <stdlib.h>

#include <narae/json.h>

#include "functions/push/prune.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct prune_request request;
    struct nr_err err = {0};
    NR_JSON_AUTO *event = NULL;

    if (nr_json_parse(nr_view_n((const char *)data, size), "event", &event, &err) != 0)
        return 0;
    if (prune_request_parse(event, &request, &err) != 0) {
        if (!err.message[0])
            abort();
    } else if (!request.tasks || request.tasks & ~(unsigned)PRUNE_ALL) {
        abort();
    }
    return 0;
}
