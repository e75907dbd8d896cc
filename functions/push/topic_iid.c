#include <string.h>

#include <narae/json.h>

#include "functions/push/topic_iid.h"

#define FLOOR_MS       INT64_C(10000)
#define QUOTA_FLOOR_MS INT64_C(60000)

/* The error of one token; the last row is for every other. */
static const struct {
    const char *error;
    struct topics_answer answer;
} rows[] = {
    {"NOT_FOUND", {TOPICS_DEAD, "unregistered", 0, false, ""}},
    {"INVALID_ARGUMENT", {TOPICS_REFUSED, "invalid_argument", 0, false, ""}},
    {"TOO_MANY_TOPICS",
     {TOPICS_REFUSED, "too_many_topics", 0, false, "an installation may have 2,000 topics"}},
    {"PERMISSION_DENIED", {TOPICS_REFUSED, "permission_denied", 0, false, ""}},
    {"RESOURCE_EXHAUSTED", {TOPICS_LATER, "quota_exceeded", QUOTA_FLOOR_MS, true, ""}},
    {"DEADLINE_EXCEEDED", {TOPICS_LATER, "unavailable", FLOOR_MS, false, ""}},
    {NULL, {TOPICS_LATER, "internal", FLOOR_MS, false, ""}},
};

static const struct topics_answer gone = {
    TOPICS_STOP, "iid_refused", FLOOR_MS, false,
    "the iid API refuses the project or has ended: set NARAE_TOPIC_BACKEND to v1"};

bool topic_iid_is_open(int64_t now_unix_ms)
{
    return now_unix_ms < TOPIC_IID_END_UNIX_MS;
}

struct nr_view topic_iid_path(bool is_subscribe)
{
    return is_subscribe ? NR_VIEW("/iid/v1:batchAdd") : NR_VIEW("/iid/v1:batchRemove");
}

void topic_iid_begin(struct nr_buf *out, struct nr_view topic)
{
    /* A topic has no character that JSON would escape. */
    nr_buf_printf(out, "{\"to\":\"/topics/%.*s\",\"registration_tokens\":[", NR_VIEW_ARG(topic));
}

void topic_iid_add(struct nr_buf *out, struct nr_view token)
{
    if (out->len && out->data[out->len - 1] != '[')
        nr_buf_add_char(out, ',');
    nr_buf_add_json_text(out, token);
}

void topic_iid_end(struct nr_buf *out)
{
    nr_buf_add_text(out, "]}");
}

static struct topics_answer of_token(const json_t *result)
{
    const char *error = json_string_value(json_object_get(result, "error"));
    size_t i = 0;

    if (json_is_object(result) && json_object_size(result) == 0)
        return topics_judge(200, nr_view(""));
    while (rows[i].error && (!error || strcmp(rows[i].error, error) != 0))
        i++;
    return rows[i].answer;
}

/* What is said about the whole request is not said about its tokens. */
static struct topics_answer of_request(int status)
{
    struct topics_answer answer = topics_judge(status, nr_view(""));

    if (status == 403 || status == 404 || status == 410)
        return gone;
    if (answer.verdict == TOPICS_REFUSED)
        answer.verdict = TOPICS_LATER, answer.floor_ms = FLOOR_MS;
    return answer;
}

void topic_iid_judge(int status, struct nr_view body, size_t n, struct topics_answer *answers)
{
    NR_JSON_AUTO *doc = NULL;
    struct nr_err ignored = {0};
    const json_t *results = NULL;

    if (status == 200 && nr_json_parse(body, "answer", &doc, &ignored) == 0)
        results = json_object_get(doc, "results");
    /* A 200 with another number of results says nothing about any of them. */
    if (status == 200 && json_array_size(results) != n)
        results = NULL, status = 500;
    for (size_t i = 0; i < n; i++)
        answers[i] = results ? of_token(json_array_get(results, i)) : of_request(status);
}
