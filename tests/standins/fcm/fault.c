#include <string.h>

#include "tests/standins/fcm/fault.h"

static const struct {
    const char *name;
    bool is_acted_upon;
} rows[FAULT_COUNT] = {
    [FAULT_NONE] = {"none", true},
    [FAULT_REFUSE] = {"refuse", false},
    [FAULT_RESET] = {"reset", false},
    [FAULT_CUT] = {"cut", false},
    [FAULT_GOAWAY_BEFORE] = {"goaway_before", false},
    [FAULT_STALL] = {"stall", false},
    [FAULT_RESET_AFTER] = {"reset_after", true},
    [FAULT_RESET_MID] = {"reset_mid", true},
    [FAULT_CUT_AFTER] = {"cut_after", true},
    [FAULT_GOAWAY] = {"goaway", true},
};

enum fault fault_find(const char *name)
{
    for (enum fault fault = FAULT_NONE; fault < FAULT_COUNT; fault++)
        if (strcmp(rows[fault].name, name) == 0)
            return fault;
    return FAULT_COUNT;
}

const char *fault_name(enum fault fault)
{
    return rows[fault].name;
}

bool fault_is_acted_upon(enum fault fault)
{
    return rows[fault].is_acted_upon;
}
