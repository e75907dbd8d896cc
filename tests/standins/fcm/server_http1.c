/* server_http1.c - plain HTTP/1.1 by libmicrohttpd, to stand behind a proxy. */
#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "tests/standins/fcm/request.h"

enum { THREADS = 2, CONNECTIONS_MAX = 2048 };

/* One request from its first line on. */
struct call {
    struct request request;
    struct server *server;
    char *target; /* heap, until the head is there */
    bool is_begun, is_answered, is_delayed;
};

static const char *header(const struct request *request, const char *name)
{
    return MHD_lookup_connection_value(request->transport, MHD_HEADER_KIND, name);
}

static int peer_port(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

    return info && info->client_addr->sa_family == AF_INET
               ? ntohs(((const struct sockaddr_in *)(const void *)info->client_addr)->sin_port)
               : 0;
}

/* The one moment at which libmicrohttpd shows the target as it came. */
static void *on_target(void *ctx, const char *target, struct MHD_Connection *connection)
{
    struct call *call = calloc(1, sizeof(*call));

    (void)connection;
    if (!call)
        return NULL;
    call->server = ctx;
    call->target = strdup(target);
    return call;
}

static void begin(struct call *call, struct MHD_Connection *connection, const char *method)
{
    call->is_begun = true;
    call->request.header = header;
    call->request.transport = connection;
    call->request.method = method;
    call->request.connection = peer_port(connection);
    request_begin(&call->request, call->server, call->target);
}

static enum MHD_Result reply(struct request *request)
{
    struct answer *answer = &request->answer;
    struct MHD_Response *response = MHD_create_response_from_buffer(answer->body ? strlen(answer->body) : 0,
                                                                    answer->body, MHD_RESPMEM_MUST_FREE);
    enum MHD_Result result;

    answer->body = NULL;
    MHD_add_response_header(response, "Content-Type", answer->content_type);
    MHD_add_response_header(response, "Date", answer->date);
    if (answer->retry_after[0])
        MHD_add_response_header(response, "Retry-After", answer->retry_after);
    result = MHD_queue_response(request->transport, (unsigned)answer->http_status, response);
    MHD_destroy_response(response);
    return result;
}

/* Called when the head is there, for each piece of the body, at its end, and again after a delay. */
static enum MHD_Result on_request(void *ctx, struct MHD_Connection *connection, const char *path,
                                  const char *method, const char *version, const char *data, size_t *len,
                                  void **slot)
{
    struct call *call = *slot;

    (void)ctx;
    (void)path;
    (void)version;
    if (!call || !call->target)
        return MHD_NO;
    if (!call->is_begun) {
        begin(call, connection, method);
        return MHD_YES;
    }
    if (*len) {
        nr_buf_add(&call->request.body, nr_view_n(data, *len));
        *len = 0;
        return MHD_YES;
    }
    if (!call->is_answered) {
        request_route(&call->request);
        call->is_answered = true;
    }
    if (call->request.answer.delay_ms && !call->is_delayed) {
        call->is_delayed = true;
        delay_add(call->server->delay, connection, call->request.answer.delay_ms);
        return MHD_YES;
    }
    return reply(&call->request);
}

static void on_completed(void *ctx, struct MHD_Connection *connection, void **slot,
                         enum MHD_RequestTerminationCode code)
{
    struct call *call = *slot;

    (void)ctx;
    (void)connection;
    (void)code;
    if (!call)
        return;
    if (call->is_begun)
        request_done(&call->request);
    free(call->target);
    free(call);
    *slot = NULL;
}

uint16_t server_http1_start(struct server *server, uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    const union MHD_DaemonInfo *info;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server->daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, port, NULL, NULL,
        on_request, server, MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_THREAD_POOL_SIZE, (unsigned)THREADS,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX, MHD_OPTION_NOTIFY_COMPLETED, on_completed,
        NULL, MHD_OPTION_URI_LOG_CALLBACK, on_target, server, MHD_OPTION_END);
    info = server->daemon ? MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT) : NULL;
    server->plain_port = info ? info->port : 0;
    return server->plain_port;
}

void server_http1_stop(struct server *server)
{
    delay_stop(server->delay);
    MHD_stop_daemon(server->daemon);
}
