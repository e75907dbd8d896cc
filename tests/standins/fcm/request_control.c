/* request_control.c - /__control/VERB: what a test asks of the stand-in itself. Any method; the counts come
 * back. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "tests/standins/fcm/request.h"

static void flush(struct request *request)
{
    journal_flush(request->server->journal);
}

static void reset(struct request *request)
{
    journal_reset(request->server->journal);
    registry_rewind(request->server->config->registry, request->mono_us / 1000);
    topics_clear(request->server->topics);
}

static void revoke_tokens(struct request *request)
{
    access_revoke(request->server->access);
}

/* The clock goes on by so many seconds: tokens and registrations age at once. */
static void advance(struct request *request)
{
    const char *seconds = request_query(request, "seconds");

    if (seconds)
        atomic_fetch_add(&request->server->advanced_ms, strtoll(seconds, NULL, 10) * 1000);
}

/* A registration gets another script, from its first step on. */
static void script(struct request *request)
{
    json_t *scripts = json_loadb(request->body.data ? request->body.data : "", request->body.len, 0, NULL);
    char why[512] = "no JSON object of registrations and their scripts";

    if (!json_is_object(scripts) || registry_change(request->server->config->registry, scripts,
                                                    request->mono_us / 1000, why, sizeof(why)) != 0) {
        request->answer.http_status = 400;
        request->answer.body = strdup(why);
    }
    json_decref(scripts);
}

static void count(struct request *request)
{
    (void)request;
}

static const struct {
    const char *verb;
    void (*act)(struct request *request);
} verbs[] = {
    {"counts", count},         {"flush", flush},     {"reset", reset},
    {"revoke", revoke_tokens}, {"advance", advance}, {"script", script},
};

void request_control(struct request *request)
{
    json_t *counts;

    request->answer.content_type = "application/json";
    request->answer.http_status = 404;
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (strcmp(request->segments[1], verbs[i].verb) != 0)
            continue;
        request->answer.http_status = 200;
        verbs[i].act(request);
    }
    if (request->answer.body)
        return;
    counts = journal_counts(request->server->journal);
    request->answer.body = json_dumps(counts, JSON_COMPACT);
    json_decref(counts);
}
