#include <criterion/criterion.h>

#include "functions/push/topics.h"

#define FCM_ERROR(code)                                                                                      \
    "{\"error\":{\"code\":0,\"message\":\"m\",\"status\":\"S\",\"details\":["                                \
    "{\"@type\":\"type.googleapis.com/google.rpc.BadRequest\",\"errorCode\":\"UNREGISTERED\"},"              \
    "{\"@type\":\"type.googleapis.com/google.firebase.fcm.v1.FcmError\",\"errorCode\":\"" code "\"}]}}"
#define PLAIN(status) "{\"error\":{\"code\":0,\"message\":\"m\",\"status\":\"" status "\"}}"

/* Every row: verdict, reason, floor of the wait, and whether everything slows down. */
static const struct {
    int status;
    const char *body;
    enum topics_verdict verdict;
    const char *reason;
    int64_t floor_ms;
    bool is_slow;
} answers[] = {
    {200, "{\"name\":\"n\"}", TOPICS_DONE, "", 0, false},
    {200, "", TOPICS_DONE, "", 0, false},
    {204, "", TOPICS_DONE, "", 0, false},
    {409, PLAIN("ALREADY_EXISTS"), TOPICS_DONE, "", 0, false},
    {409, PLAIN("ABORTED"), TOPICS_LATER, "conflict", 10000, false},
    {400, PLAIN("INVALID_ARGUMENT"), TOPICS_REFUSED, "invalid_argument", 0, false},
    {400, FCM_ERROR("INVALID_ARGUMENT"), TOPICS_REFUSED, "invalid_argument", 0, false},
    {401, PLAIN("UNAUTHENTICATED"), TOPICS_UNAUTHENTICATED, "unauthenticated", 10000, false},
    {403, FCM_ERROR("SENDER_ID_MISMATCH"), TOPICS_DEAD, "sender_id_mismatch", 0, false},
    {403, PLAIN("PERMISSION_DENIED"), TOPICS_STOP, "permission_denied", 10000, false},
    {404, FCM_ERROR("UNREGISTERED"), TOPICS_DEAD, "unregistered", 0, false},
    {404, PLAIN("NOT_FOUND"), TOPICS_LATER, "not_found", 10000, false},
    {404, "<html>404</html>", TOPICS_LATER, "not_found", 10000, false},
    {429, PLAIN("RESOURCE_EXHAUSTED"), TOPICS_LATER, "quota_exceeded", 60000, true},
    {429, "", TOPICS_LATER, "quota_exceeded", 60000, true},
    {500, PLAIN("INTERNAL"), TOPICS_LATER, "internal", 10000, false},
    {503, PLAIN("UNAVAILABLE"), TOPICS_LATER, "unavailable", 10000, true},
    {502, "<html>bad gateway</html>", TOPICS_LATER, "unavailable", 10000, false},
    {302, "", TOPICS_REFUSED, "unknown", 0, false},
};

Test(topics, judges_every_row_of_the_table)
{
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        struct topics_answer got = topics_judge(answers[i].status, nr_view(answers[i].body));

        cr_expect_eq(got.verdict, answers[i].verdict, "%d %s: got %d", answers[i].status, answers[i].body,
                     got.verdict);
        cr_expect_str_eq(got.reason, answers[i].reason);
        cr_expect_eq(got.floor_ms, answers[i].floor_ms, "%d %s", answers[i].status, answers[i].body);
        cr_expect_eq(got.is_slow, answers[i].is_slow, "%d %s", answers[i].status, answers[i].body);
    }
}

Test(topics, what_got_no_answer_is_asked_again)
{
    struct topics_answer got = topics_no_answer();

    cr_expect_eq(got.verdict, TOPICS_LATER);
    cr_expect_eq(got.floor_ms, 10000);
}

Test(topics, encodes_both_parts_of_a_path)
{
    struct nr_buf out;

    nr_buf_init(&out, TOPICS_PATH_MAX_BYTES);
    topics_path("demo", NR_VIEW("abc:APA91-x_y/z"), NR_VIEW("a%20b.~"), &out);

    cr_expect_str_eq(nr_buf_text(&out),
                     "/v1/projects/demo/registrations/abc%3AAPA91-x_y%2Fz/topicSubscriptions/"
                     "a%2520b.~?allow_missing=true");
    nr_buf_reset(&out);
    topics_list_path("demo", NR_VIEW("\xEB\x82\x98"), &out);
    cr_expect_str_eq(nr_buf_text(&out),
                     "/v1/projects/demo/registrations/%EB%82%98/topicSubscriptions?pageSize=2000");
    nr_buf_done(&out);
}

#define RANDOM_MAX UINT32_MAX

Test(topics, waits_at_least_the_floor_doubling_and_never_less_than_was_asked)
{
    const struct topics_answer later = topics_judge(500, nr_view(""));
    const struct topics_answer quota = topics_judge(429, nr_view(""));
    static const struct {
        bool is_quota;
        int64_t attempts, retry_after_ms;
        uint64_t random;
        int64_t from, to;
    } waits[] = {
        {false, 1, 0, 0, 10000, 10000},
        {false, 1, 0, RANDOM_MAX, 19000, 20000},
        {false, 3, 0, 0, 10000, 10000},
        {false, 3, 0, RANDOM_MAX, 49000, 50000},
        {false, 40, 0, RANDOM_MAX, 3600000, 3600000},
        {false, 1, 30000, 0, 30000, 30000},
        {false, 1, 1000, 0, 10000, 10000},
        {true, 1, 0, 0, 60000, 60000},
        {true, 1, 0, RANDOM_MAX, 119000, 120000},
        {true, 1, 3600000, RANDOM_MAX, 3600000, 3600000},
        {true, 1, INT64_C(999999999000), RANDOM_MAX, 3600000, 3600000}, /* 31 years */
    };

    for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
        int64_t got = topics_wait_ms(waits[i].is_quota ? &quota : &later, waits[i].attempts,
                                     waits[i].retry_after_ms, waits[i].random);

        cr_expect(got >= waits[i].from && got <= waits[i].to, "row %zu: %ld", i, (long)got);
    }
}

static int list(const char *body, json_t *names, bool *is_whole, struct nr_err *err)
{
    nr_err_reset(err);
    return topics_list_parse(nr_view(body), names, is_whole, err);
}

Test(topics, reads_a_list_in_both_spellings)
{
    json_t *names = json_array();
    struct nr_err err = {0};
    bool is_whole = false;

    cr_assert_eq(
        list("{\"topicSubscriptions\":[{\"name\":\"x\",\"topicName\":\"a\"}],\"nextPageToken\":\"p2\"}",
             names, &is_whole, &err),
        0, "%s", err.message);
    cr_expect_not(is_whole);
    cr_assert_eq(list("{\"topic_subscriptions\":[{\"topic_name\":\"b\"}],\"next_page_token\":\"\"}", names,
                      &is_whole, &err),
                 0, "%s", err.message);
    cr_expect(is_whole);
    cr_assert_eq(list("{}", names, &is_whole, &err), 0, "%s", err.message);
    cr_expect(is_whole);
    cr_expect_eq(json_array_size(names), 2);
    cr_expect_str_eq(json_string_value(json_array_get(names, 1)), "b");
    json_decref(names);
}

Test(topics, refuses_what_is_no_list)
{
    static const struct {
        const char *body, *wanted;
    } rows[] = {
        {"[]", "list: must be an object, is an array"},
        {"{\"topicSubscriptions\":{}}", "list.topicSubscriptions: must be an array, is an object"},
        {"{\"topicSubscriptions\":[{\"name\":\"x\"}]}",
         "list.topicSubscriptions[0].topic_name: missing; must be a string"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        json_t *names = json_array();
        struct nr_err err = {0};
        bool is_whole;

        cr_expect_eq(list(rows[i].body, names, &is_whole, &err), -1);
        cr_expect_str_eq(err.message, rows[i].wanted);
        json_decref(names);
    }
}
