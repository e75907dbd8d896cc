#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "functions/snapshot/slot.h"

#define NIGHT 1795539600 /* 2026-11-24T17:00:00Z */

static const char *name_of(const char *prefix, const char *cluster, const char *resource, int64_t slot,
                           int retry)
{
    static char name[SLOT_NAME_MAX_BYTES + 1];
    struct nr_err err = {0};
    struct slot_subject subject = {nr_view(prefix), nr_view(cluster), nr_view(resource)};

    cr_assert_eq(slot_name(&subject, slot, retry, name, &err), 0, "%s", err.message);
    return name;
}

Test(slot, floors_to_its_step)
{
    cr_expect_eq(slot_floor(NIGHT + 49, 60), NIGHT);
    cr_expect_eq(slot_floor(NIGHT, 60), NIGHT);
    cr_expect_eq(slot_floor(NIGHT + 3599, 3600), NIGHT);
    cr_expect_eq(slot_floor(-1, 60), -60);
}

Test(slot, names_a_snapshot_by_prefix_cluster_and_slot)
{
    cr_expect_str_eq(name_of("narae", "orders", "cluster-A", NIGHT, 1), "narae-orders-20261124t1700z");
    cr_expect_str_eq(name_of("narae", "Orders", "cluster-A", NIGHT, 0), "narae-orders-20261124t1700z");
    cr_expect_str_eq(name_of("narae", "orders", "cluster-A", NIGHT, 2), "narae-orders-20261124t1700z-r2");
    cr_expect_str_eq(name_of("narae", "orders", "cluster-A", NIGHT, 9), "narae-orders-20261124t1700z-r9");
}

Test(slot, cuts_a_long_cluster_id_and_adds_a_hash_of_the_resource)
{
    /* 39 characters fit beside "narae-" into the 45 of a stem. */
    cr_expect_str_eq(name_of("narae", "abcdefghijabcdefghijabcdefghijabcdefghi", "cluster-A", NIGHT, 1),
                     "narae-abcdefghijabcdefghijabcdefghijabcdefghi-20261124t1700z");
    /* printf cluster-A | sha256sum */
    cr_expect_str_eq(name_of("narae", "abcdefghijabcdefghijabcdefghijabcdefghij", "cluster-A", NIGHT, 1),
                     "narae-abcdefghijabcdefghijabcdefghij-78ee5469-20261124t1700z");
    cr_expect_str_neq(name_of("narae", "abcdefghijabcdefghijabcdefghijabcdefghij", "cluster-B", NIGHT, 1),
                      "narae-abcdefghijabcdefghijabcdefghij-78ee5469-20261124t1700z");
    /* A head that would end in a hyphen. */
    cr_expect_null(strstr(
        name_of("narae", "abcdefghijabcdefghijabcdefghi-abcdefghijabcdefghijabcdefghij", "r", NIGHT, 1),
        "--"));
}

/* --- properties ----------------------------------------------------------------------------------------- */

static unsigned seed = 20261124;

static size_t below(size_t n)
{
    seed = seed * 1103515245 + 12345;
    return (seed >> 8) % n;
}

static void random_word(char *out, size_t max_len)
{
    static const char chars[] = "abcdefghijklmnopqrstuvwxyz0123456789----";
    size_t len = 1 + below(max_len);

    for (size_t i = 0; i < len; i++)
        out[i] = i ? chars[below(sizeof(chars) - 1)] : chars[below(26)];
    for (size_t i = 1; i < len; i++)
        if (out[i] == '-' && (out[i - 1] == '-' || i + 1 == len))
            out[i] = 'x';
    out[len] = '\0';
}

static void expect_valid(const char *name)
{
    size_t len = strlen(name);

    cr_assert(len >= 1 && len <= 63, "%s", name);
    cr_assert(islower((unsigned char)name[0]) && name[len - 1] != '-' && !strstr(name, "--"), "%s", name);
    for (size_t i = 0; i < len; i++)
        cr_assert(islower((unsigned char)name[i]) || isdigit((unsigned char)name[i]) || name[i] == '-', "%s",
                  name);
}

Test(slot, gives_valid_and_different_names_whatever_the_cluster_and_the_slot)
{
    for (int round = 0; round < 20000; round++) {
        char prefix[32];
        char cluster[2][80];
        char resource[2][192];
        char names[2][64];
        int64_t slots[2] = {(int64_t)below(1U << 24) * 60, (int64_t)below(1U << 24) * 60};

        random_word(prefix, SLOT_PREFIX_MAX_BYTES);
        for (int i = 0; i < 2; i++) {
            random_word(cluster[i], 63);
            snprintf(resource[i], sizeof(resource[i]), "cluster-%s", cluster[i]);
            snprintf(names[i], sizeof(names[i]), "%s",
                     name_of(prefix, cluster[i], resource[i], slots[0], (int)below(4)));
            expect_valid(names[i]);
            cr_assert(slot_is_named(nr_view(names[i]), slots[0]), "%s", names[i]);
            cr_assert(slots[0] == slots[1] || !slot_is_named(nr_view(names[i]), slots[1]));
        }
        cr_assert_str_eq(name_of(prefix, cluster[0], resource[0], slots[0], 1),
                         name_of(prefix, cluster[0], resource[0], slots[0], 1));
        snprintf(names[0], sizeof(names[0]), "%s", name_of(prefix, cluster[0], resource[0], slots[0], 1));
        if (strcmp(cluster[0], cluster[1]) != 0)
            cr_assert_str_neq(names[0], name_of(prefix, cluster[1], resource[1], slots[0], 1));
        if (slots[0] != slots[1])
            cr_assert_str_neq(names[0], name_of(prefix, cluster[0], resource[0], slots[1], 1));
    }
}

Test(slot, cuts_at_the_same_place_for_every_retry)
{
    for (int round = 0; round < 2000; round++) {
        char cluster[80];
        char first[64];

        random_word(cluster, 63);
        snprintf(first, sizeof(first), "%s", name_of("narae", cluster, "cluster-A", NIGHT, 1));
        cr_assert_eq(strncmp(name_of("narae", cluster, "cluster-A", NIGHT, 3), first, strlen(first)), 0);
    }
}

Test(slot, knows_whether_a_name_is_of_a_slot)
{
    cr_expect(slot_is_named(NR_VIEW("narae-orders-20261124t1700z"), NIGHT));
    cr_expect(slot_is_named(NR_VIEW("other-orders-20261124t1700z-r2"), NIGHT));
    cr_expect_not(slot_is_named(NR_VIEW("narae-orders-20261124t1701z"), NIGHT));
    cr_expect_not(slot_is_named(NR_VIEW("before-migration"), NIGHT));
    cr_expect_not(slot_is_named(NR_VIEW("-20261124t1700z"), NIGHT));
    cr_expect_not(slot_is_named(NR_VIEW("-r2"), NIGHT));
    cr_expect_not(slot_is_named(NR_VIEW(""), NIGHT));
}

Test(slot, writes_its_time_for_the_tag)
{
    char text[SLOT_TEXT_BYTES];

    slot_text(NIGHT, text);
    cr_expect_str_eq(text, "2026-11-24T17:00:00Z");
}
