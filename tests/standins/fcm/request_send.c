/* request_send.c - POST /v1/projects/P/messages:send: the checks in FCM's order, then the registration's
 * script. */
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
    const struct step *step; /* NULL = refused before the script */
    struct message message;
    struct complaint complaint;
    char name[128];
};

static bool is_allowed(const struct request *request)
{
    const char *authorization = request_header(request, "authorization");

    return authorization && strncmp(authorization, "Bearer ", 7) == 0 &&
           access_is_good(request->server->access, authorization + 7, request->mono_us / 1000);
}

/* /v1/projects/{P}/messages:send */
static bool is_our_project(const struct request *request)
{
    const char *project = request->path + strlen("/v1/projects/");
    size_t len = strcspn(project, "/");

    return strlen(request->server->config->project) == len &&
           strncmp(project, request->server->config->project, len) == 0;
}

static bool is_json(const struct request *request)
{
    const char *type = request_header(request, "content-type");

    return type && strncmp(type, "application/json", strlen("application/json")) == 0;
}

static void complain(struct outcome *out, const char *verdict, const char *text)
{
    out->verdict = verdict_find(verdict);
    snprintf(out->complaint.text, sizeof(out->complaint.text), "%s", text);
}

static void judge(struct request *request, const json_t *root, struct outcome *out)
{
    if (!is_allowed(request))
        out->verdict = verdict_find(VERDICT_UNAUTHENTICATED);
    else if (!is_our_project(request))
        out->verdict = verdict_find(VERDICT_PROJECT_NOT_FOUND);
    else if (!is_json(request) || !root)
        complain(out, VERDICT_INVALID_JSON, "Invalid JSON payload received. Unexpected token.");
    else if (!message_check(root, request->server->config->refuses_unknown_names, &out->message,
                            &out->complaint))
        out->verdict = verdict_find(out->complaint.verdict);
    else {
        out->step = registry_next(request->server->config->registry, out->message.target);
        out->verdict = out->step->verdict;
    }
}

static void take(struct request *request, struct outcome *out)
{
    static atomic_ulong serial;
    char body[256];

    snprintf(out->name, sizeof(out->name), "projects/%s/messages/%s%lu", request->server->config->project,
             out->message.is_dry_run ? "fake_message_id" : "0:", ++serial);
    snprintf(body, sizeof(body), "{\n  \"name\": \"%s\"\n}\n", out->name);
    request->answer.body = strdup(body);
}

static void say_retry_after(struct answer *answer, const struct outcome *out)
{
    int seconds =
        out->step && out->step->retry_after_s ? out->step->retry_after_s : out->verdict->retry_after_s;
    time_t when = time(NULL) + seconds;
    struct tm utc;

    if (seconds && out->step && out->step->is_retry_after_date && gmtime_r(&when, &utc))
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
        .has_details = request_header(request, "x-goog-api-format-version") != NULL,
    };

    if (out->verdict->is_about_target && out->message.kind) {
        snprintf(field, sizeof(field), "message.%s", out->message.kind);
        words.field = field;
    }
    request->answer.body = verdict_format(out->verdict, &words);
}

void request_send(struct request *request)
{
    struct journal_entry entry = request_entry(request, JOURNAL_SEND);
    struct outcome out = {0};
    json_t *root = json_loadb(request->body.data ? request->body.data : "", request->body.len, 0, NULL);

    judge(request, root, &out);
    request->answer.http_status = out.verdict->http_status;
    request->answer.content_type =
        out.verdict->status ? "application/json; charset=UTF-8" : "text/html; charset=UTF-8";
    request->answer.delay_ms = out.step ? out.step->delay_ms : 0;
    say_retry_after(&request->answer, &out);
    if (out.verdict->http_status == 200) {
        request->answer.content_type = "application/json; charset=UTF-8";
        take(request, &out);
    } else {
        refuse(request, &out);
    }
    entry.verdict = out.verdict->name;
    entry.http_status = out.verdict->http_status;
    entry.kind = out.message.kind;
    entry.target = out.message.target;
    entry.is_dry_run = out.message.is_dry_run;
    entry.body = root;
    entry.name = out.name[0] ? out.name : NULL;
    journal_add(request->server->journal, &entry);
    json_decref(root);
}
