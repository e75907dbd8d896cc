#include <criterion/criterion.h>

#include "functions/push/prune.h"

static struct prune_request request;
static struct nr_err err;

static int parse(const char *text)
{
    json_t *event = json_loads(text, JSON_DECODE_ANY, NULL);
    int result;

    cr_assert_not_null(event);
    nr_err_reset(&err);
    result = prune_request_parse(event, &request, &err);
    json_decref(event);
    return result;
}

Test(prune, reads_what_is_asked_for)
{
    static const struct {
        const char *text;
        unsigned tasks;
        bool is_forced;
    } rows[] = {
        {"{}", PRUNE_ALL, false},
        {"{\"tasks\":null}", PRUNE_ALL, false},
        {"{\"tasks\":[\"topics\"]}", PRUNE_TOPICS, false},
        {"{\"tasks\":[\"report\",\"ledger\",\"ledger\"]}", PRUNE_REPORT | PRUNE_LEDGER, false},
        {"{\"tasks\":[\"devices\"],\"force\":true}", PRUNE_DEVICES, true},
        {"{\"version\":\"0\",\"source\":\"aws.events\",\"detail-type\":\"Scheduled Event\",\"detail\":{}}",
         PRUNE_ALL, false},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cr_assert_eq(parse(rows[i].text), 0, "%s", err.message);
        cr_expect_eq(request.tasks, rows[i].tasks, "%s", rows[i].text);
        cr_expect_eq(request.is_forced, rows[i].is_forced, "%s", rows[i].text);
    }
}

Test(prune, names_what_is_wrong)
{
    static const struct {
        const char *text, *wanted;
    } rows[] = {
        {"[]", "must be an object, is an array"},
        {"{\"task\":[\"topics\"]}", "task: unknown member"},
        {"{\"tasks\":\"topics\"}", "tasks: must be an array, is a string"},
        {"{\"tasks\":[]}", "tasks: must have 1 to 4 items, has 0"},
        {"{\"tasks\":[\"topics\",\"everything\"]}", "tasks[1]: must be report, devices, ledger or topics"},
        {"{\"force\":1}", "force: must be a boolean, is a whole number"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cr_expect_eq(parse(rows[i].text), -1, "%s was taken", rows[i].text);
        cr_expect_eq(err.kind, NR_ERR_INVALID);
        cr_expect_str_eq(err.message, rows[i].wanted);
    }
}

Test(prune, a_share_that_is_too_large_is_refused_unless_it_is_meant)
{
    static const struct {
        int64_t n_active, n_stale;
        bool is_forced, wanted;
    } rows[] = {
        {1000, 0, false, true},   {2000, 200, false, true}, {2000, 201, false, false},
        {2000, 201, true, true},  {100, 100, false, true}, /* so few that no share counts */
        {101, 101, false, false}, {0, 0, false, true},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        cr_expect_eq(
            prune_is_allowed((struct prune_census){rows[i].n_active, rows[i].n_stale}, 10, rows[i].is_forced),
            rows[i].wanted, "row %zu", i);
}

Test(prune, percentages_of_nothing_are_nothing)
{
    cr_expect_eq(prune_percent(0, 0), 0.0);
    cr_expect_eq(prune_percent(1, 4), 25.0);
    cr_expect_str_eq(prune_platform_name(PRUNE_IOS), "ios");
    cr_expect_str_eq(prune_platform_name(PRUNE_N_PLATFORMS), "unknown");
}
