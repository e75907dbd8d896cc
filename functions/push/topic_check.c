#include <stdlib.h>

#include <narae/clock.h>
#include <narae/json.h>

#include "functions/push/store_topic_check.h"
#include "functions/push/topic_check.h"
#include "functions/push/topics.h"

enum {
    DEVICES_MAX = 100, /* lists of 2,000 topics may lie in memory for each of them */
    PATHS_MAX_BYTES = DEVICES_MAX * TOPICS_PATH_MAX_BYTES,
};

/* What came of one device. */
struct listing {
    struct nr_view path;
    json_t *topics; /* owned; NULL = no list */
    bool is_whole;
};

struct checking {
    struct topic_client *client;
    struct topic_devices devices;
    struct listing listings[DEVICES_MAX];
    struct nr_buf paths;
    size_t at;
    bool is_stopped;
    int64_t asked_mono_ms;
};

/* --- the calls ------------------------------------------------------------------------------------------ */

static int next(void *ctx, struct nr_h2_request *out)
{
    struct checking *checking = ctx;
    const struct nr_h2_header *headers;
    size_t n_headers = topic_client_headers(checking->client, false, &headers);

    if (checking->is_stopped || checking->at == checking->devices.n)
        return 0;
    *out = (struct nr_h2_request){.method = NR_VIEW("GET"),
                                  .path = checking->listings[checking->at].path,
                                  .headers = headers,
                                  .n_headers = n_headers,
                                  .tag = (void *)(uintptr_t)checking->at++};
    return 1;
}

static void take_list(struct listing *listing, struct nr_view body)
{
    NR_JSON_AUTO *topics = json_array();
    struct nr_err ignored = {0};

    /* A list that cannot be read says nothing: the device is due again tomorrow. */
    if (topics && topics_list_parse(body, topics, &listing->is_whole, &ignored) == 0)
        listing->topics = json_incref(topics);
}

static void done(void *ctx, const struct nr_h2_reply *reply)
{
    struct checking *checking = ctx;
    struct topics_answer answer;

    if (reply->fate != NR_H2_ANSWERED)
        return;
    answer = topics_judge(reply->status, reply->body);
    if (answer.verdict == TOPICS_DONE)
        take_list(&checking->listings[(size_t)(uintptr_t)reply->tag], reply->body);
    if (answer.verdict == TOPICS_UNAUTHENTICATED)
        google_token_forget(&checking->client->token);
    if (answer.is_slow || answer.verdict == TOPICS_STOP || answer.verdict == TOPICS_UNAUTHENTICATED)
        checking->is_stopped = true;
}

static int write_paths(struct checking *checking, struct nr_err *err)
{
    size_t ends[DEVICES_MAX + 1] = {0};

    nr_buf_init(&checking->paths, PATHS_MAX_BYTES);
    for (size_t i = 0; i < checking->devices.n; i++) {
        topics_list_path(checking->client->settings->account.project_id,
                         checking->devices.items[i].registration, &checking->paths);
        ends[i + 1] = checking->paths.len;
    }
    for (size_t i = 0; i < checking->devices.n; i++)
        checking->listings[i].path = nr_view_n(checking->paths.data + ends[i], ends[i + 1] - ends[i]);
    return nr_buf_check(&checking->paths, "paths", err);
}

static int ask(struct checking *checking, int64_t deadline_mono_ms, struct nr_err *err)
{
    const struct nr_h2_work work = {next, done, checking};

    if (write_paths(checking, err) != 0 ||
        topic_client_authorize(checking->client, deadline_mono_ms, err) != 0)
        return -1;
    checking->asked_mono_ms = nr_clock_mono_ms();
    return nr_h2_run(checking->client->h2, &work, topic_client_send_deadline(deadline_mono_ms), err);
}

/* --- what came of it ------------------------------------------------------------------------------------ */

static int compare_one(struct checking *checking, size_t i, int64_t deadline_mono_ms,
                       struct topic_check_report *report, struct nr_err *err)
{
    const struct listing *listing = &checking->listings[i];
    size_t n;

    if (store_topics_compare(checking->client->settings->pg, checking->devices.items[i].device_id,
                             listing->topics, listing->is_whole, nr_clock_mono_ms() - checking->asked_mono_ms,
                             deadline_mono_ms, &n, err) != 0)
        return -1;
    report->n_compared++;
    report->n_different += n;
    return 0;
}

/* Whatever failed on the way, what was not compared is due again tomorrow instead of in a month. */
static int compare_all(struct checking *checking, int64_t deadline_mono_ms, struct topic_check_report *report,
                       struct nr_err *err)
{
    int64_t left_over[DEVICES_MAX];
    size_t n_left = 0;
    int result = 0;

    for (size_t i = 0; i < checking->devices.n; i++) {
        if (result == 0 && checking->listings[i].topics)
            result = compare_one(checking, i, deadline_mono_ms, report, err);
        else
            left_over[n_left++] = checking->devices.items[i].device_id;
    }
    report->is_stopped = checking->is_stopped;
    if (result != 0)
        return -1;
    return store_topics_postpone(checking->client->settings->pg, left_over, n_left, TOPIC_CHECK_DAYS,
                                 deadline_mono_ms, err);
}

static void checking_done(struct checking *checking)
{
    for (size_t i = 0; i < DEVICES_MAX; i++)
        json_decref(checking->listings[i].topics);
    nr_buf_done(&checking->paths);
    topic_devices_done(&checking->devices);
    free(checking);
}

static int check_once(struct checking *checking, int64_t deadline_mono_ms, struct topic_check_report *report,
                      struct nr_err *err)
{
    struct nr_err of_comparing = {0};
    int result;

    if (store_topics_unchecked(checking->client->settings->pg, DEVICES_MAX, TOPIC_CHECK_DAYS,
                               deadline_mono_ms, &checking->devices, err) != 0)
        return -1;
    report->n_devices += checking->devices.n;
    if (checking->devices.n == 0)
        return 0;
    result = ask(checking, deadline_mono_ms, err);
    if (compare_all(checking, deadline_mono_ms, report, &of_comparing) == 0)
        return result;
    if (result == 0)
        *err = of_comparing;
    return -1;
}

int topic_check_run(struct topic_client *client, int64_t deadline_mono_ms, struct topic_check_report *report,
                    struct nr_err *err)
{
    size_t n = DEVICES_MAX;

    *report = (struct topic_check_report){0};
    while (n == DEVICES_MAX && !report->is_stopped && topic_client_has_time(client, deadline_mono_ms)) {
        struct checking *checking = calloc(1, sizeof(*checking));
        int64_t started_mono_ms = nr_clock_mono_ms();
        int result;

        if (!checking)
            return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.OutOfMemory",
                              "no memory for lists of topics");
        checking->client = client;
        result = check_once(checking, deadline_mono_ms, report, err);
        n = checking->devices.n;
        checking_done(checking);
        if (result != 0)
            return -1;
        topic_client_keep_rate(client, n, started_mono_ms);
    }
    return 0;
}
