/* Any JSON: a trigger, or a refusal that names what is wrong. */
#include <stdlib.h>

#include <narae/json.h>

#include "functions/snapshot/event.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    NR_JSON_AUTO *event = NULL;
    struct trigger trigger;
    struct nr_err err = {0};

    if (nr_json_parse(nr_view_n((const char *)data, size), "event", &event, &err) != 0)
        return 0;
    if (trigger_parse(event, &trigger, &err) == 0) {
        if (trigger.mode >= TRIGGER_N_MODES)
            abort();
        trigger_done(&trigger);
    } else if (!err.message[0]) {
        abort();
    }
    return 0;
}
