#include <criterion/criterion.h>

#include "functions/push/backoff.h"
#include "functions/push/fcm.h"

enum { MINUTE_MS = 60 * 1000 };

static const uint64_t most = (1ULL << 32) - 1;

static struct backoff_case of(enum fcm_verdict verdict, int attempts, uint64_t random)
{
    const struct fcm_meaning *meaning = fcm_meaning(verdict);

    return (struct backoff_case){
        .floor_ms = meaning->floor_ms, .attempts = attempts, .is_aged = meaning->is_aged, .random = random};
}

/* Each verdict that is tried again, its first wait without and with all of the jitter, and its third. */
Test(backoff, keeps_to_the_floor_of_each_verdict)
{
    static const struct {
        enum fcm_verdict verdict;
        int64_t first_ms, most_ms, third_ms;
    } rows[] = {
        {FCM_PENDING, 0, 0, 0},
        {FCM_UNAUTHENTICATED, 60000, 90000, 240000},
        {FCM_PERMISSION_DENIED, 60000, 90000, 240000},
        {FCM_WRONG_ENDPOINT, 60000, 90000, 240000},
        {FCM_QUOTA_EXCEEDED, 60000, 90000, 240000},
        {FCM_UNAVAILABLE, 10000, 15000, 40000},
        {FCM_INTERNAL, 10000, 15000, 40000},
        {FCM_UNKNOWN, 10000, 15000, 40000},
        {FCM_NO_ANSWER, 10000, 15000, 40000},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct backoff_case first = of(rows[i].verdict, 1, 0);
        struct backoff_case jittered = of(rows[i].verdict, 1, most);
        struct backoff_case third = of(rows[i].verdict, 3, 0);

        cr_expect_eq(backoff_wait_ms(&first), rows[i].first_ms, "%s", fcm_meaning(rows[i].verdict)->name);
        cr_expect_eq(backoff_wait_ms(&jittered), rows[i].most_ms, "%s", fcm_meaning(rows[i].verdict)->name);
        cr_expect_eq(backoff_wait_ms(&third), rows[i].third_ms, "%s", fcm_meaning(rows[i].verdict)->name);
    }
}

Test(backoff, never_comes_before_retry_after_nor_before_the_floor)
{
    struct backoff_case why = of(FCM_UNAVAILABLE, 1, 0);

    why.retry_after_ms = 25000;
    cr_expect_eq(backoff_wait_ms(&why), 25000);
    why.retry_after_ms = 2000;
    cr_expect_eq(backoff_wait_ms(&why), 10000);
    why.random = most;
    why.retry_after_ms = 25000;
    cr_expect_eq(backoff_wait_ms(&why), 37500);
}

Test(backoff, believes_retry_after_for_an_hour_at_most)
{
    struct backoff_case why = of(FCM_PERMISSION_DENIED, 1, 0);

    why.retry_after_ms = INT64_C(86400000);

    cr_expect_eq(backoff_wait_ms(&why), 60 * MINUTE_MS);
}

Test(backoff, grows_to_a_quarter_of_an_hour_and_no_further)
{
    struct backoff_case why = of(FCM_UNAVAILABLE, 8, 0);

    cr_expect_eq(backoff_wait_ms(&why), 15 * MINUTE_MS);
    why.attempts = 1000000;
    cr_expect_eq(backoff_wait_ms(&why), 15 * MINUTE_MS);
    why.attempts = 0;
    cr_expect_eq(backoff_wait_ms(&why), 10000);
}

Test(backoff, gives_up_when_the_next_try_would_come_after_the_hour)
{
    struct backoff_case why = of(FCM_UNAVAILABLE, 1, 0);

    why.age_ms = 60 * MINUTE_MS - 10000;
    cr_expect_eq(backoff_wait_ms(&why), 10000);
    why.age_ms++;
    cr_expect_eq(backoff_wait_ms(&why), -1);
}

/* What an operator must mend may take longer than an hour. */
Test(backoff, does_not_give_up_what_is_our_own_fault)
{
    struct backoff_case why = of(FCM_UNAUTHENTICATED, 1, 0);

    why.age_ms = 600 * MINUTE_MS;

    cr_expect_eq(backoff_wait_ms(&why), MINUTE_MS);
}

Test(backoff, reads_retry_after_in_both_forms)
{
    static const char *const date = "Thu, 26 Nov 2026 22:00:00 GMT";
    const int64_t now_ms = INT64_C(1795729200000); /* 21:40:00 */
    static const struct {
        const char *retry_after, *date;
        int64_t ms;
    } rows[] = {
        {"7", "", 7000},
        {" 120 ", "", 120000},
        {"0", "", 0},
        {"999999999", "", INT64_C(999999999000)},
        {"Thu, 26 Nov 2026 22:00:30 GMT", date, 30000}, /* by the sender's clock */
        {"Thu, 26 Nov 2026 21:41:00 GMT", "", 60000},   /* by ours */
        {"Thursday, 26-Nov-26 22:00:30 GMT", date, 30000},
        {"Thu Nov 26 22:00:30 2026", date, 30000},
        {"Thu, 26 Nov 2026 21:59:59 GMT", date, 0}, /* over */
        {"", date, 0},
        {"-1", date, 0},
        {"1.5", date, 0},
        {"soon", date, 0},
        {"1234567890", date, 0},
        {"Thu, 26 Nov 2026 22:00:30 CET", date, 0},
        {"Thu, 26 Nov 2026 22:00:30 GMT, or later than that, as you like it best", date, 0},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        cr_expect_eq(
            backoff_retry_after_ms(nr_view(rows[i].retry_after), nr_view(rows[i].date), now_ms), rows[i].ms,
            "\"%s\": %lld", rows[i].retry_after,
            (long long)backoff_retry_after_ms(nr_view(rows[i].retry_after), nr_view(rows[i].date), now_ms));
}
