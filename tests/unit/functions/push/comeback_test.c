#include <criterion/criterion.h>

#include "functions/push/comeback.h"

enum { N_WAITS = 4 };

static const struct {
    const char *what;
    int64_t waits_ms[N_WAITS]; /* in the order in which they come; 0 = no more */
    int64_t soon_ms;           /* while there are receives to spare */
    int64_t late_ms;           /* later */
} rows[] = {
    {"nothing is due", {0}, 0, 0},
    {"one device: its exact delay", {480000}, 480000, 480000},
    {"what jitter has spread comes together", {14000, 10000, 12000, 15000}, 15000, 15000},
    {"in any order", {10000, 15000, 14000}, 15000, 15000},
    {"the exact delay of the last of them", {400000, 480000}, 480000, 480000},
    {"what is due much later does not delay", {10000, 3600000}, 10000, 3600000},
    {"nor when it comes first", {3600000, 10000, 14000}, 15000, 3600000},
    {"what is due a moment later has its own return", {10000, 15001}, 10000, 15001},
};

static struct comeback of(const int64_t *waits_ms, int from, int to)
{
    struct comeback comeback = {0};

    for (int n = from; n < to && waits_ms[n]; n++)
        comeback_add(&comeback, waits_ms[n]);
    return comeback;
}

static void expect_waits(const char *what, const struct comeback *comeback, int64_t soon_ms, int64_t late_ms)
{
    for (int64_t receive = 1; receive <= 12; receive++) {
        int64_t want = receive <= 6 ? soon_ms : late_ms;

        cr_expect_eq(comeback_wait_ms(comeback, receive), want, "%s: %lld at receive %lld", what,
                     (long long)comeback_wait_ms(comeback, receive), (long long)receive);
    }
}

Test(comeback, is_for_what_is_due_first_and_for_all_when_receives_run_short)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct comeback comeback = of(rows[i].waits_ms, 0, N_WAITS);

        expect_waits(rows[i].what, &comeback, rows[i].soon_ms, rows[i].late_ms);
    }
}

/* Our own sends and those that the ledger holds. */
Test(comeback, is_the_same_when_it_is_joined_of_two)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        for (int cut = 0; cut <= N_WAITS; cut++) {
            struct comeback comeback = of(rows[i].waits_ms, 0, cut);
            struct comeback other = of(rows[i].waits_ms, cut, N_WAITS);

            comeback_join(&comeback, &other);

            cr_expect_eq(comeback.is_due, rows[i].waits_ms[0] != 0);
            expect_waits(rows[i].what, &comeback, rows[i].soon_ms, rows[i].late_ms);
        }
}
