#include <criterion/criterion.h>

#include "functions/push/topic_iid.h"

Test(topic_iid, writes_a_request)
{
    struct nr_buf out;

    nr_buf_init(&out, 1000);
    topic_iid_begin(&out, NR_VIEW("news"));
    topic_iid_add(&out, NR_VIEW("t\"1"));
    topic_iid_add(&out, NR_VIEW("t2"));
    topic_iid_end(&out);

    cr_expect_str_eq(nr_buf_text(&out),
                     "{\"to\":\"/topics/news\",\"registration_tokens\":[\"t\\\"1\",\"t2\"]}");
    cr_expect(nr_view_is(topic_iid_path(true), NR_VIEW("/iid/v1:batchAdd")));
    cr_expect(nr_view_is(topic_iid_path(false), NR_VIEW("/iid/v1:batchRemove")));
    nr_buf_done(&out);
}

Test(topic_iid, judges_each_token_in_its_order)
{
    static const enum topics_verdict wanted[] = {TOPICS_DONE,    TOPICS_DEAD,  TOPICS_REFUSED, TOPICS_REFUSED,
                                                 TOPICS_REFUSED, TOPICS_LATER, TOPICS_LATER,   TOPICS_LATER,
                                                 TOPICS_LATER,   TOPICS_LATER};
    struct topics_answer got[10];

    topic_iid_judge(200,
                    NR_VIEW("{\"results\":[{},{\"error\":\"NOT_FOUND\"},{\"error\":\"INVALID_ARGUMENT\"},"
                            "{\"error\":\"TOO_MANY_TOPICS\"},{\"error\":\"PERMISSION_DENIED\"},"
                            "{\"error\":\"RESOURCE_EXHAUSTED\"},{\"error\":\"DEADLINE_EXCEEDED\"},"
                            "{\"error\":\"INTERNAL\"},{\"error\":\"UNKNOWN\"},{\"error\":\"NEVER_SEEN\"}]}"),
                    10, got);

    for (size_t i = 0; i < 10; i++)
        cr_expect_eq(got[i].verdict, wanted[i], "token %zu: %d", i, got[i].verdict);
    cr_expect_eq(got[5].floor_ms, 60000);
    cr_expect(got[5].is_slow);
}

/* What is said about a whole request is never about its tokens. */
Test(topic_iid, a_refused_request_kills_no_token)
{
    static const struct {
        int status;
        const char *body;
        enum topics_verdict verdict;
    } rows[] = {
        {400, "{\"error\":\"InvalidArgument\"}", TOPICS_LATER},
        {401, "", TOPICS_UNAUTHENTICATED},
        {403, "{\"error\":\"PERMISSION_DENIED\"}", TOPICS_STOP},
        {404, "{\"error\":\"NOT_FOUND\"}", TOPICS_STOP},
        {410, "", TOPICS_STOP},
        {429, "", TOPICS_LATER},
        {500, "", TOPICS_LATER},
        {503, "", TOPICS_LATER},
        {200, "not JSON", TOPICS_LATER},
        {200, "{\"results\":[{}]}", TOPICS_LATER}, /* one answer for two tokens */
        {200, "{\"results\":{}}", TOPICS_LATER},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct topics_answer got[2];

        topic_iid_judge(rows[i].status, nr_view(rows[i].body), 2, got);
        cr_expect_eq(got[0].verdict, rows[i].verdict, "%d %s: %d", rows[i].status, rows[i].body,
                     got[0].verdict);
        cr_expect_eq(got[1].verdict, rows[i].verdict);
    }
}

Test(topic_iid, ends_on_its_day)
{
    cr_expect(topic_iid_is_open(INT64_C(1822175999999))); /* 2027-09-28T23:59:59.999Z */
    cr_expect_not(topic_iid_is_open(INT64_C(1822176000000)));
}
