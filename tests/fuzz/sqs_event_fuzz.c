/* Any bytes as an SQS event: refused with words, or read into messages whose fates and turns hold
 * together. */
#include <stdlib.h>

#include <narae/json.h>

#include "functions/push/batch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every message has its turn once, and what failed holds up nobody for ever. */
static void take_turns(struct batch *batch)
{
    size_t n_turns = 0;

    while (batch_next_turn(batch)) {
        for (size_t i = 0; i < batch->n; i++)
            if (!batch->is_left_out[i])
                batch_settle(batch, i, i % 3 ? BATCH_DONE : BATCH_AGAIN, 1000);
        if (++n_turns > batch->n)
            abort();
    }
    if (batch_count(batch, BATCH_OPEN) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    NR_JSON_AUTO *event = NULL;
    struct batch batch;
    struct nr_err err = {0};

    if (nr_json_parse(nr_view_n((const char *)data, size), "event", &event, &err) != 0)
        return 0;
    if (batch_parse(&batch, event, INT64_C(1795729200000), 1000, size % 2, &err) == 0)
        take_turns(&batch);
    else if (!err.message[0])
        abort();
    batch_done(&batch);
    return 0;
}
