/* request.c - what every request goes through: its target taken apart, its route, the usual answers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <narae/clock.h>

#include "tests/standins/fcm/request.h"

/* Rows are tried in order; "*" is any one segment. NULL = any method. */
static const struct {
    const char *method;
    const char *segments[REQUEST_SEGMENTS_MAX + 1]; /* NULL-ended */
    void (*answer)(struct request *request);
} routes[] = {
    {"POST", {"v1", "projects", "*", "messages:send"}, request_send},
    {"POST", {"token"}, request_token},
    {NULL, {"v1", "projects", "*", "registrations", "*", "topicSubscriptions"}, request_topics},
    {NULL, {"v1", "projects", "*", "registrations", "*", "topicSubscriptions", "*"}, request_topics},
    {"POST", {"iid", "v1:batchAdd"}, request_iid_batch},
    {"POST", {"iid", "v1:batchRemove"}, request_iid_batch},
    {"GET", {"iid", "info", "*"}, request_iid_info},
    {NULL, {"__control", "*"}, request_control},
};

/* --- taking apart --------------------------------------------------------------------------------------- */

static int hex(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Undo percent encoding in place; what is malformed stays as it is. */
static char *decode(char *text)
{
    char *out = text;

    for (const char *in = text; *in; in++) {
        if (*in == '%' && hex(in[1]) >= 0 && hex(in[2]) >= 0) {
            *out++ = (char)(hex(in[1]) * 16 + hex(in[2]));
            in += 2;
        } else {
            *out++ = *in;
        }
    }
    *out = '\0';
    return text;
}

static void split_path(struct request *request, char *path)
{
    char *rest = path;

    while (request->n_segments <= REQUEST_SEGMENTS_MAX && (rest = strchr(rest, '/'))) {
        char *segment = rest + 1;

        *rest = '\0';
        rest = segment;
        if (request->n_segments < REQUEST_SEGMENTS_MAX)
            request->segments[request->n_segments] = segment;
        request->n_segments++;
    }
    for (size_t i = 0; i < request->n_segments && i < REQUEST_SEGMENTS_MAX; i++)
        decode(request->segments[i]);
}

static void split_query(struct request *request, char *query)
{
    char *rest = query;
    char *part;

    while (request->n_query < REQUEST_QUERY_MAX && (part = strsep(&rest, "&"))) {
        char *value = strchr(part, '=');

        if (value)
            *value++ = '\0';
        request->query[request->n_query++] = (struct parameter){decode(part), value ? decode(value) : ""};
    }
}

void request_begin(struct request *request, struct server *server, const char *target)
{
    char *query;

    request->server = server;
    request->wall_ms = nr_clock_wall_ms() + atomic_load(&server->advanced_ms);
    request->mono_us = nr_clock_mono_us() + atomic_load(&server->advanced_ms) * 1000;
    snprintf(request->path, sizeof(request->path), "%.*s", (int)strcspn(target, "?"), target);
    snprintf(request->target, sizeof(request->target), "%s", target);
    query = strchr(request->target, '?');
    if (query) {
        *query = '\0';
        split_query(request, query + 1);
    }
    split_path(request, request->target);
    nr_buf_init(&request->body, REQUEST_BODY_MAX_BYTES);
}

void request_done(struct request *request)
{
    free(request->answer.body);
    nr_buf_done(&request->body);
}

const char *request_query(const struct request *request, const char *name)
{
    for (size_t i = 0; i < request->n_query; i++)
        if (strcmp(request->query[i].name, name) == 0)
            return request->query[i].value;
    return NULL;
}

/* --- answers -------------------------------------------------------------------------------------------- */

bool request_is_allowed(const struct request *request)
{
    const char *authorization = request->header(request, "authorization");

    return authorization && strncmp(authorization, "Bearer ", 7) == 0 &&
           access_is_good(request->server->access, authorization + 7, request->mono_us / 1000);
}

bool request_is_our_project(const struct request *request)
{
    return strcmp(request->segments[2], request->server->config->project) == 0;
}

void request_refuse(struct request *request, const char *verdict, const char *message)
{
    const struct verdict *row = verdict_find(verdict);
    struct verdict_words words = {
        .message = message, .has_details = request->header(request, "x-goog-api-format-version") != NULL};

    request->answer.http_status = row->http_status;
    request->answer.content_type =
        row->status ? "application/json; charset=UTF-8" : "text/html; charset=UTF-8";
    request->answer.body = verdict_format(row, &words);
    if (row->retry_after_s)
        snprintf(request->answer.retry_after, sizeof(request->answer.retry_after), "%d", row->retry_after_s);
}

void request_reply(struct request *request, json_t *document)
{
    request->answer.http_status = 200;
    request->answer.content_type = "application/json; charset=UTF-8";
    request->answer.body = json_dumps(document, JSON_INDENT(2));
    json_decref(document);
}

struct journal_entry request_entry(const struct request *request, enum journal_route route)
{
    return (struct journal_entry){
        .route = route,
        .method = request->method,
        .path = request->path,
        .asks_details = request->header(request, "x-goog-api-format-version") != NULL,
        .client = request->header(request, "x-client-connection"),
        .connection = request->connection,
        .stream = request->stream,
        .wall_ms = request->wall_ms,
        .mono_us = request->mono_us,
    };
}

/* As Google's front end answers a path that no API has: no JSON. */
static void answer_unknown(struct request *request)
{
    struct journal_entry entry = request_entry(request, JOURNAL_OTHER);

    request_refuse(request, VERDICT_NOT_FOUND_HTML, NULL);
    entry.verdict = VERDICT_NOT_FOUND_HTML;
    entry.http_status = request->answer.http_status;
    journal_add(request->server->journal, &entry);
}

/* --- the route ------------------------------------------------------------------------------------------ */

static bool is_match(const struct request *request, const char *const *segments)
{
    size_t i = 0;

    for (; segments[i] && i < request->n_segments; i++)
        if (strcmp(segments[i], "*") != 0 && strcmp(segments[i], request->segments[i]) != 0)
            return false;
    return !segments[i] && i == request->n_segments;
}

/* RFC 9110 section 5.6.7, by the stand-in's clock and as far off as it is told to be. */
static void say_date(struct request *request)
{
    time_t when = (time_t)(request->wall_ms / 1000 + request->server->config->clock_skew_s);
    struct tm utc;

    if (gmtime_r(&when, &utc))
        strftime(request->answer.date, sizeof(request->answer.date), "%a, %d %b %Y %H:%M:%S GMT", &utc);
}

void request_route(struct request *request)
{
    void (*answer)(struct request *) = answer_unknown;

    for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]) && answer == answer_unknown; i++)
        if ((!routes[i].method || strcmp(routes[i].method, request->method) == 0) &&
            is_match(request, routes[i].segments))
            answer = routes[i].answer;
    answer(request);
    say_date(request);
    if (answer != request_control)
        request->answer.delay_ms +=
            chance_between(request->server->chance, request->server->config->latency_ms,
                           request->server->config->latency_max_ms);
}
