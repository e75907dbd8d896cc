#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include <narae/json.h>

#include "functions/push/batch.h"

static struct batch batch;
static char event_text[16384];
static json_t *event;
static struct nr_err err;

static void tear_down(void)
{
    batch_done(&batch);
    json_decref(event);
}

TestSuite(batch, .fini = tear_down);

#define GOOD "{\\\"id\\\":\\\"a\\\",\\\"to\\\":{\\\"topic\\\":\\\"t\\\"},\\\"message\\\":{}}"
#define CALM                                                                                                 \
    "{\\\"id\\\":\\\"a\\\",\\\"to\\\":{\\\"topic\\\":\\\"t\\\"},\\\"message\\\":{\\\"android\\\":"           \
    "{\\\"priority\\\":\\\"normal\\\"}}}"
#define LATE                                                                                                 \
    "{\\\"id\\\":\\\"a\\\",\\\"to\\\":{\\\"topic\\\":\\\"t\\\"},\\\"message\\\":{},"                         \
    "\\\"expires_at\\\":\\\"1970-01-01T00:00:02Z\\\"}"

/* One record for each letter: g good, c may wait, l expires at 2 s, b bad. Its group is the letter in groups;
 * a space is none. */
static void parse(const char *bodies, const char *groups, const char *queue, bool parks)
{
    size_t at = (size_t)snprintf(event_text, sizeof(event_text), "{\"Records\":[");

    for (size_t i = 0; bodies[i]; i++)
        at += (size_t)snprintf(
            event_text + at, sizeof(event_text) - at,
            "%s{\"messageId\":\"%zu\",\"body\":\"%s\",\"eventSourceARN\":\"arn:aws:sqs:r:1:%s\","
            "\"attributes\":{\"MessageGroupId\":\"%.*s\"}}",
            i ? "," : "", i,
            bodies[i] == 'g'   ? GOOD
            : bodies[i] == 'c' ? CALM
            : bodies[i] == 'l' ? LATE
                               : "{}",
            queue, groups[i] != ' ', &groups[i]);
    snprintf(event_text + at, sizeof(event_text) - at, "]}");
    event = json_loads(event_text, 0, NULL);
    cr_assert_eq(batch_parse(&batch, event, 1000, 0, parks, &err), 0, "%s", err.message);
}

/* Who is sent in the next turn: a letter for each record. */
static const char *turn(void)
{
    static char out[64];

    if (!batch_next_turn(&batch))
        return "nobody";
    for (size_t i = 0; i < batch.n; i++)
        out[i] = batch.is_left_out[i] ? '-' : 'x';
    out[batch.n] = '\0';
    return out;
}

static const char *fates(void)
{
    static const char letters[] = {[BATCH_OPEN] = 'o',      [BATCH_DONE] = 'd',    [BATCH_EXPIRED] = 'e',
                                   [BATCH_MALFORMED] = 'm', [BATCH_REFUSED] = 'r', [BATCH_AGAIN] = 'a'};
    static char out[64];

    for (size_t i = 0; i < batch.n; i++)
        out[i] = letters[batch.items[i].fate];
    out[batch.n] = '\0';
    return out;
}

static void settle(size_t i, enum batch_fate fate)
{
    batch_settle(&batch, i, fate, 7000);
}

Test(batch, sends_a_standard_queue_in_one_turn)
{
    parse("ggbg", "aab ", "q", false);

    cr_expect_str_eq(turn(), "xx-x");
    for (size_t i = 0; i < batch.n; i++)
        if (!batch.is_left_out[i])
            settle(i, i == 0 ? BATCH_AGAIN : BATCH_DONE);
    cr_expect_str_eq(turn(), "nobody");
    cr_expect_str_eq(fates(), "admd");
}

Test(batch, sends_the_messages_of_a_fifo_group_one_after_the_other)
{
    parse("gggg", "abab", "q.fifo", false);

    cr_expect_str_eq(turn(), "xx--");
    settle(0, BATCH_DONE);
    settle(1, BATCH_DONE);
    cr_expect_str_eq(turn(), "--xx");
    settle(2, BATCH_DONE);
    settle(3, BATCH_DONE);
    cr_expect_str_eq(turn(), "nobody");
}

Test(batch, returns_a_fifo_group_behind_its_first_failure)
{
    parse("ggggg", "ababa", "q.fifo", false);
    (void)turn();

    settle(0, BATCH_AGAIN);
    settle(1, BATCH_DONE);

    cr_expect_str_eq(turn(), "---x-");
    cr_expect_str_eq(fates(), "adaoa");
    cr_expect_eq(batch.items[2].wait_ms, 7000);
}

Test(batch, holds_a_fifo_group_up_for_poison_on_its_way_to_the_dead_letter_queue)
{
    parse("gbgg", "aaab", "q.fifo", false);

    cr_expect_str_eq(fates(), "omao");
    cr_expect_str_eq(turn(), "x--x");
}

Test(batch, holds_nobody_up_for_poison_that_is_parked)
{
    parse("bgg", "aaa", "q.fifo", true);

    cr_expect_str_eq(fates(), "moo");
    cr_expect_str_eq(turn(), "-x-");
    settle(1, BATCH_REFUSED);
    cr_expect_str_eq(turn(), "--x");
}

Test(batch, drops_what_has_expired)
{
    parse("gl", "  ", "q", false);
    cr_expect_str_eq(fates(), "oo");
    batch_done(&batch);

    cr_assert_eq(batch_parse(&batch, event, 2000, 0, false, &err), 0);

    cr_expect_str_eq(fates(), "oe");
    cr_expect_eq(batch_count(&batch, BATCH_EXPIRED), 1);
}

Test(batch, keeps_what_may_wait_away_from_the_quarter_hour)
{
    parse("gcl", "   ", "q", false);
    batch_done(&batch);

    cr_assert_eq(batch_parse(&batch, event, 1000, 90000, false, &err), 0);

    cr_expect_str_eq(fates(), "oao");
    cr_expect_eq(batch.items[1].wait_ms, 90000);
}

Test(batch, says_why_a_message_is_malformed)
{
    parse("gb", "  ", "q", false);

    batch_why(&batch, 1, &err);

    cr_expect_str_eq(err.message, "Records[1].body.id: missing; must be a string");
}

Test(batch, takes_an_empty_event)
{
    parse("", "", "q", false);

    cr_expect_str_eq(turn(), "nobody");
}
