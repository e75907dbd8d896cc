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
    int result;      /* 0, or -1 with err */
    struct nr_err err;
    json_t *journal;
    int64_t began_us;
    int n_connections;
    /* Each connection has a thread; the lock is for all of the above, and held while a reply is made and
     * sent. */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int n_open;      /* connections being served */
    int n_came;      /* requests whose head was read */
    bool is_stopped; /* by lambda_api_stop() */
};

struct connection {
    struct lambda_api *api;
    struct wire wire;
    int n;
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

static void write_down(struct lambda_api *api, int n_connection, const struct wire_request *request,
                       const struct plan *plan, int64_t came_us)
{
    json_t *entry =
        json_pack("{s:i, s:i, s:I, s:I, s:s, s:s, s:O, s:I, s:i}", "n", json_array_size(api->journal) + 1,
                  "connection", n_connection, "came_us", came_us, "replied_us", now_us(api), "method",
                  request->method, "path", request->path, "headers", request->headers, "body_bytes",
                  (json_int_t)request->body_bytes, "status", plan->status);

    /* Not UTF-8, or too long: then the size must do. */
    if (request->body.len && request->body.len <= BODY_SHOWN_MAX_BYTES)
        json_object_set_new(entry, "body", json_stringn(request->body.data, request->body.len));
    if (json_object_size(request->trailers))
        json_object_set(entry, "trailers", request->trailers);
    if (request->n_chunks)
        json_object_set_new(entry, "chunks", json_integer(request->n_chunks));
    if (request->is_cut)
        json_object_set_new(entry, "cut", json_true());
    json_array_append_new(api->journal, entry);
    if (api->journal_fd >= 0)
        write_line(api, entry);
}

static bool is_over(const struct lambda_api *api)
{
    return api->script.state == SCRIPT_ENDED || api->result != 0 || api->is_stopped;
}

/* With the lock: what is due, waiting for it where there is nothing to say yet. */
static int decide(struct lambda_api *api, const struct wire_request *request, struct plan *plan,
                  struct nr_err *err)
{
    int got;

    while ((got = script_decide(&api->script, request, plan, err)) == 1 && !is_over(api))
        pthread_cond_wait(&api->changed, &api->lock);
    pthread_cond_broadcast(&api->changed);
    return got;
}

/* A body is read without the lock: its sender may take its time. */
static int read_body(struct connection *connection, struct wire_request *request, struct nr_err *err)
{
    int got;

    pthread_mutex_unlock(&connection->api->lock);
    got = wire_read_body(&connection->wire, request, err);
    pthread_mutex_lock(&connection->api->lock);
    return got;
}

/* Without the lock where it takes its time. (Several invocations at a time share one event's bytes: no stalls
 * there.) */
static void carry_out(struct connection *connection, const struct plan *plan)
{
    bool is_slow = plan->stall_ms > 0 || plan->then == PLAN_HANG;

    if (is_slow)
        pthread_mutex_unlock(&connection->api->lock);
    plan_carry_out(plan, &connection->wire);
    if (is_slow)
        pthread_mutex_lock(&connection->api->lock);
}

/* With the lock. 1 = go on, 0 = the connection is over, -1 = error. */
static int answer(struct connection *connection, struct wire_request *request, struct nr_err *err)
{
    struct lambda_api *api = connection->api;
    int64_t came_us = now_us(api);
    struct plan plan;
    int got;

    api->n_came++;
    pthread_cond_broadcast(&api->changed);
    got = decide(api, request, &plan, err);
    if (got == 0 && !plan.is_early && wire_has_body(request))
        got = read_body(connection, request, err);
    if (got != 0)
        return got;
    if (plan.is_silent) { /* nobody is to wait for what never comes */
        write_down(api, connection->n, request, &plan, came_us);
        pthread_mutex_unlock(&api->lock);
        wire_wait_for_close(&connection->wire);
        pthread_mutex_lock(&api->lock);
        return 0;
    }
    carry_out(connection, &plan);
    if (!script_is_quiet(&api->script))
        write_down(api, connection->n, request, &plan, came_us);
    script_carried_out(&api->script, request);
    pthread_cond_broadcast(&api->changed);
    return connection->wire.fd >= 0;
}

static int serve_request(struct connection *connection, struct nr_err *err)
{
    struct wire_request request;
    int got = wire_read_head(&connection->wire, &request, err);

    if (got == 1) {
        pthread_mutex_lock(&connection->api->lock);
        got = answer(connection, &request, err);
        pthread_mutex_unlock(&connection->api->lock);
    }
    wire_request_done(&request);
    return got;
}

/* Whoever waits for something to happen looks again. */
static void wake_all(struct lambda_api *api)
{
    if (is_over(api) && eventfd_write(api->stop_fd, 1) != 0)
        perror("lambda_api: eventfd");
    pthread_cond_broadcast(&api->changed);
}

static void *serve_connection(void *self)
{
    struct connection *connection = self;
    struct lambda_api *api = connection->api;
    struct nr_err err = {0};
    int got = 1;

    setsockopt(connection->wire.fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    nr_buf_init(&connection->wire.in, SIZE_MAX / 4);
    while (got == 1 && api->script.state != SCRIPT_ENDED)
        got = serve_request(connection, &err);
    if (connection->wire.fd >= 0)
        wire_close(&connection->wire, false);
    free(connection);
    pthread_mutex_lock(&api->lock);
    if (got < 0 && !is_over(api)) {
        api->result = -1;
        api->err = err;
    }
    if (api->script.state == SCRIPT_INIT_FAILED)
        api->script.state = SCRIPT_ENDED;
    api->n_open--;
    wake_all(api);
    pthread_mutex_unlock(&api->lock);
    return NULL;
}

/* With the lock. */
static void take_connection(struct lambda_api *api, int fd, const struct wire *like)
{
    struct connection *connection = calloc(1, sizeof(*connection));
    pthread_attr_t detached;
    pthread_t thread;

    *connection = (struct connection){.api = api, .wire = *like, .n = ++api->n_connections};
    connection->wire.fd = fd;
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    api->n_open++;
    if (pthread_create(&thread, &detached, serve_connection, connection) != 0)
        abort();
    pthread_attr_destroy(&detached);
}

/* With the lock, which is given back while nothing comes. */
static void accept_one(struct lambda_api *api, const struct wire *wire)
{
    struct nr_err err = {0};
    int got;
    int fd;

    pthread_mutex_unlock(&api->lock);
    got = wire_wait(wire, api->listen_fd, &err);
    fd = got == 0 ? accept4(api->listen_fd, NULL, NULL, SOCK_CLOEXEC) : -1;
    pthread_mutex_lock(&api->lock);
    if (fd >= 0)
        take_connection(api, fd, wire);
    else if (got != 0 && !is_over(api)) {
        api->result = -1;
        api->err = err;
    }
}

static void *follow(void *self)
{
    struct lambda_api *api = self;
    const struct wire wire = {
        .stop_fd = api->stop_fd,
        .deadline_mono_ms = nr_clock_mono_ms() + api->script.timeout_ms,
    };

    pthread_mutex_lock(&api->lock);
    while (!is_over(api))
        accept_one(api, &wire);
    close(api->listen_fd); /* who comes now is refused */
    api->listen_fd = -1;
    wake_all(api);
    while (api->n_open)
        pthread_cond_wait(&api->changed, &api->lock);
    if (api->is_stopped && api->script.state != SCRIPT_ENDED) {
        nr_err_set(&api->err, NR_ERR_DEADLINE, NULL, "stopped");
        api->result = -1;
    }
    pthread_mutex_unlock(&api->lock);
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
    pthread_mutex_init(&api->lock, NULL);
    pthread_cond_init(&api->changed, NULL);
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

void lambda_api_wait_for(struct lambda_api *api, int n_requests)
{
    pthread_mutex_lock(&api->lock);
    while (api->n_came < n_requests && !is_over(api))
        pthread_cond_wait(&api->changed, &api->lock);
    pthread_mutex_unlock(&api->lock);
}

const json_t *lambda_api_stop(struct lambda_api *api)
{
    struct nr_err ignored = {0};

    if (eventfd_write(api->stop_fd, 1) != 0) /* first: who holds the lock may be waiting for just this */
        perror("lambda_api: eventfd");
    pthread_mutex_lock(&api->lock);
    api->is_stopped = true;
    wake_all(api);
    pthread_mutex_unlock(&api->lock);
    if (lambda_api_wait(api, &ignored) != 0)
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
