#include <criterion/criterion.h>

#include "functions/push/device_wave.h"

static struct device_message of(const char *app, bool is_fid, const char *registration)
{
    return (struct device_message){
        .action = DEVICE_REFRESH, .app_id = nr_view(app), .device = {is_fid, nr_view(registration)}};
}

static size_t len_of(const struct device_message *messages, size_t n)
{
    const struct device_message *pointers[8];

    for (size_t i = 0; i < n; i++)
        pointers[i] = &messages[i];
    return device_wave_len(pointers, n);
}

Test(device_wave, ends_before_a_registration_comes_again)
{
    const struct device_message messages[] = {of("a", false, "r1"), of("a", false, "r2"),
                                              of("a", false, "r1")};

    cr_expect_eq(len_of(messages, 3), 2);
    cr_expect_eq(len_of(messages + 1, 2), 2);
    cr_expect_eq(len_of(messages, 1), 1);
    cr_expect_eq(len_of(messages, 0), 0);
}

Test(device_wave, tells_apps_and_kinds_apart)
{
    const struct device_message messages[] = {of("a", false, "r1"), of("b", false, "r1"),
                                              of("a", true, "r1")};

    cr_expect_eq(len_of(messages, 3), 3);
}

Test(device_wave, counts_the_replaced_registration_too)
{
    struct device_message messages[] = {of("a", false, "r1"), of("a", false, "r2"), of("a", false, "r3")};

    messages[1].action = DEVICE_REPLACE;
    messages[1].replaces = (struct device_key){false, NR_VIEW("r1")};
    cr_expect_eq(len_of(messages, 3), 1);
    cr_expect_eq(len_of(messages + 1, 2), 2);
    messages[2].replaces = (struct device_key){false, NR_VIEW("r1")};
    cr_expect_eq(len_of(messages + 1, 2), 1);
}

Test(device_wave, is_never_longer_than_its_limit)
{
    static struct device_message messages[DEVICE_WAVE_MAX + 1];
    static const struct device_message *pointers[DEVICE_WAVE_MAX + 1];
    static char names[DEVICE_WAVE_MAX + 1][8];

    for (size_t i = 0; i < DEVICE_WAVE_MAX + 1; i++) {
        snprintf(names[i], sizeof(names[i]), "%zu", i);
        messages[i] = of("a", false, names[i]);
        pointers[i] = &messages[i];
    }

    cr_expect_eq(device_wave_len(pointers, DEVICE_WAVE_MAX + 1), DEVICE_WAVE_MAX);
}
