#include "functions/push/device_wave.h"

static bool is_same(struct device_key a, struct device_key b)
{
    return a.is_fid == b.is_fid && a.registration.ptr && nr_view_is(a.registration, b.registration);
}

static bool is_shared(const struct device_message *a, const struct device_message *b)
{
    return nr_view_is(a->app_id, b->app_id) &&
           (is_same(a->device, b->device) || is_same(a->device, b->replaces) ||
            is_same(a->replaces, b->device) || is_same(a->replaces, b->replaces));
}

size_t device_wave_len(const struct device_message *const *messages, size_t n)
{
    size_t max = n < DEVICE_WAVE_MAX ? n : DEVICE_WAVE_MAX;
    size_t len = 0;

    for (; len < max; len++)
        for (size_t before = 0; before < len; before++)
            if (is_shared(messages[before], messages[len]))
                return len;
    return len;
}
