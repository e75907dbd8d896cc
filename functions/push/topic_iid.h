/* topic_iid.h - the older batch API for topics (Instance ID): what to ask, and what an answer means.
 *
 * Is:      pure: up to 1,000 tokens and one topic in, a request out; a body in, a verdict for each token out.
 * Beware:  it ends. The info call is removed on 29 September 2027, and the batch calls are said to stop the
 *          same day: from then on the switch to it has no effect and topics.h is used. What the server
 *          answers after that day is not known. It takes tokens, no fids.
 * Source:  Google, "Instance ID: server reference"; error names: firebase-admin-node src/messaging/error.ts.
 */
#ifndef NARAE_PUSH_TOPIC_IID_H
#define NARAE_PUSH_TOPIC_IID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <narae/buf.h>
#include <narae/view.h>

#include "functions/push/topics.h"

enum { TOPIC_IID_TOKENS_MAX = 1000 };

/* 2027-09-29T00:00:00Z */
#define TOPIC_IID_END_UNIX_MS INT64_C(1822176000000)

/* May it still be used? */
bool topic_iid_is_open(int64_t now_unix_ms);

/* "/iid/v1:batchAdd" or "/iid/v1:batchRemove". */
struct nr_view topic_iid_path(bool is_subscribe);

/* Write the body: begin with the topic, add each token, end. */
void topic_iid_begin(struct nr_buf *out, struct nr_view topic);
void topic_iid_add(struct nr_buf *out, struct nr_view token);
void topic_iid_end(struct nr_buf *out);

/* Judge an answer to a request with n tokens.
 *
 * answers  out  n of them, in the order of the tokens. A request that was refused as a whole gives every
 *               token the same, and never one about the token itself. */
void topic_iid_judge(int status, struct nr_view body, size_t n, struct topics_answer *answers);

#endif
