#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <narae/clock.h>

#include "tests/standins/fcm/request.h"

enum { THREADS = 2 };

const char *request_header(const struct request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

static int peer_port(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

    return info && info->client_addr->sa_family == AF_INET
               ? ntohs(((const struct sockaddr_in *)(const void *)info->client_addr)->sin_port)
               : 0;
}

struct journal_entry request_entry(const struct request *request, enum journal_route route)
{
    return (struct journal_entry){
        .route = route,
        .method = request->method,
        .path = request->path,
        .asks_details = request_header(request, "x-goog-api-format-version") != NULL,
        .client = request_header(request, "x-client-connection"),
        .connection = peer_port(request->connection),
        .wall_ms = request->wall_ms,
        .mono_us = request->mono_us,
    };
}

/* GET /__control/counts, POST /__control/{flush,reset,revoke}. */
void request_control(struct request *request)
{
    const char *verb = request->path + strlen("/__control/");
    json_t *counts;

    if (strcmp(verb, "flush") == 0)
        journal_flush(request->server->journal);
    else if (strcmp(verb, "revoke") == 0)
        access_revoke(request->server->access);
    else if (strcmp(verb, "reset") == 0) {
        journal_reset(request->server->journal);
        registry_rewind(request->server->config->registry);
    }
    counts = journal_counts(request->server->journal);
    request->answer.http_status = 200;
    request->answer.content_type = "application/json";
    request->answer.body = json_dumps(counts, JSON_COMPACT);
    json_decref(counts);
}

/* As Google's front end answers a path that no API has: no JSON. */
static void request_unknown(struct request *request)
{
    struct journal_entry entry = request_entry(request, JOURNAL_OTHER);
    const struct verdict *verdict = verdict_find(VERDICT_NOT_FOUND_HTML);

    request->answer.http_status = verdict->http_status;
    request->answer.content_type = "text/html; charset=UTF-8";
    request->answer.body = strdup(verdict->message);
    entry.verdict = verdict->name;
    entry.http_status = verdict->http_status;
    journal_add(request->server->journal, &entry);
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text);

    return n >= strlen(end) && strcmp(text + n - strlen(end), end) == 0;
}

static void route(struct request *request)
{
    bool is_post = strcmp(request->method, "POST") == 0;

    if (strncmp(request->path, "/__control/", strlen("/__control/")) == 0)
        request_control(request);
    else if (is_post && strcmp(request->path, "/token") == 0)
        request_token(request);
    else if (is_post && strncmp(request->path, "/v1/projects/", strlen("/v1/projects/")) == 0 &&
             ends_with(request->path, "/messages:send"))
        request_send(request);
    else
        request_unknown(request);
}

static enum MHD_Result reply(struct request *request)
{
    struct answer *answer = &request->answer;
    struct MHD_Response *response = MHD_create_response_from_buffer(answer->body ? strlen(answer->body) : 0,
                                                                    answer->body, MHD_RESPMEM_MUST_FREE);
    enum MHD_Result result;

    answer->body = NULL;
    MHD_add_response_header(response, "Content-Type", answer->content_type);
    if (answer->retry_after[0])
        MHD_add_response_header(response, "Retry-After", answer->retry_after);
    result = MHD_queue_response(request->connection, (unsigned)answer->http_status, response);
    MHD_destroy_response(response);
    return result;
}

static struct request *begin(struct server *server, struct MHD_Connection *connection, const char *method,
                             const char *path)
{
    struct request *request = calloc(1, sizeof(*request));

    if (!request)
        return NULL;
    request->server = server;
    request->connection = connection;
    request->method = method;
    request->wall_ms = nr_clock_wall_ms();
    request->mono_us = nr_clock_mono_us();
    snprintf(request->path, sizeof(request->path), "%s", path);
    nr_buf_init(&request->body, REQUEST_BODY_MAX_BYTES);
    return request;
}

/* Called when the head is there, for each piece of the body, at its end, and again after a delay. */
static enum MHD_Result on_request(void *ctx, struct MHD_Connection *connection, const char *path,
                                  const char *method, const char *version, const char *data, size_t *len,
                                  void **slot)
{
    struct request *request = *slot;

    (void)version;
    if (!request) {
        *slot = begin(ctx, connection, method, path);
        return *slot ? MHD_YES : MHD_NO;
    }
    if (*len) {
        nr_buf_add(&request->body, nr_view_n(data, *len));
        *len = 0;
        return MHD_YES;
    }
    if (!request->is_answered) {
        route(request);
        request->is_answered = true;
    }
    if (request->answer.delay_ms && !request->is_delayed) {
        request->is_delayed = true;
        delay_add(request->server->delay, connection, request->answer.delay_ms);
        return MHD_YES;
    }
    return reply(request);
}

static void on_completed(void *ctx, struct MHD_Connection *connection, void **slot,
                         enum MHD_RequestTerminationCode code)
{
    struct request *request = *slot;

    (void)ctx;
    (void)connection;
    (void)code;
    if (!request)
        return;
    free(request->answer.body);
    nr_buf_done(&request->body);
    free(request);
    *slot = NULL;
}

uint16_t server_start(struct server *server, uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    const union MHD_DaemonInfo *info;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server->daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, port, NULL, NULL,
        on_request, server, MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_THREAD_POOL_SIZE, (unsigned)THREADS,
        MHD_OPTION_CONNECTION_LIMIT, 2048U, MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_END);
    info = server->daemon ? MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT) : NULL;
    return info ? info->port : 0;
}

void server_stop(struct server *server)
{
    delay_stop(server->delay);
    MHD_stop_daemon(server->daemon);
}
