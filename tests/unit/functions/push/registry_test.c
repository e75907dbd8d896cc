/* Device messages against a real registry: what each leaves behind in rows and topics, and who wins a
 * race. */
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include <narae/clock.h>

#include "functions/push/registry.h"
#include "tests/support/device_messages.h"
#include "tests/support/test_database.h"

static struct test_database database;
static struct nr_pg *pg;
static struct nr_err err;
static json_t *topics;

static struct nr_pg *connect_once(void)
{
    struct nr_pg *made = NULL;

    cr_assert_eq(nr_pg_new(&(struct nr_pg_options){.setting = "NARAE_DATABASE", .conninfo = database.uri},
                           &made, &err),
                 0, "%s", err.message);
    return made;
}

static void set_up(void)
{
    test_database_init(&database, "functions/push/schema.sql");
    pg = connect_once();
    topics = json_pack("[s,s]", "news", "sport");
}

static void tear_down(void)
{
    json_decref(topics);
    nr_pg_free(pg);
    test_database_done(&database);
}

TestSuite(registry, .init = set_up, .fini = tear_down, .timeout = 60);

/* --- messages */

static struct device_message about_topics(enum device_action action, const char *registration, int64_t at)
{
    struct device_message made = device_message_of(action, registration, at);

    made.topics = topics;
    return made;
}

static const char *apply(struct device_message one)
{
    struct registry_item item = {.message = &one};
    struct registry_item *items[] = {&item};

    nr_err_reset(&err);
    cr_assert_eq(registry_apply(pg, items, 1, DEVICE_MESSAGE_NOW, NR_CLOCK_NEVER_MS, &err), 0, "%s",
                 err.message);
    cr_assert(item.is_done);
    return device_outcome_name(item.change.outcome);
}

/* --- what the registry has, in few words */

static const char *device(const char *registration)
{
    char sql[512];

    snprintf(sql, sizeof(sql),
             "select coalesce(user_id, '-') || ' ' || platform || ' ' || status || ' ' || "
             "coalesce(inactive_reason, '-') || ' v' || version from narae_push.device "
             "where registration = '%s'",
             registration);
    return test_database_text(&database, sql);
}

static const char *topics_of(const char *registration)
{
    char sql[512];

    snprintf(sql, sizeof(sql),
             "select string_agg(topic || ':' || state || case when is_wanted then '+' else '-' end, ' ' "
             "order by topic) from narae_push.topic join narae_push.device using (device_id) "
             "where registration = '%s'",
             registration);
    return test_database_text(&database, sql);
}

static void settle_all(void)
{
    test_database_run(&database, "update narae_push.topic set state = case state when 'wanted' then 'active' "
                                 "when 'removing' then 'removed' else state end");
}

/* --- rows */

Test(registry, a_registration_appears_is_refreshed_and_moves_to_who_signs_in)
{
    cr_expect_str_eq(apply(device_message_registering("r1", "17", DEVICE_MESSAGE_AT(1))), "registered");
    cr_expect_str_eq(device("r1"), "17 android active - v1");

    cr_expect_str_eq(apply(device_message_registering("r1", "17", DEVICE_MESSAGE_AT(2))), "refreshed");
    cr_expect_str_eq(device("r1"), "17 android active - v2");

    cr_expect_str_eq(apply(device_message_registering("r1", "18", DEVICE_MESSAGE_AT(3))), "moved");
    cr_expect_str_eq(device("r1"), "18 android active - v3");
    cr_expect_str_eq(test_database_text(&database, "select count(*) from narae_push.device"), "1");
}

Test(registry, an_older_registration_that_comes_late_changes_nothing)
{
    apply(device_message_registering("r1", "18", DEVICE_MESSAGE_AT(3)));

    cr_expect_str_eq(apply(device_message_registering("r1", "17", DEVICE_MESSAGE_AT(2))), "outdated");
    cr_expect_str_eq(apply(device_message_of(DEVICE_UNREGISTER, "r1", DEVICE_MESSAGE_AT(2))), "outdated");

    cr_expect_str_eq(device("r1"), "18 android active - v1");
}

Test(registry, kinds_and_apps_are_registrations_of_their_own)
{
    struct device_message fid = device_message_registering("r1", "17", DEVICE_MESSAGE_AT(1)), other = fid;

    fid.device.is_fid = true;
    other.app_id = NR_VIEW("chat");
    apply(device_message_registering("r1", "17", DEVICE_MESSAGE_AT(1)));

    cr_expect_str_eq(apply(fid), "registered");
    cr_expect_str_eq(apply(other), "registered");

    cr_expect_str_eq(
        test_database_text(&database,
                           "select string_agg(app_id || ' ' || kind, ',' order by 1) from "
                           "(select app_id, kind from narae_push.device order by app_id, kind) as x"),
        "chat token,default fid,default token");
}

Test(registry, a_sign_of_life_brings_back_what_lapsed_but_not_what_signed_out)
{
    apply(device_message_registering("r1", "17", DEVICE_MESSAGE_AT(1)));
    test_database_run(&database, "update narae_push.device set status = 'inactive', inactive_reason = "
                                 "'unregistered', inactive_at = now()");
    cr_expect_str_eq(apply(device_message_of(DEVICE_REFRESH, "r1", DEVICE_MESSAGE_AT(2))), "reactivated");
    cr_expect_str_eq(device("r1"), "17 android active - v2");

    cr_expect_str_eq(apply(device_message_of(DEVICE_UNREGISTER, "r1", DEVICE_MESSAGE_AT(3))), "unregistered");
    cr_expect_str_eq(device("r1"), "- android inactive logout v3");
    cr_expect_str_eq(apply(device_message_of(DEVICE_REFRESH, "r1", DEVICE_MESSAGE_AT(4))), "ignored");
    cr_expect_str_eq(device("r1"), "- android inactive logout v3");

    cr_expect_str_eq(apply(device_message_registering("r1", "18", DEVICE_MESSAGE_AT(5))), "reactivated");
    cr_expect_str_eq(device("r1"), "18 android active - v4");
}

Test(registry, the_last_sign_of_life_is_the_clients_time)
{
    apply(device_message_registering("r1", "17", DEVICE_MESSAGE_AT(1)));
    apply(device_message_of(DEVICE_REFRESH, "r1", DEVICE_MESSAGE_AT(9)));
    apply(device_message_of(DEVICE_REFRESH, "r1", DEVICE_MESSAGE_AT(5)));

    cr_expect_str_eq(
        test_database_text(&database,
                           "select (extract(epoch from refreshed_at) * 1000)::bigint || ' ' || "
                           "(extract(epoch from registered_at) * 1000)::bigint from narae_push.device"),
        "1793491209000 1793491201000");
}

Test(registry, what_is_not_known_is_said_to_be)
{
    cr_expect_str_eq(apply(device_message_of(DEVICE_REFRESH, "r1", DEVICE_MESSAGE_AT(1))), "unknown");
    cr_expect_str_eq(apply(device_message_of(DEVICE_UNREGISTER, "r1", DEVICE_MESSAGE_AT(1))), "unknown");
    cr_expect_str_eq(apply(about_topics(DEVICE_SUBSCRIBE, "r1", DEVICE_MESSAGE_AT(1))), "unknown");
    cr_expect_str_eq(apply(device_message_replacing("r1", "r0", DEVICE_MESSAGE_AT(1))), "unknown");
    cr_expect_str_eq(test_database_text(&database, "select count(*) from narae_push.device"), "0");
}

/* --- topics */

Test(registry, topics_are_wishes_with_a_state)
{
    apply(device_message_registering("r1", "17", DEVICE_MESSAGE_AT(1)));

    cr_expect_str_eq(apply(about_topics(DEVICE_SUBSCRIBE, "r1", DEVICE_MESSAGE_AT(2))), "subscribed");
    cr_expect_str_eq(topics_of("r1"), "news:wanted+ sport:wanted+");
    settle_all();

    apply(about_topics(DEVICE_SUBSCRIBE, "r1", DEVICE_MESSAGE_AT(3)));
    cr_expect_str_eq(topics_of("r1"), "news:active+ sport:active+", "what is there is not asked for again");

    cr_expect_str_eq(apply(about_topics(DEVICE_UNSUBSCRIBE, "r1", DEVICE_MESSAGE_AT(4))), "unsubscribed");
    cr_expect_str_eq(topics_of("r1"), "news:removing- sport:removing-");
    settle_all();

    apply(about_topics(DEVICE_SUBSCRIBE, "r1", DEVICE_MESSAGE_AT(2)));
    cr_expect_str_eq(topics_of("r1"), "news:removed- sport:removed-", "an older wish that comes late");
}

Test(registry, a_topic_that_is_active_for_a_month_is_asked_for_again)
{
    apply(device_message_registering("r1", "17", DEVICE_MESSAGE_AT(1)));
    apply(about_topics(DEVICE_SUBSCRIBE, "r1", DEVICE_MESSAGE_AT(2)));
    settle_all();
    test_database_run(&database, "update narae_push.topic set settled_at = now() - interval '31 days' "
                                 "where topic = 'news'");

    apply(device_message_of(DEVICE_REFRESH, "r1", DEVICE_MESSAGE_AT(3)));

    cr_expect_str_eq(topics_of("r1"), "news:wanted+ sport:active+");
}

Test(registry, who_signs_in_does_not_get_the_topics_of_who_was_there)
{
    struct device_message other = device_message_registering("r1", "18", DEVICE_MESSAGE_AT(3));
    json_t *own = json_pack("[s]", "news");

    apply(device_message_registering("r1", "17", DEVICE_MESSAGE_AT(1)));
    apply(about_topics(DEVICE_SUBSCRIBE, "r1", DEVICE_MESSAGE_AT(2)));
    settle_all();
    other.topics = own;

    apply(other);

    cr_expect_str_eq(topics_of("r1"), "news:active+ sport:removing-");
    json_decref(own);
}

Test(registry, signing_out_drops_the_topics)
{
    apply(device_message_registering("r1", "17", DEVICE_MESSAGE_AT(1)));
    apply(about_topics(DEVICE_SUBSCRIBE, "r1", DEVICE_MESSAGE_AT(2)));
    settle_all();

    apply(device_message_of(DEVICE_UNREGISTER, "r1", DEVICE_MESSAGE_AT(3)));

    cr_expect_str_eq(topics_of("r1"), "news:removing- sport:removing-");
}

Test(registry, a_replaced_registration_inherits_user_and_topics)
{
    apply(device_message_registering("r1", "17", DEVICE_MESSAGE_AT(1)));
    apply(about_topics(DEVICE_SUBSCRIBE, "r1", DEVICE_MESSAGE_AT(2)));
    settle_all();

    cr_expect_str_eq(apply(device_message_replacing("r2", "r1", DEVICE_MESSAGE_AT(3))), "replaced");

    cr_expect_str_eq(device("r1"), "17 android inactive replaced v3");
    cr_expect_str_eq(device("r2"), "17 android active - v1");
    cr_expect_str_eq(topics_of("r1"), "news:removing- sport:removing-");
    cr_expect_str_eq(topics_of("r2"), "news:wanted+ sport:wanted+");

    cr_expect_str_eq(apply(device_message_replacing("r2", "r1", DEVICE_MESSAGE_AT(3))), "refreshed",
                     "the same message again");
    cr_expect_str_eq(device("r2"), "17 android active - v1");
    cr_expect_str_eq(topics_of("r2"), "news:wanted+ sport:wanted+");
}

/* FCM may call the old registration dead before its client says what replaces it. */
Test(registry, the_topics_of_a_dead_registration_pass_on_as_well)
{
    apply(device_message_registering("r1", "17", DEVICE_MESSAGE_AT(1)));
    apply(about_topics(DEVICE_SUBSCRIBE, "r1", DEVICE_MESSAGE_AT(2)));
    test_database_run(&database, "update narae_push.topic set state = 'removed'");
    test_database_run(&database, "update narae_push.device set status = 'inactive', inactive_reason = "
                                 "'unregistered', inactive_at = now()");

    cr_expect_str_eq(apply(device_message_replacing("r2", "r1", DEVICE_MESSAGE_AT(3))), "replaced");

    cr_expect_str_eq(topics_of("r2"), "news:wanted+ sport:wanted+");
}

Test(registry, a_wish_that_was_dropped_on_a_dead_registration_does_not_pass_on)
{
    apply(device_message_registering("r1", "17", DEVICE_MESSAGE_AT(1)));
    apply(about_topics(DEVICE_SUBSCRIBE, "r1", DEVICE_MESSAGE_AT(2)));
    test_database_run(&database, "update narae_push.device set status = 'inactive', inactive_reason = "
                                 "'unregistered', inactive_at = now()");
    cr_expect_str_eq(apply(about_topics(DEVICE_UNSUBSCRIBE, "r1", DEVICE_MESSAGE_AT(3))), "unsubscribed");

    apply(device_message_replacing("r2", "r1", DEVICE_MESSAGE_AT(4)));

    cr_expect_str_eq(topics_of("r2"), "");
}

Test(registry, a_registration_replaces_one_that_is_known_already)
{
    apply(device_message_registering("r1", "17", DEVICE_MESSAGE_AT(1)));
    apply(about_topics(DEVICE_SUBSCRIBE, "r1", DEVICE_MESSAGE_AT(2)));
    apply(device_message_registering("r2", "17", DEVICE_MESSAGE_AT(3)));

    cr_expect_str_eq(apply(device_message_replacing("r2", "r1", DEVICE_MESSAGE_AT(4))), "replaced");

    cr_expect_str_eq(device("r2"), "17 android active - v2");
    cr_expect_str_eq(topics_of("r2"), "news:wanted+ sport:wanted+");
}
