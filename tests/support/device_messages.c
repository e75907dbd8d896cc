#include "tests/support/device_messages.h"

struct device_message device_message_of(enum device_action action, const char *registration,
                                        int64_t at_unix_ms)
{
    return (struct device_message){.action = action,
                                   .app_id = NR_VIEW("default"),
                                   .device = {false, nr_view(registration)},
                                   .at_unix_ms = at_unix_ms};
}

struct device_message device_message_registering(const char *registration, const char *user,
                                                 int64_t at_unix_ms)
{
    struct device_message made = device_message_of(DEVICE_REGISTER, registration, at_unix_ms);

    made.user = nr_view(user);
    made.platform = NR_VIEW("android");
    return made;
}

struct device_message device_message_replacing(const char *registration, const char *old, int64_t at_unix_ms)
{
    struct device_message made = device_message_of(DEVICE_REPLACE, registration, at_unix_ms);

    made.replaces = (struct device_key){false, nr_view(old)};
    return made;
}
