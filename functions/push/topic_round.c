#include <stdlib.h>

#include <narae/clock.h>
#include <narae/h2.h>

#include "functions/push/backoff.h"
#include "functions/push/topic_iid.h"
#include "functions/push/topic_round.h"

int topic_round_init(struct topic_round *round, struct topic_client *client, const struct topic_row *rows,
                     size_t n_rows, struct nr_err *err)
{
    struct topic_round made = {.client = client, .n_rows = n_rows};

    made.endings = calloc(n_rows + 1, sizeof(*made.endings));
    if (!made.endings)
        return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.OutOfMemory", "no memory for %zu topics",
                          n_rows);
    if (topic_calls_make(rows, n_rows, client->settings->account.project_id, topic_client_uses_iid(client),
                         &made.calls, err) != 0) {
        topic_round_done(&made);
        return -1;
    }
    *round = made;
    return 0;
}

void topic_round_done(struct topic_round *round)
{
    topic_calls_done(&round->calls);
    free(round->endings);
    *round = (struct topic_round){0};
}

/* --- h2's questions ------------------------------------------------------------------------------------- */

static bool is_open(const struct topic_round *round, const struct topic_call *call)
{
    return call->is_iid == round->is_iid && !round->endings[call->first].is_sent;
}

static int next(void *ctx, struct nr_h2_request *out)
{
    struct topic_round *round = ctx;
    const struct topic_call *call;
    const struct nr_h2_header *headers;
    size_t n_headers = topic_client_headers(round->client, round->is_iid, &headers);

    while (round->at < round->calls.n && !is_open(round, &round->calls.items[round->at]))
        round->at++;
    if (round->is_stopped || round->at == round->calls.n)
        return 0;
    call = &round->calls.items[round->at];
    *out = (struct nr_h2_request){.method = call->method,
                                  .path = call->path,
                                  .headers = headers,
                                  .n_headers = n_headers,
                                  .body = {call->body},
                                  .tag = (void *)(uintptr_t)round->at++};
    return 1;
}

static void take_answers(struct topic_round *round, const struct topic_call *call,
                         const struct nr_h2_reply *reply)
{
    struct topics_answer answers[TOPIC_IID_TOKENS_MAX];
    int64_t asked_ms = backoff_retry_after_ms(reply->retry_after, reply->date, nr_clock_wall_ms());

    if (reply->fate != NR_H2_ANSWERED)
        for (size_t i = 0; i < call->n; i++)
            answers[i] = topics_no_answer();
    else if (call->is_iid)
        topic_iid_judge(reply->status, reply->body, call->n, answers);
    else
        answers[0] = topics_judge(reply->status, reply->body);
    for (size_t i = 0; i < call->n; i++) {
        struct topic_ending *ending = &round->endings[call->first + i];

        *ending = (struct topic_ending){answers[i], asked_ms, true};
        if (answers[i].is_slow || answers[i].verdict == TOPICS_STOP ||
            answers[i].verdict == TOPICS_UNAUTHENTICATED)
            round->is_stopped = true;
    }
}

static void done(void *ctx, const struct nr_h2_reply *reply)
{
    struct topic_round *round = ctx;

    if (reply->fate != NR_H2_NOT_PROCESSED)
        take_answers(round, &round->calls.items[(size_t)(uintptr_t)reply->tag], reply);
}

static int pass(struct topic_round *round, bool is_iid, int64_t deadline_mono_ms, struct nr_err *err)
{
    const struct nr_h2_work work = {next, done, round};

    round->is_iid = is_iid;
    round->at = 0;
    return nr_h2_run(is_iid ? round->client->iid_h2 : round->client->h2, &work,
                     topic_client_send_deadline(deadline_mono_ms), err);
}

static int pass_both(struct topic_round *round, int64_t deadline_mono_ms, struct nr_err *err)
{
    round->is_stopped = false;
    if (pass(round, false, deadline_mono_ms, err) != 0)
        return -1;
    return round->client->iid_h2 ? pass(round, true, deadline_mono_ms, err) : 0;
}

/* Calls that were refused for the sake of the token alone may be made again with another one. */
static bool take_back_unauthenticated(struct topic_round *round)
{
    bool is_any = false;

    for (size_t i = 0; i < round->n_rows; i++) {
        if (round->endings[i].answer.verdict != TOPICS_UNAUTHENTICATED)
            continue;
        round->endings[i] = (struct topic_ending){.is_sent = false};
        is_any = true;
    }
    return is_any;
}

int topic_round_run(struct topic_round *round, int64_t deadline_mono_ms, struct nr_err *err)
{
    if (topic_client_authorize(round->client, deadline_mono_ms, err) != 0 ||
        pass_both(round, deadline_mono_ms, err) != 0)
        return -1;
    if (!take_back_unauthenticated(round))
        return 0;
    google_token_forget(&round->client->token);
    if (topic_client_authorize(round->client, deadline_mono_ms, err) != 0)
        return -1;
    return pass_both(round, deadline_mono_ms, err);
}
