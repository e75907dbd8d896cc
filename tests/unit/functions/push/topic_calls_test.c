#include <criterion/criterion.h>

#include "functions/push/topic_calls.h"
#include "functions/push/topic_iid.h"

static struct topic_calls calls;
static struct nr_err err;

static struct topic_row row(const char *registration, const char *topic, bool is_wanted, bool is_fid)
{
    return (struct topic_row){.device_id = 1,
                              .topic = nr_view(topic),
                              .is_wanted = is_wanted,
                              .is_fid = is_fid,
                              .registration = nr_view(registration)};
}

static void tear_down(void)
{
    topic_calls_done(&calls);
}

TestSuite(topic_calls, .fini = tear_down);

static void expect_call(size_t i, const char *method, const char *path, const char *body, size_t n)
{
    cr_assert(i < calls.n);
    cr_expect(nr_view_is(calls.items[i].method, nr_view(method)), "%.*s", NR_VIEW_ARG(calls.items[i].method));
    cr_expect(nr_view_is(calls.items[i].path, nr_view(path)), "%.*s", NR_VIEW_ARG(calls.items[i].path));
    cr_expect(nr_view_is(calls.items[i].body, nr_view(body)), "%.*s", NR_VIEW_ARG(calls.items[i].body));
    cr_expect_eq(calls.items[i].n, n);
}

Test(topic_calls, one_call_a_row)
{
    const struct topic_row rows[] = {row("r1", "news", true, false), row("f1", "news", false, true)};

    cr_assert_eq(topic_calls_make(rows, 2, "demo", false, &calls, &err), 0, "%s", err.message);

    cr_expect_eq(calls.n, 2);
    expect_call(0, "PATCH", "/v1/projects/demo/registrations/r1/topicSubscriptions/news?allow_missing=true",
                "{}", 1);
    expect_call(1, "DELETE", "/v1/projects/demo/registrations/f1/topicSubscriptions/news?allow_missing=true",
                "", 1);
}

Test(topic_calls, one_batch_a_topic_and_direction_and_fids_apart)
{
    const struct topic_row rows[] = {row("r1", "news", true, false), row("f1", "news", true, true),
                                     row("r2", "sport", true, false), row("r3", "news", true, false),
                                     row("r4", "news", false, false)};

    cr_assert_eq(topic_calls_make(rows, 5, "demo", true, &calls, &err), 0, "%s", err.message);

    cr_expect_eq(calls.n, 4);
    expect_call(0, "POST", "/iid/v1:batchRemove",
                "{\"to\":\"/topics/news\",\"registration_tokens\":[\"r4\"]}", 1);
    cr_expect_eq(calls.items[1].n, 2);
    cr_expect(calls.order[calls.items[1].first]->is_wanted);
    cr_expect(calls.items[1].is_iid);
    expect_call(2, "POST", "/iid/v1:batchAdd", "{\"to\":\"/topics/sport\",\"registration_tokens\":[\"r2\"]}",
                1);
    expect_call(3, "PATCH", "/v1/projects/demo/registrations/f1/topicSubscriptions/news?allow_missing=true",
                "{}", 1);
    cr_expect_not(calls.items[3].is_iid);
}

Test(topic_calls, no_batch_has_more_tokens_than_the_api_takes)
{
    static struct topic_row rows[TOPIC_IID_TOKENS_MAX + 1];

    for (size_t i = 0; i < TOPIC_IID_TOKENS_MAX + 1; i++)
        rows[i] = row("r", "news", true, false);
    cr_assert_eq(topic_calls_make(rows, TOPIC_IID_TOKENS_MAX + 1, "demo", true, &calls, &err), 0);

    cr_expect_eq(calls.n, 2);
    cr_expect_eq(calls.items[0].n, TOPIC_IID_TOKENS_MAX);
    cr_expect_eq(calls.items[1].n, 1);
}
