/* push_send_stage.h - push_send as the runtime calls it, on push_stage.h.
 *
 * Is:      events, three devices (1 of user 17, 2 and 3 of users 18 and 18b), and what tests say of a reply
 *          and of the log.
 */
#ifndef NARAE_TESTS_PUSH_SEND_STAGE_H
#define NARAE_TESTS_PUSH_SEND_STAGE_H

#include "tests/support/push_stage.h"

/* functions/push/push_send.c, whose table is renamed for tests. */
extern const struct nr_handler push_send_handler;

#define ID(n)        "00000000-0000-4000-8000-00000000000" n
#define RECORD(n, s) "{\"messageId\":\"" ID(n) "\",\"body\":\"" s "\"}"
#define TO_17        "{\\\"id\\\":\\\"a\\\",\\\"to\\\":{\\\"users\\\":[\\\"17\\\"]},\\\"message\\\":{}}"
#define TO_18        "{\\\"id\\\":\\\"b\\\",\\\"to\\\":{\\\"users\\\":[\\\"18\\\"]},\\\"message\\\":{}}"
#define TO_BOTH      "{\\\"id\\\":\\\"c\\\",\\\"to\\\":{\\\"users\\\":[\\\"17\\\",\\\"18\\\"]},\\\"message\\\":{}}"
#define EVENT(...)   "{\"Records\":[" __VA_ARGS__ "]}"
#define FAILED(n)    "{\"itemIdentifier\":\"" ID(n) "\"}"
#define REPLY(...)   "{\"batchItemFailures\":[" __VA_ARGS__ "]}"

/* push_stage_init(), and the devices. */
void push_send_stage_init(void);

/* One event; its reply must be `wanted`. */
void push_send_stage_expect_reply(const char *event, const char *wanted);
void push_send_stage_expect_reply_within(const char *event, int64_t ms, const char *wanted);

/* Record number `line` of the log; "" when there are fewer. */
const char *push_send_stage_line(int line);
void push_send_stage_expect_line(int line, const char *level, const char *part);

/* One line for the failure, the summary, the metrics, and nothing more. */
void push_send_stage_expect_one_line(const char *level, const char *part);

/* The ledger: "message device state verdict attempts, ...". */
const char *push_send_stage_trail(void);

#endif
