/* request_iid.c - the legacy Instance ID service: batchAdd, batchRemove, info, and its end.
 *
 * Source: Instance ID server reference; firebase-admin-go messaging/topic_mgt.go for the errors' form. What
 * is answered after the end (29 Sep 2027) is not published: 404 without JSON here, as for any path that is
 * gone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/standins/fcm/message.h"
#include "tests/standins/fcm/request.h"

enum { REGISTRATIONS_MAX = 1000 /* of one call [Instance ID server reference] */ };

static const char topic_prefix[] = "/topics/";

/* A request-level error is a plain string, not google.rpc. */
static const char *refuse(struct request *request, int status, const char *error)
{
    request->answer.http_status = status;
    request->answer.content_type = "application/json; charset=UTF-8";
    if (asprintf(&request->answer.body, "{\"error\":\"%s\"}", error) < 0)
        request->answer.body = NULL;
    return error;
}

static bool has_ended(const struct request *request)
{
    int64_t end_s = request->server->config->iid_ends_unix_s;

    return end_s && request->wall_ms / 1000 >= end_s;
}

/* What a registration's verdict is called here; NULL = it is well. */
static const char *error_of(const struct verdict *verdict)
{
    static const struct {
        const char *verdict, *error;
    } names[] = {
        {"unregistered", "NOT_FOUND"},
        {"sender_id_mismatch", "PERMISSION_DENIED"},
        {"quota", "RESOURCE_EXHAUSTED"},
        {"quota_bare", "RESOURCE_EXHAUSTED"},
        {"internal", "INTERNAL"},
        {"unavailable", "INTERNAL"},
        {"deadline_exceeded", "DEADLINE_EXCEEDED"},
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(names[i].verdict, verdict->name) == 0)
            return names[i].error;
    return verdict->http_status == 400 ? "INVALID_ARGUMENT" : NULL;
}

static const char *change(struct request *request, const char *registration, const char *topic, bool adds)
{
    struct server *server = request->server;
    struct step step = registry_peek(server->config->registry, registration, request->mono_us / 1000);
    const char *error = error_of(step.verdict);

    if (error)
        return error;
    if (!quota_take(server->topic_quota, request->mono_us / 1000))
        return "RESOURCE_EXHAUSTED";
    if (!adds)
        topics_remove(server->topics, registration, topic);
    else if (topics_add(server->topics, registration, topic, request->wall_ms) == TOPICS_TOO_MANY)
        return "TOO_MANY_TOPICS";
    return NULL;
}

static const char *change_all(struct request *request, const char *topic, const json_t *registrations)
{
    bool adds = strcmp(request->segments[1], "v1:batchAdd") == 0;
    json_t *results = json_array();
    json_t *registration;
    size_t i;

    json_array_foreach(registrations, i, registration)
    {
        const char *text = json_string_value(registration);
        const char *error = text ? change(request, text, topic, adds) : "INVALID_ARGUMENT";

        json_array_append_new(results, error ? json_pack("{s:s}", "error", error) : json_object());
    }
    request_reply(request, json_pack("{s:o}", "results", results));
    return VERDICT_ACCEPTED;
}

static const char *judge_caller(struct request *request)
{
    const char *kind = request->header(request, "access_token_auth");

    if (has_ended(request)) {
        request_refuse(request, VERDICT_NOT_FOUND_HTML, NULL);
        return VERDICT_NOT_FOUND_HTML;
    }
    /* Without the header a bearer token is taken for a server key, and those are gone. */
    if (!kind || strcmp(kind, "true") != 0 || !request_is_allowed(request))
        return refuse(request, 401, "Unauthorized");
    return NULL;
}

static const char *batch(struct request *request, const json_t *root)
{
    const char *to = json_string_value(json_object_get(root, "to"));
    const json_t *registrations = json_object_get(root, "registration_tokens");
    const char *refusal = judge_caller(request);

    if (refusal)
        return refusal;
    if (!to || strncmp(to, topic_prefix, sizeof(topic_prefix) - 1) != 0 ||
        !message_is_topic(to + sizeof(topic_prefix) - 1))
        return refuse(request, 400, "InvalidTopicName");
    if (json_array_size(registrations) == 0 || json_array_size(registrations) > REGISTRATIONS_MAX)
        return refuse(request, 400, "InvalidTokenList");
    return change_all(request, to + sizeof(topic_prefix) - 1, registrations);
}

static void write_down(struct request *request, const char *verdict, const json_t *body, const char *target)
{
    struct journal_entry entry = request_entry(request, JOURNAL_IID);

    entry.verdict = verdict;
    entry.http_status = request->answer.http_status;
    entry.body = body;
    entry.target = target;
    journal_add(request->server->journal, &entry);
}

void request_iid_batch(struct request *request)
{
    json_t *root = json_loadb(request->body.data ? request->body.data : "", request->body.len, 0, NULL);

    write_down(request, batch(request, root), root, json_string_value(json_object_get(root, "to")));
    json_decref(root);
}

static json_t *describe(struct request *request, const char *registration)
{
    json_t *all = topics_of(request->server->topics, registration), *named = json_object(), *info;
    const char *details = request_query(request, "details");
    const char *topic;
    json_t *since;

    json_object_foreach(all, topic, since)
        json_object_set_new(named, topic, json_pack("{s:s}", "addDate", "2026-11-01"));
    json_decref(all);
    info = json_pack("{s:s, s:s}", "application", "example.app", "platform", "ANDROID");
    if (details && strcmp(details, "true") == 0)
        json_object_set_new(info, "rel", json_pack("{s:O}", "topics", named));
    json_decref(named);
    return info;
}

void request_iid_info(struct request *request)
{
    const char *registration = request->segments[2];
    const char *verdict = judge_caller(request);
    struct step step =
        registry_peek(request->server->config->registry, registration, request->mono_us / 1000);

    if (!verdict && error_of(step.verdict))
        verdict = refuse(request, 404, "No information found about this instance id.");
    if (!verdict) {
        request_reply(request, describe(request, registration));
        verdict = VERDICT_ACCEPTED;
    }
    write_down(request, verdict, NULL, registration);
}
