/* request_topics.c - projects.registrations.topicSubscriptions: create, patch, delete, get, list.
 *
 * Source: FCM "fcmtopics" REST reference and discovery document revision 20261023. The pages answer in
 * snake_case, the discovery document in camelCase: "answers_in_camel_case" chooses. Parameters are taken in
 * both spellings. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/standins/fcm/message.h"
#include "tests/standins/fcm/request.h"

enum {
    PAGE_SIZE_DEFAULT = 1000, /* [fcmtopics, list] */
    PAGE_SIZE_MAX = 2000,
};

/* What a call has come to. */
struct outcome {
    const char *verdict; /* VERDICT_ACCEPTED, or a refusal */
    const char *text;    /* instead of the verdict's own; NULL = that */
    json_t *reply;       /* owned until it is sent */
};

static const char *registration_of(const struct request *request)
{
    return request->segments[4];
}

static const char *either(const struct request *request, const char *camel, const char *snake)
{
    const char *value = request_query(request, camel);

    return value ? value : request_query(request, snake);
}

static bool allows_missing(const struct request *request)
{
    const char *value = either(request, "allowMissing", "allow_missing");

    return value && strcmp(value, "true") == 0;
}

static json_t *describe(const struct request *request, const char *topic, int64_t since_ms)
{
    bool is_camel = request->server->config->answers_in_camel_case;
    time_t since_s = (time_t)(since_ms / 1000);
    char name[2048], when[32] = "";
    struct tm utc;

    snprintf(name, sizeof(name), "projects/%s/registrations/%s/topicSubscriptions/%s", request->segments[2],
             registration_of(request), topic);
    if (gmtime_r(&since_s, &utc))
        strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &utc);
    return json_pack("{s:s, s:s, s:s}", "name", name, is_camel ? "topicName" : "topic_name", topic,
                     is_camel ? "createTime" : "create_time", when);
}

static struct outcome describe_now(const struct request *request, const char *topic)
{
    return (struct outcome){
        .verdict = VERDICT_ACCEPTED,
        .reply =
            describe(request, topic, topics_since(request->server->topics, registration_of(request), topic))};
}

static struct outcome subscribe(struct request *request, const char *topic, bool was_is_error)
{
    switch (topics_add(request->server->topics, registration_of(request), topic, request->wall_ms)) {
    case TOPICS_TOO_MANY:
        return (struct outcome){.verdict = VERDICT_TOO_MANY_TOPICS};
    case TOPICS_WAS_SO:
        if (was_is_error)
            return (struct outcome){.verdict = VERDICT_ALREADY_EXISTS};
        break;
    case TOPICS_DONE:
        break;
    }
    return describe_now(request, topic);
}

static struct outcome create(struct request *request, const char *topic)
{
    (void)topic;
    topic = either(request, "topicName", "topic_name");
    if (!topic || !message_is_topic(topic))
        return (struct outcome){.verdict = VERDICT_INVALID_PAYLOAD, .text = "Invalid topic name."};
    return subscribe(request, topic, true);
}

static struct outcome patch(struct request *request, const char *topic)
{
    bool is_there = topics_since(request->server->topics, registration_of(request), topic) != 0;

    if (!is_there && !allows_missing(request))
        return (struct outcome){.verdict = VERDICT_PROJECT_NOT_FOUND};
    return subscribe(request, topic, false);
}

static struct outcome delete (struct request *request, const char *topic)
{
    enum topics_result result = topics_remove(request->server->topics, registration_of(request), topic);

    if (result == TOPICS_WAS_SO && !allows_missing(request))
        return (struct outcome){.verdict = VERDICT_PROJECT_NOT_FOUND};
    return (struct outcome){.verdict = VERDICT_ACCEPTED, .reply = json_object()};
}

static struct outcome get(struct request *request, const char *topic)
{
    if (topics_since(request->server->topics, registration_of(request), topic) == 0)
        return (struct outcome){.verdict = VERDICT_PROJECT_NOT_FOUND};
    return describe_now(request, topic);
}

static long number(const char *text, long fallback, long max)
{
    long n = text ? strtol(text, NULL, 10) : fallback;

    return n <= 0 ? fallback : n > max ? max : n;
}

/* A page token is where the next page begins. */
static struct outcome list(struct request *request, const char *unused)
{
    bool is_camel = request->server->config->answers_in_camel_case;
    json_t *all = topics_of(request->server->topics, registration_of(request));
    long size = number(either(request, "pageSize", "page_size"), PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX);
    long begin = number(either(request, "pageToken", "page_token"), 0, LONG_MAX);
    json_t *page = json_array(), *reply = json_object();
    const char *topic;
    json_t *since;
    long at = 0;
    char token[24];

    (void)unused;
    json_object_foreach(all, topic, since)
    {
        if (at >= begin && at < begin + size)
            json_array_append_new(page, describe(request, topic, json_integer_value(since)));
        at++;
    }
    json_decref(all);
    if (json_array_size(page) > 0)
        json_object_set(reply, is_camel ? "topicSubscriptions" : "topic_subscriptions", page);
    json_decref(page);
    snprintf(token, sizeof(token), "%ld", begin + size);
    if (at > begin + size)
        json_object_set_new(reply, is_camel ? "nextPageToken" : "next_page_token", json_string(token));
    return (struct outcome){.verdict = VERDICT_ACCEPTED, .reply = reply};
}

static const struct call {
    const char *method;
    bool has_topic; /* in the path */
    struct outcome (*act)(struct request *request, const char *topic);
} calls[] = {
    {"POST", false, create}, {"PATCH", true, patch}, {"DELETE", true, delete},
    {"GET", true, get},      {"GET", false, list},
};

static struct outcome act(struct request *request)
{
    const char *topic = request->n_segments == 7 ? request->segments[6] : NULL;

    if (topic && !message_is_topic(topic))
        return (struct outcome){.verdict = VERDICT_INVALID_PAYLOAD, .text = "Invalid topic name."};
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
        if (strcmp(calls[i].method, request->method) == 0 && calls[i].has_topic == (topic != NULL))
            return calls[i].act(request, topic);
    return (struct outcome){.verdict = VERDICT_NOT_FOUND_HTML};
}

static struct outcome judge(struct request *request)
{
    struct server *server = request->server;
    struct step mishap, registration;

    if (!request_is_allowed(request))
        return (struct outcome){.verdict = VERDICT_UNAUTHENTICATED};
    if (!request_is_our_project(request))
        return (struct outcome){.verdict = VERDICT_PROJECT_NOT_FOUND};
    if (mishaps_next(server->config->topic_mishaps, server->chance, &mishap)) {
        request->answer.fault = mishap.fault;
        request->answer.delay_ms = mishap.delay_ms;
        if (mishap.verdict->http_status != 200)
            return (struct outcome){.verdict = mishap.verdict->name};
    }
    if (!quota_take(server->topic_quota, request->mono_us / 1000))
        return (struct outcome){.verdict = "quota_bare"};
    registration = registry_peek(server->config->registry, registration_of(request), request->mono_us / 1000);
    if (registration.verdict->is_about_registration)
        return (struct outcome){.verdict = registration.verdict->name};
    return act(request);
}

void request_topics(struct request *request)
{
    struct journal_entry entry = request_entry(request, JOURNAL_TOPIC);
    struct outcome out = judge(request);

    if (out.reply)
        request_reply(request, out.reply);
    else
        request_refuse(request, out.verdict, out.text);
    entry.verdict = out.verdict;
    entry.http_status = request->answer.http_status;
    entry.kind = "registration";
    entry.target = registration_of(request);
    entry.fault = request->answer.fault;
    entry.query = strcmp(request->method, "POST") == 0 ? either(request, "topicName", "topic_name") : NULL;
    journal_add(request->server->journal, &entry);
}
