#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <narae/clock.h>

#include "lambda_api.h"
#include "script.h"

enum { BODY_SHOWN_MAX_BYTES = 64 * 1024 };

struct lambda_api {
    struct script script;
    int listen_fd;
    int stop_fd;
    int journal_fd; /* -1 = none */
    char authority[32];
    pthread_t thread;
    bool is_running; /* the thread must be joined */
    int result;      /* of the thread */
    struct nr_err err;
    json_t *journal;
    int64_t began_us;
    int n_connections;
};

static int64_t now_us(const struct lambda_api *api)
{
    return nr_clock_mono_us() - api->began_us;
}

static void write_line(const struct lambda_api *api, const json_t *entry)
{
    char *line = json_dumps(entry, JSON_COMPACT);
    size_t len = strlen(line);

    line[len] = '\n'; /* in place of the NUL: one write for one line */
    if (write(api->journal_fd, line, len + 1) < 0)
        perror("lambda_api: journal");
    free(line);
}

static void write_down(struct lambda_api *api, const struct wire_request *request, const struct plan *plan,
                       int64_t came_us)
{
    json_t *entry =
        json_pack("{s:i, s:i, s:I, s:I, s:s, s:s, s:O, s:I, s:i}", "n", json_array_size(api->journal) + 1,
                  "connection", api->n_connections, "came_us", came_us, "replied_us", now_us(api), "method",
                  request->method, "path", request->path, "headers", request->headers, "body_bytes",
                  (json_int_t)request->body_bytes, "status", plan->status);

    /* Not UTF-8, or too long: then the size must do. */
    if (request->body.len && request->body.len <= BODY_SHOWN_MAX_BYTES)
        json_object_set_new(entry, "body", json_stringn(request->body.data, request->body.len));
    json_array_append_new(api->journal, entry);
    if (api->journal_fd >= 0)
        write_line(api, entry);
}

/* One request and its reply. 1 = go on, 0 = the connection is over, -1 = error. */
static int serve_request(struct lambda_api *api, struct wire *wire)
{
    struct wire_request request;
    struct plan plan;
    int64_t came_us;
    int got = wire_read_head(wire, &request, &api->err);

    if (got == 1) {
        came_us = now_us(api);
        got = script_decide(&api->script, &request, &plan, &api->err);
        if (got == 0 && !plan.is_early)
            got = wire_read_body(wire, &request, &api->err);
        if (got == 0) {
            plan_carry_out(&plan, wire);
            if (!script_is_quiet(&api->script))
                write_down(api, &request, &plan, came_us);
            got = wire->fd >= 0;
        }
    }
    wire_request_done(&request);
    return got;
}

static int serve_connection(struct lambda_api *api, struct wire *wire)
{
    int got = 1;

    setsockopt(wire->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    nr_buf_init(&wire->in, SIZE_MAX / 4);
    api->n_connections++;
    while (got == 1 && api->script.state != SCRIPT_ENDED)
        got = serve_request(api, wire);
    if (wire->fd >= 0)
        wire_close(wire, false);
    return got;
}

static void *follow(void *self)
{
    struct lambda_api *api = self;
    struct wire wire = {
        .stop_fd = api->stop_fd,
        .deadline_mono_ms = nr_clock_mono_ms() + api->script.timeout_ms,
    };

    while (api->result == 0 && api->script.state != SCRIPT_ENDED) {
        if (wire_wait(&wire, api->listen_fd, &api->err) != 0) {
            api->result = -1;
            break;
        }
        wire.fd = accept4(api->listen_fd, NULL, NULL, SOCK_CLOEXEC);
        if (wire.fd >= 0 && serve_connection(api, &wire) < 0)
            api->result = -1;
        if (api->script.state == SCRIPT_INIT_FAILED)
            api->script.state = SCRIPT_ENDED;
    }
    close(api->listen_fd); /* who comes now is refused */
    api->listen_fd = -1;
    return NULL;
}

static int listen_somewhere(struct lambda_api *api, struct nr_err *err)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(address);

    api->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    api->stop_fd = eventfd(0, EFD_CLOEXEC);
    if (api->listen_fd < 0 || api->stop_fd < 0 ||
        bind(api->listen_fd, (struct sockaddr *)&address, len) != 0 || listen(api->listen_fd, 16) != 0 ||
        getsockname(api->listen_fd, (struct sockaddr *)&address, &len) != 0)
        return nr_err_set(err, NR_ERR_UNAVAILABLE, NULL, "cannot listen: %s", strerror(errno));
    snprintf(api->authority, sizeof(api->authority), "127.0.0.1:%d", ntohs(address.sin_port));
    return 0;
}

static int open_journal(struct lambda_api *api, const char *path, struct nr_err *err)
{
    if (!path)
        return 0;
    api->journal_fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
    if (api->journal_fd < 0)
        return nr_err_set(err, NR_ERR_UNAVAILABLE, NULL, "cannot write \"%s\": %s", path, strerror(errno));
    return 0;
}

static int begin(struct lambda_api *api, const char *script_json, const char *journal_path,
                 struct nr_err *err)
{
    if (script_init(&api->script, script_json, err) != 0 || open_journal(api, journal_path, err) != 0 ||
        listen_somewhere(api, err) != 0)
        return -1;
    if (pthread_create(&api->thread, NULL, follow, api) != 0)
        return nr_err_set(err, NR_ERR_UNAVAILABLE, NULL, "cannot start a thread");
    api->is_running = true;
    return 0;
}

int lambda_api_start(const char *script_json, const char *journal_path, struct lambda_api **out,
                     struct nr_err *err)
{
    struct lambda_api *api = calloc(1, sizeof(*api));

    if (!api)
        return nr_err_set(err, NR_ERR_UNAVAILABLE, NULL, "no memory");
    api->listen_fd = api->stop_fd = api->journal_fd = -1;
    api->journal = json_array();
    api->began_us = nr_clock_mono_us();
    if (begin(api, script_json, journal_path, err) != 0) {
        lambda_api_free(api);
        return -1;
    }
    *out = api;
    return 0;
}

const char *lambda_api_authority(const struct lambda_api *api)
{
    return api->authority;
}

int lambda_api_wait(struct lambda_api *api, struct nr_err *err)
{
    if (api->is_running)
        pthread_join(api->thread, NULL);
    api->is_running = false;
    if (api->result != 0)
        *err = api->err;
    return api->result;
}

const json_t *lambda_api_stop(struct lambda_api *api)
{
    struct nr_err ignored = {0};

    if (eventfd_write(api->stop_fd, 1) != 0 || lambda_api_wait(api, &ignored) != 0)
        return api->journal; /* stopped on the way: what is there is there */
    return api->journal;
}

void lambda_api_free(struct lambda_api *api)
{
    if (!api)
        return;
    if (api->is_running)
        lambda_api_stop(api);
    for (int i = 0; i < 3; i++) {
        int fd = (int[]){api->listen_fd, api->stop_fd, api->journal_fd}[i];

        if (fd >= 0)
            close(fd);
    }
    script_done(&api->script);
    json_decref(api->journal);
    free(api);
}
