/* Any bytes as the event of push_devices: refused with words, or every message of it refused with words or
 * decided, and the whole answered by valid JSON. */
#include <stdlib.h>

#include <narae/json.h>

#include "functions/push/device_intake.h"
#include "functions/push/device_rule.h"
#include "functions/push/device_wave.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Against every way in which the rows may stand. */
static void decide(const struct device_message *message)
{
    for (int row = DEVICE_ABSENT; row <= DEVICE_LAPSED; row++) {
        for (int old = DEVICE_ABSENT; old <= DEVICE_LAPSED; old++) {
            const struct device_row rows[] = {
                {.standing = (enum device_standing)row, .user = NR_VIEW("17"), .registered_unix_ms = 500},
                {.standing = (enum device_standing)old, .user = NR_VIEW("18"), .registered_unix_ms = 600}};
            struct device_change change = device_rule_decide(message, &rows[0], &rows[1], 0, 1000);

            if (change.outcome >= DEVICE_N_OUTCOMES || change.at_unix_ms > 1000)
                abort();
            if (change.write == DEVICE_WRITE_INSERT && (row != DEVICE_ABSENT || !change.platform.ptr) &&
                old == DEVICE_ABSENT)
                abort(); /* a new row needs a platform */
        }
    }
}

static void take(struct device_intake *intake, size_t i)
{
    const struct device_message *one;
    struct device_message message;
    struct nr_err err = {0};

    if (device_intake_parse(intake, i, &message, &err) != 0) {
        if (!err.message[0] || err.kind != NR_ERR_INVALID)
            abort();
        device_intake_refuse(intake, i, &err);
        return;
    }
    one = &message;
    if (device_wave_len(&one, 1) != 1)
        abort();
    decide(&message);
    device_intake_settle(intake, i, device_action_name(message.action), 7);
}

static void answer(const struct device_intake *intake)
{
    NR_BUF_AUTO body;
    NR_JSON_AUTO *doc = NULL;
    struct nr_reply reply = {.struct_bytes = sizeof(reply), .body = &body};
    struct nr_err err = {0};

    nr_buf_init(&body, 64 << 20);
    if (device_intake_reply(intake, &reply, &err) != 0 ||
        nr_json_parse(nr_buf_view(&body), "reply", &doc, &err) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct device_intake intake = {0};
    struct nr_err err = {0};
    NR_JSON_AUTO *event = NULL;

    if (nr_json_parse(nr_view_n((const char *)data, size), "event", &event, &err) != 0)
        return 0;
    if (device_intake_read(event, &intake, &err) != 0) {
        if (!err.message[0])
            abort();
        return 0;
    }
    for (size_t i = 0; i < intake.n; i++)
        take(&intake, i);
    answer(&intake);
    device_intake_done(&intake);
    return 0;
}
