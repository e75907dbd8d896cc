#include <criterion/criterion.h>

#include "functions/push/device_rule.h"

#define NOW INT64_C(1000000)

/* What the registry has: user 17's row, last registered at 500. */
static struct device_row row_of(enum device_standing standing, const char *user)
{
    return (struct device_row){.standing = standing,
                               .device_id = 7,
                               .version = 3,
                               .user = nr_view(user),
                               .platform = NR_VIEW("ios"),
                               .installation_id = NR_VIEW("i7"),
                               .registered_unix_ms = standing == DEVICE_ABSENT ? 0 : 500};
}

static struct device_message message_of(enum device_action action, const char *user, int64_t at_unix_ms)
{
    return (struct device_message){.action = action,
                                   .app_id = NR_VIEW("default"),
                                   .device = {false, NR_VIEW("r1")},
                                   .user = nr_view(user),
                                   .platform = nr_view(action == DEVICE_REGISTER ? "android" : NULL),
                                   .at_unix_ms = at_unix_ms};
}

enum {
    A = DEVICE_ABSENT,
    ACTIVE = DEVICE_ACTIVE,
    OUT = DEVICE_SIGNED_OUT,
    OLD = DEVICE_SUPERSEDED,
    GONE = DEVICE_LAPSED
};
enum { NONE = DEVICE_WRITE_NOTHING, INSERT = DEVICE_WRITE_INSERT, UPDATE = DEVICE_WRITE_UPDATE };
enum { KEEP = DEVICE_TOPICS_KEEP, DROP = DEVICE_TOPICS_DROP, REARM = DEVICE_TOPICS_REARM };

/* Every transition of one row: the row before, the message, what it becomes. */
static const struct {
    int action, standing;
    const char *had, *user; /* who the row is of, and who the message says */
    int64_t at;
    int outcome, write, is_alive, sets_user, topics;
} rows[] = {
    {DEVICE_REGISTER, A, NULL, "17", 600, DEVICE_REGISTERED, INSERT, 1, 1, KEEP},
    {DEVICE_REGISTER, A, NULL, NULL, 600, DEVICE_REGISTERED, INSERT, 1, 1, KEEP},
    {DEVICE_REGISTER, ACTIVE, "17", "17", 600, DEVICE_REFRESHED, UPDATE, 1, 1, REARM},
    {DEVICE_REGISTER, ACTIVE, "17", "17", 500, DEVICE_REFRESHED, UPDATE, 1, 1, REARM}, /* the same again */
    {DEVICE_REGISTER, ACTIVE, NULL, "17", 600, DEVICE_REFRESHED, UPDATE, 1, 1, REARM}, /* signs in */
    {DEVICE_REGISTER, ACTIVE, "17", "18", 600, DEVICE_MOVED, UPDATE, 1, 1, DROP},
    {DEVICE_REGISTER, ACTIVE, "17", NULL, 600, DEVICE_MOVED, UPDATE, 1, 1, DROP},
    {DEVICE_REGISTER, ACTIVE, "17", "18", 499, DEVICE_OUTDATED, NONE, 0, 0, KEEP},
    {DEVICE_REGISTER, OUT, NULL, "17", 600, DEVICE_REACTIVATED, UPDATE, 1, 1, REARM},
    {DEVICE_REGISTER, OUT, NULL, "17", 499, DEVICE_OUTDATED, NONE, 0, 0, KEEP},
    {DEVICE_REGISTER, OLD, "17", "17", 600, DEVICE_REACTIVATED, UPDATE, 1, 1, REARM},
    {DEVICE_REGISTER, GONE, "17", "17", 600, DEVICE_REACTIVATED, UPDATE, 1, 1, REARM},
    {DEVICE_REGISTER, GONE, "17", "18", 600, DEVICE_MOVED, UPDATE, 1, 1, DROP},
    {DEVICE_REFRESH, A, NULL, NULL, 600, DEVICE_UNKNOWN, NONE, 0, 0, KEEP},
    {DEVICE_REFRESH, ACTIVE, "17", NULL, 600, DEVICE_REFRESHED, UPDATE, 1, 0, REARM},
    {DEVICE_REFRESH, ACTIVE, "17", NULL, 499, DEVICE_OUTDATED, NONE, 0, 0, KEEP},
    {DEVICE_REFRESH, GONE, "17", NULL, 600, DEVICE_REACTIVATED, UPDATE, 1, 0, REARM},
    {DEVICE_REFRESH, OUT, NULL, NULL, 600, DEVICE_IGNORED, NONE, 0, 0, KEEP}, /* nobody is signed in */
    {DEVICE_REFRESH, OLD, "17", NULL, 600, DEVICE_IGNORED, NONE, 0, 0, KEEP},
    {DEVICE_UNREGISTER, A, NULL, NULL, 600, DEVICE_UNKNOWN, NONE, 0, 0, KEEP},
    {DEVICE_UNREGISTER, ACTIVE, "17", NULL, 600, DEVICE_UNREGISTERED, UPDATE, 0, 1, DROP},
    {DEVICE_UNREGISTER, ACTIVE, "17", NULL, 499, DEVICE_OUTDATED, NONE, 0, 0, KEEP},
    {DEVICE_UNREGISTER, OUT, NULL, NULL, 600, DEVICE_UNREGISTERED, UPDATE, 0, 1, DROP},
    {DEVICE_UNREGISTER, GONE, "17", NULL, 600, DEVICE_UNREGISTERED, UPDATE, 0, 1, DROP},
    {DEVICE_SUBSCRIBE, A, NULL, NULL, 600, DEVICE_UNKNOWN, NONE, 0, 0, KEEP},
    {DEVICE_SUBSCRIBE, ACTIVE, "17", NULL, 600, DEVICE_SUBSCRIBED, UPDATE, 1, 0, KEEP},
    {DEVICE_SUBSCRIBE, ACTIVE, "17", NULL, 499, DEVICE_SUBSCRIBED, UPDATE, 1, 0,
     KEEP}, /* each topic has its time */
    {DEVICE_SUBSCRIBE, OUT, NULL, NULL, 600, DEVICE_IGNORED, NONE, 0, 0, KEEP},
    {DEVICE_SUBSCRIBE, GONE, "17", NULL, 600, DEVICE_IGNORED, NONE, 0, 0, KEEP},
    {DEVICE_UNSUBSCRIBE, A, NULL, NULL, 600, DEVICE_UNKNOWN, NONE, 0, 0, KEEP},
    {DEVICE_UNSUBSCRIBE, ACTIVE, "17", NULL, 600, DEVICE_UNSUBSCRIBED, UPDATE, 1, 0, KEEP},
    {DEVICE_UNSUBSCRIBE, GONE, "17", NULL, 600, DEVICE_UNSUBSCRIBED, UPDATE, 0, 0, KEEP},
    {DEVICE_UNSUBSCRIBE, OUT, NULL, NULL, 600, DEVICE_UNSUBSCRIBED, UPDATE, 0, 0, KEEP},
};

Test(device_rule, every_transition_of_a_row)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct device_row old = {.standing = DEVICE_ABSENT};
        struct device_row row = row_of((enum device_standing)rows[i].standing, rows[i].had);
        struct device_message message =
            message_of((enum device_action)rows[i].action, rows[i].user, rows[i].at);
        struct device_change got = device_rule_decide(&message, &row, &old, 0, NOW);

        cr_expect_str_eq(device_outcome_name(got.outcome),
                         device_outcome_name((enum device_outcome)rows[i].outcome), "row %zu", i);
        cr_expect_eq((int)got.write, rows[i].write, "row %zu: write %d", i, got.write);
        cr_expect_eq((int)got.is_alive, rows[i].is_alive, "row %zu: is_alive %d", i, got.is_alive);
        cr_expect_eq((int)got.sets_user, rows[i].sets_user, "row %zu: sets_user %d", i, got.sets_user);
        cr_expect_eq((int)got.topics, rows[i].topics, "row %zu: topics %d", i, got.topics);
        cr_expect_not(got.ends_old);
    }
}

/* Every case of a replacement: the new row, the old one, what they become. */
static const struct {
    int standing;
    const char *had;
    int old_standing;
    const char *old_user;
    const char *user, *platform; /* of the message */
    int64_t at;
    int outcome, write, ends_old, topics;
    const char *becomes; /* user afterwards */
} replacements[] = {
    {A, NULL, ACTIVE, "17", NULL, NULL, 600, DEVICE_REPLACED, INSERT, 1, REARM, "17"},
    {A, NULL, ACTIVE, "17", "18", NULL, 600, DEVICE_REPLACED, INSERT, 1, REARM, "18"},
    {A, NULL, GONE, "17", NULL, NULL, 600, DEVICE_REPLACED, INSERT, 1, REARM, "17"}, /* FCM was faster */
    {A, NULL, OUT, NULL, NULL, NULL, 600, DEVICE_IGNORED, NONE, 0, KEEP, NULL},
    {A, NULL, OLD, "17", NULL, NULL, 600, DEVICE_REPLACED, INSERT, 1, REARM, "17"},
    {ACTIVE, "17", ACTIVE, "17", NULL, NULL, 600, DEVICE_REPLACED, UPDATE, 1, REARM, "17"},
    {ACTIVE, "18", ACTIVE, "17", NULL, NULL, 600, DEVICE_REPLACED, UPDATE, 1, DROP, "17"},
    {ACTIVE, "17", OLD, "17", NULL, NULL, 600, DEVICE_REFRESHED, NONE, 0, KEEP, NULL}, /* the same again */
    {OLD, "17", ACTIVE, "17", NULL, NULL, 600, DEVICE_REPLACED, UPDATE, 1, REARM, "17"},
    {A, NULL, ACTIVE, "17", NULL, NULL, 499, DEVICE_OUTDATED, NONE, 0, KEEP, NULL},
    {ACTIVE, "17", GONE, "17", NULL, NULL, 499, DEVICE_OUTDATED, NONE, 0, KEEP, NULL},
    {A, NULL, A, NULL, NULL, NULL, 600, DEVICE_UNKNOWN, NONE, 0, KEEP, NULL},
    {A, NULL, A, NULL, "17", "ios", 600, DEVICE_REGISTERED, INSERT, 0, KEEP, "17"},
    {ACTIVE, "17", A, NULL, NULL, NULL, 600, DEVICE_REFRESHED, UPDATE, 0, REARM, NULL},
    {ACTIVE, "17", A, NULL, "18", NULL, 600, DEVICE_MOVED, UPDATE, 0, DROP, "18"},
};

Test(device_rule, every_case_of_a_replacement)
{
    for (size_t i = 0; i < sizeof(replacements) / sizeof(replacements[0]); i++) {
        struct device_row row = row_of((enum device_standing)replacements[i].standing, replacements[i].had);
        struct device_row old =
            row_of((enum device_standing)replacements[i].old_standing, replacements[i].old_user);
        struct device_message message = message_of(DEVICE_REPLACE, replacements[i].user, replacements[i].at);
        struct device_change got;

        message.platform = nr_view(replacements[i].platform);
        got = device_rule_decide(&message, &row, &old, 0, NOW);

        cr_expect_str_eq(device_outcome_name(got.outcome),
                         device_outcome_name((enum device_outcome)replacements[i].outcome), "case %zu", i);
        cr_expect_eq((int)got.write, replacements[i].write, "case %zu: write %d", i, got.write);
        cr_expect_eq((int)got.ends_old, replacements[i].ends_old, "case %zu: ends_old", i);
        cr_expect_eq((int)got.topics, replacements[i].topics, "case %zu: topics %d", i, got.topics);
        cr_expect(nr_view_is(got.user, nr_view(replacements[i].becomes)), "case %zu: user \"%.*s\"", i,
                  NR_VIEW_ARG(got.user));
    }
}

Test(device_rule, a_new_registration_inherits_what_the_message_leaves_out)
{
    struct device_row absent = row_of(DEVICE_ABSENT, NULL), old = row_of(DEVICE_ACTIVE, "17");
    struct device_message message = message_of(DEVICE_REPLACE, NULL, 600);

    struct device_change got = device_rule_decide(&message, &absent, &old, 0, NOW);

    cr_expect(nr_view_is(got.platform, NR_VIEW("ios")));
    cr_expect(nr_view_is(got.installation_id, NR_VIEW("i7")));
}

Test(device_rule, time_is_the_clients_then_the_queues_then_now_and_never_later)
{
    static const struct {
        int64_t said, sent, wanted;
    } times[] = {{600, 700, 600}, {0, 700, 700}, {0, 0, NOW}, {NOW + 1, 0, NOW}, {0, NOW + 1, NOW}};
    const struct device_row absent = {.standing = DEVICE_ABSENT};

    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        struct device_message message = message_of(DEVICE_REGISTER, NULL, times[i].said);

        cr_expect_eq(device_rule_decide(&message, &absent, &absent, times[i].sent, NOW).at_unix_ms,
                     times[i].wanted);
    }
}

Test(device_rule, every_outcome_has_a_name)
{
    for (int i = 0; i < DEVICE_N_OUTCOMES; i++)
        cr_expect(device_outcome_name((enum device_outcome)i)[0]);
    cr_expect_str_eq(device_outcome_name(DEVICE_N_OUTCOMES), "unknown");
}
