/* request_send.c - POST /v1/projects/P/messages:send: the checks in FCM's order, then a mishap or the
 * registration's script. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/standins/fcm/message.h"
#include "tests/standins/fcm/request.h"

/* What a send has come to so far. */
struct outcome {
    const struct verdict *verdict;
    struct step step;
    bool has_step; /* false = refused before the script */
    struct message message;
    struct complaint complaint;
    char name[128];
};

static bool is_json(const struct request *request)
{
    const char *type = request->header(request, "content-type");

    return type && strncmp(type, "application/json", strlen("application/json")) == 0;
}

static void complain(struct outcome *out, const char *verdict, const char *text)
{
    out->verdict = verdict_find(verdict);
    snprintf(out->complaint.text, sizeof(out->complaint.text), "%s", text);
}

/* A mishap, or the registration's own step. */
static void follow_script(struct request *request, struct outcome *out)
{
    const struct config *config = request->server->config;

    out->has_step = true;
    if (!mishaps_next(config->mishaps, request->server->chance, &out->step))
        out->step = registry_next(config->registry, out->message.target, request->mono_us / 1000);
    out->verdict = out->step.verdict;
}

/* The quota is asked first: what it refuses has no other fate. */
static void judge(struct request *request, const json_t *root, struct outcome *out)
{
    struct server *server = request->server;

    if (!request_is_allowed(request))
        out->verdict = verdict_find(VERDICT_UNAUTHENTICATED);
    else if (!request_is_our_project(request))
        out->verdict = verdict_find(VERDICT_PROJECT_NOT_FOUND);
    else if (!quota_take(server->quota, request->mono_us / 1000))
        out->verdict = verdict_find(VERDICT_QUOTA);
    else if (!is_json(request) || !root)
        complain(out, VERDICT_INVALID_JSON, "Invalid JSON payload received. Unexpected token.");
    else if (!message_check(root, server->config->refuses_unknown_names, &out->message, &out->complaint))
        out->verdict = verdict_find(out->complaint.verdict);
    else
        follow_script(request, out);
    if (out->has_step && out->verdict->http_status == 429)
        quota_give_back(server->quota);
}

static void take(struct request *request, struct outcome *out)
{
    static atomic_ulong serial;
    char body[256];

    /* Answers and journal name the message alike. */
    snprintf(out->name, sizeof(out->name), "projects/%s/messages/%s%lu", request->server->config->project,
             out->message.is_dry_run ? "fake_message_id" : "0:", ++serial);
    snprintf(body, sizeof(body), "{\n  \"name\": \"%s\"\n}\n", out->name);
    request->answer.body = strdup(body);
}

/* In seconds: what the step says, else the row; a full bucket says when it is empty again. */
static int retry_after_s(const struct request *request, const struct outcome *out)
{
    if (out->has_step)
        return out->step.retry_after_s;
    if (strcmp(out->verdict->name, VERDICT_QUOTA) == 0)
        return (int)((quota_left_ms(request->server->quota, request->mono_us / 1000) + 999) / 1000);
    return out->verdict->retry_after_s;
}

static void say_retry_after(struct request *request, const struct outcome *out)
{
    int seconds = retry_after_s(request, out);
    time_t when = (time_t)(request->wall_ms / 1000 + request->server->config->clock_skew_s + seconds);
    struct answer *answer = &request->answer;
    struct tm utc;

    if (seconds && out->step.is_retry_after_date && gmtime_r(&when, &utc))
        strftime(answer->retry_after, sizeof(answer->retry_after), "%a, %d %b %Y %H:%M:%S GMT", &utc);
    else if (seconds)
        snprintf(answer->retry_after, sizeof(answer->retry_after), "%d", seconds);
}

static void refuse(struct request *request, const struct outcome *out)
{
    char field[32];
    struct verdict_words words = {
        .message = out->complaint.text[0] ? out->complaint.text : NULL,
        .field = out->complaint.field[0] ? out->complaint.field : NULL,
        .has_details = request->header(request, "x-goog-api-format-version") != NULL,
    };

    if (out->verdict->is_about_target && out->message.kind) {
        snprintf(field, sizeof(field), "message.%s", out->message.kind);
        words.field = field;
    }
    request->answer.body = verdict_format(out->verdict, &words);
}

static void answer(struct request *request, struct outcome *out)
{
    request->answer.http_status = out->verdict->http_status;
    request->answer.content_type =
        out->verdict->status ? "application/json; charset=UTF-8" : "text/html; charset=UTF-8";
    request->answer.delay_ms = out->step.delay_ms;
    request->answer.fault = out->step.fault;
    if (!fault_is_acted_upon(out->step.fault)) {
        request->answer.http_status = 0;
        return;
    }
    say_retry_after(request, out);
    if (out->verdict->http_status == 200) {
        request->answer.content_type = "application/json; charset=UTF-8";
        take(request, out);
    } else {
        refuse(request, out);
    }
}

void request_send(struct request *request)
{
    struct journal_entry entry = request_entry(request, JOURNAL_SEND);
    struct outcome out = {0};
    json_t *root = json_loadb(request->body.data ? request->body.data : "", request->body.len, 0, NULL);

    judge(request, root, &out);
    answer(request, &out);
    entry.verdict = request->answer.http_status ? out.verdict->name : "not_acted_upon";
    entry.http_status = request->answer.http_status;
    entry.kind = out.message.kind;
    entry.target = out.message.target;
    entry.is_dry_run = out.message.is_dry_run;
    entry.fault = request->answer.fault;
    entry.body = root;
    entry.name = out.name[0] ? out.name : NULL;
    journal_add(request->server->journal, &entry);
    json_decref(root);
}
