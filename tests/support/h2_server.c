#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <nghttp2/nghttp2.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <narae/tls.h>

#include "tests/support/h2_server.h"

enum { CONNS_MAX = 128, OUT_BYTES = 1 << 20, SPLIT_BYTES = 5 };

struct conn {
    struct h2_server *server;
    int fd; /* -1 = free */
    int number;
    SSL *ssl;
    nghttp2_session *session;
    int n_open;
    int32_t last_id; /* of a GOAWAY that was sent */
    bool has_goaway, is_deaf, is_cutting;
};

/* One request; freed when its stream closes. */
struct request {
    int n;
    size_t body_len;
    size_t left;   /* bytes of the answer still to be sent */
    char text[32]; /* the answer, then 'x' as often as needed */
    size_t text_at;
    bool is_rst_next, is_cut_next, is_done;
    uint32_t code;
};

/* A request that waits for h2_server_release(); conn NULL = none. */
struct held {
    struct conn *conn;
    int32_t id;
    struct request *request;
};

struct h2_server {
    struct h2_server_options options;
    struct h2_server_journal journal;
    SSL_CTX *ctx;
    int fd, port;
    int wake[2];
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t closed;
    int n_closed;
    struct conn conns[CONNS_MAX];
    struct held held;
};

static void must(bool is_good, const char *what)
{
    if (is_good)
        return;
    fprintf(stderr, "h2_server: cannot %s: %s\n", what, strerror(errno));
    abort();
}

static const struct h2_server_rule *rule_for(const struct h2_server *server, int ordinal, bool is_conn)
{
    static const struct h2_server_rule answer = {H2_SERVER_ANSWER, 0, 0, 0};

    for (int i = 0; i < H2_SERVER_RULES_MAX; i++) {
        const struct h2_server_rule *rule = &server->options.rules[i];

        if ((rule->act >= H2_SERVER_CONN_CUT) == is_conn && rule->from <= ordinal && ordinal <= rule->to)
            return rule;
    }
    return &answer;
}

/* --- requests ------------------------------------------------------------------------------------------- */

static nghttp2_ssize read_answer(nghttp2_session *session, int32_t id, uint8_t *out, size_t cap,
                                 uint32_t *flags, nghttp2_data_source *source, void *user)
{
    struct request *request = source->ptr;
    struct conn *conn = user;
    size_t n = request->left < cap ? request->left : cap;

    if (request->is_rst_next || request->is_cut_next) {
        if (request->is_rst_next)
            nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, id, request->code);
        conn->is_cutting = request->is_cut_next;
        return NGHTTP2_ERR_DEFERRED;
    }
    for (size_t i = 0; i < n; i++, request->text_at++)
        out[i] = request->text_at < strlen(request->text) ? (uint8_t)request->text[request->text_at] : 'x';
    request->left -= n;
    if (request->left == 0)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (nghttp2_ssize)n;
}

#define HEADER(name, value)                                                                                  \
    {                                                                                                        \
        (uint8_t *)(uintptr_t)(name), (uint8_t *)(uintptr_t)(value), strlen(name), strlen(value), 0          \
    }

static void answer(struct conn *conn, int32_t id, struct request *request, const char *status)
{
    bool has_extras = strcmp(status, "200") != 0;
    nghttp2_nv hints[] = {HEADER(":status", "103"), HEADER("link", "</x>")};
    nghttp2_nv headers[] = {HEADER(":status", status), HEADER("date", "Tue, 24 Nov 2026 15:06:48 GMT"),
                            HEADER("retry-after", "7")};
    nghttp2_data_provider2 body = {.source.ptr = request, .read_callback = read_answer};

    if (has_extras)
        nghttp2_submit_headers(conn->session, NGHTTP2_FLAG_NONE, id, NULL, hints, 2, NULL);
    nghttp2_submit_response2(conn->session, id, headers, has_extras ? 3 : 1, &body);
    if (!request->is_rst_next && !request->is_cut_next)
        conn->server->journal.answered[request->n]++;
}

static void act(struct conn *conn, int32_t id, struct request *request, const struct h2_server_rule *rule)
{
    char status[12] = "200";

    request->is_done = true;
    snprintf(request->text, sizeof(request->text), "{\"n\":%d}", request->n);
    request->left = rule->act == H2_SERVER_BODY ? rule->value : strlen(request->text);
    request->code = rule->value;
    switch (rule->act) {
    case H2_SERVER_STALL:
        return;
    case H2_SERVER_HOLD:
        conn->server->held = (struct held){conn, id, request};
        return;
    case H2_SERVER_RST:
        nghttp2_submit_rst_stream(conn->session, NGHTTP2_FLAG_NONE, id, rule->value);
        return;
    case H2_SERVER_GOAWAY:
        conn->has_goaway = true;
        conn->last_id = id > 2 ? id - 2 : 0;
        nghttp2_submit_goaway(conn->session, NGHTTP2_FLAG_NONE, conn->last_id, rule->value, NULL, 0);
        return;
    case H2_SERVER_CUT:
        conn->is_cutting = true;
        return;
    case H2_SERVER_STATUS:
        snprintf(status, sizeof(status), "%u", rule->value);
        break;
    case H2_SERVER_HEADERS_RST:
        request->is_rst_next = true;
        break;
    case H2_SERVER_HEADERS_CUT:
        request->is_cut_next = true;
        break;
    case H2_SERVER_ANSWER_CUT:
        conn->is_cutting = true;
        break;
    case H2_SERVER_DEAF:
        conn->is_deaf = true;
        break;
    default:
        break;
    }
    answer(conn, id, request, status);
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags, void *user)
{
    struct request *request = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);

    (void)flags;
    (void)user;
    (void)value_len;
    if (request && name_len == 5 && memcmp(name, ":path", 5) == 0)
        request->n = atoi((const char *)value + 1);
    return 0;
}

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
    struct conn *conn = user;
    struct request *request = calloc(1, sizeof(*request));

    must(request != NULL, "allocate");
    nghttp2_session_set_stream_user_data(session, frame->hd.stream_id, request);
    if (++conn->n_open > conn->server->journal.n_open_max)
        conn->server->journal.n_open_max = conn->n_open;
    return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *data, size_t len,
                   void *user)
{
    struct request *request = nghttp2_session_get_stream_user_data(session, id);

    (void)flags;
    (void)data;
    (void)user;
    if (request)
        request->body_len += len;
    return 0;
}

static void on_whole_request(struct conn *conn, int32_t id, struct request *request)
{
    struct h2_server *server = conn->server;

    if (conn->has_goaway && id > conn->last_id)
        return;
    server->journal.n_requests++;
    server->journal.n_body[request->n] = request->body_len;
    if (!request->is_done)
        act(conn, id, request, rule_for(server, server->journal.n_requests, false));
}

static int on_frame_recv(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
    struct conn *conn = user;
    struct request *request = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    const struct h2_server_rule *rule = rule_for(conn->server, conn->server->journal.n_requests + 1, false);

    if (frame->hd.type == NGHTTP2_PING && !(frame->hd.flags & NGHTTP2_FLAG_ACK))
        conn->server->journal.n_pings++;
    if (frame->hd.type == NGHTTP2_RST_STREAM && frame->rst_stream.error_code == NGHTTP2_CANCEL)
        conn->server->journal.n_cancelled++;
    if (!request)
        return 0;
    if (frame->hd.type == NGHTTP2_HEADERS && rule->act == H2_SERVER_EARLY && !request->is_done)
        act(conn, frame->hd.stream_id, request, rule);
    if ((frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) &&
        (frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
        on_whole_request(conn, frame->hd.stream_id, request);
    return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t id, uint32_t code, void *user)
{
    struct conn *conn = user;

    (void)code;
    conn->n_open--;
    free(nghttp2_session_get_stream_user_data(session, id));
    nghttp2_session_set_stream_user_data(session, id, NULL);
    return 0;
}

/* --- connections ---------------------------------------------------------------------------------------- */

static void new_session(struct conn *conn)
{
    nghttp2_session_callbacks *callbacks;
    nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, conn->server->options.max_streams}};

    must(nghttp2_session_callbacks_new(&callbacks) == 0, "allocate");
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame_recv);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
    must(nghttp2_session_server_new(&conn->session, callbacks, conn) == 0, "make a session");
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(conn->session, NGHTTP2_FLAG_NONE, settings, 1);
}

static void close_conn(struct conn *conn)
{
    struct h2_server *server = conn->server;

    if (conn->session) {
        /* Streams that are still open hold requests. */
        for (int32_t id = 1; id < 2 * H2_SERVER_JOURNAL_MAX; id += 2)
            free(nghttp2_session_get_stream_user_data(conn->session, id));
        nghttp2_session_del(conn->session);
    }
    SSL_free(conn->ssl);
    close(conn->fd);
    *conn = (struct conn){.server = server, .fd = -1};
    pthread_mutex_lock(&server->lock);
    server->n_closed++;
    pthread_cond_broadcast(&server->closed);
    pthread_mutex_unlock(&server->lock);
}

/* Blocking writes: the client always reads. False when the client is gone. */
static bool write_all(struct conn *conn, const uint8_t *bytes, size_t len)
{
    size_t step = conn->server->options.is_split ? SPLIT_BYTES : len;

    while (len) {
        size_t n = len < step ? len : step;
        int rc = SSL_write(conn->ssl, bytes, (int)n);

        if (rc > 0) {
            bytes += rc;
            len -= (size_t)rc;
            continue;
        }
        if (SSL_get_error(conn->ssl, rc) != SSL_ERROR_WANT_WRITE)
            return false;
        poll(&(struct pollfd){conn->fd, POLLOUT, 0}, 1, 1000);
    }
    return true;
}

static bool flush(struct conn *conn)
{
    static const uint8_t garbage[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
    uint8_t *out = malloc(OUT_BYTES);
    size_t n = 0;
    bool is_good = true;

    must(out != NULL, "allocate");
    for (;;) {
        const uint8_t *frame;
        nghttp2_ssize len = nghttp2_session_mem_send2(conn->session, &frame);

        if (len <= 0)
            break;
        if (n + (size_t)len > OUT_BYTES) {
            is_good = is_good && write_all(conn, out, n);
            n = 0;
        }
        memcpy(out + n, frame, (size_t)len);
        n += (size_t)len;
    }
    if (rule_for(conn->server, conn->number, true)->act == H2_SERVER_CONN_GARBAGE)
        is_good = write_all(conn, garbage, sizeof(garbage) - 1);
    else
        is_good = is_good && write_all(conn, out, n);
    free(out);
    return is_good;
}

/* False when the connection is over. */
static bool serve(struct conn *conn)
{
    uint8_t bytes[16384];
    int n;

    if (!SSL_is_init_finished(conn->ssl)) {
        n = SSL_do_handshake(conn->ssl);
        if (n != 1)
            return SSL_get_error(conn->ssl, n) == SSL_ERROR_WANT_READ;
        if (rule_for(conn->server, conn->number, true)->act == H2_SERVER_CONN_TLS_CUT)
            return false;
        new_session(conn);
    }
    while (!conn->is_deaf && (n = SSL_read(conn->ssl, bytes, sizeof(bytes))) > 0)
        if (nghttp2_session_mem_recv2(conn->session, bytes, (size_t)n) < 0)
            return false;
    if (!conn->is_deaf && SSL_get_error(conn->ssl, n) != SSL_ERROR_WANT_READ)
        return false;
    if (!flush(conn))
        return false;
    return !conn->is_cutting &&
           (nghttp2_session_want_read(conn->session) || nghttp2_session_want_write(conn->session));
}

static void accept_one(struct h2_server *server)
{
    int fd = accept4(server->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd < 0)
        return;
    server->journal.n_connections++;
    if (rule_for(server, server->journal.n_connections, true)->act == H2_SERVER_CONN_CUT) {
        close(fd);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    for (int i = 0; i < CONNS_MAX; i++) {
        struct conn *conn = &server->conns[i];

        if (conn->fd >= 0)
            continue;
        *conn = (struct conn){.server = server, .fd = fd, .number = server->journal.n_connections};
        conn->ssl = SSL_new(server->ctx);
        must(conn->ssl != NULL && SSL_set_fd(conn->ssl, fd), "set up TLS");
        SSL_set_accept_state(conn->ssl);
        conn->is_deaf = rule_for(server, conn->number, true)->act == H2_SERVER_CONN_MUTE;
        return;
    }
    must(false, "hold so many connections");
}

/* What the test says through the pipe: a byte releases what is held; false = the end. */
static bool obey(struct h2_server *server)
{
    struct held held = server->held;
    char byte;

    if (read(server->wake[0], &byte, 1) != 1)
        return false;
    must(held.conn != NULL, "release what is not held");
    server->held = (struct held){0};
    answer(held.conn, held.id, held.request, "200");
    if (!flush(held.conn))
        close_conn(held.conn);
    return true;
}

static void *run(void *ctx)
{
    struct h2_server *server = ctx;
    struct pollfd polls[CONNS_MAX + 2];

    for (;;) {
        for (int i = 0; i < CONNS_MAX; i++) {
            struct conn *conn = &server->conns[i];

            polls[i] = (struct pollfd){conn->is_deaf ? -1 : conn->fd, POLLIN, 0};
        }
        polls[CONNS_MAX] = (struct pollfd){server->fd, POLLIN, 0};
        polls[CONNS_MAX + 1] = (struct pollfd){server->wake[0], POLLIN, 0};
        poll(polls, CONNS_MAX + 2, -1);
        for (int i = 0; i < CONNS_MAX; i++) {
            ERR_clear_error();
            if (polls[i].fd >= 0 && polls[i].revents && !serve(&server->conns[i]))
                close_conn(&server->conns[i]);
        }
        if (polls[CONNS_MAX + 1].revents && !obey(server))
            return NULL;
        if (polls[CONNS_MAX].revents)
            accept_one(server);
    }
}

/* --- life ----------------------------------------------------------------------------------------------- */

static int choose_h2(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in,
                     unsigned in_len, void *ctx)
{
    (void)ssl;
    (void)ctx;
    return nghttp2_select_alpn(out, out_len, in, in_len) == 1 ? SSL_TLSEXT_ERR_OK
                                                              : SSL_TLSEXT_ERR_ALERT_FATAL;
}

static SSL_CTX *new_ctx(const struct h2_server_options *options)
{
    const char *name = options->cert ? options->cert : "server";
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    char path[256];

    must(ctx != NULL, "set up TLS");
    SSL_CTX_set_mode(ctx, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_ENABLE_PARTIAL_WRITE);
    snprintf(path, sizeof(path), "%s/%s.pem", options->pki_dir, name);
    must(SSL_CTX_use_certificate_chain_file(ctx, path) == 1, "read the certificate");
    snprintf(path, sizeof(path), "%s/%s.key", options->pki_dir, name);
    must(SSL_CTX_use_PrivateKey_file(ctx, path, SSL_FILETYPE_PEM) == 1, "read the key");
    if (!options->has_no_alpn)
        SSL_CTX_set_alpn_select_cb(ctx, choose_h2, NULL);
    return ctx;
}

struct h2_server *h2_server_start(const struct h2_server_options *options)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);
    struct h2_server *server = calloc(1, sizeof(*server));

    must(server != NULL, "allocate");
    nr_tls_setup();
    server->options = *options;
    if (!server->options.max_streams)
        server->options.max_streams = 100;
    for (int i = 0; i < CONNS_MAX; i++)
        server->conns[i].fd = -1;
    server->ctx = new_ctx(options);
    server->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(server->fd >= 0 && bind(server->fd, (struct sockaddr *)&at, len) == 0 &&
             listen(server->fd, CONNS_MAX) == 0 && getsockname(server->fd, (struct sockaddr *)&at, &len) == 0,
         "listen");
    server->port = ntohs(at.sin_port);
    must(pipe2(server->wake, O_CLOEXEC) == 0 && pthread_mutex_init(&server->lock, NULL) == 0 &&
             pthread_cond_init(&server->closed, NULL) == 0 &&
             pthread_create(&server->thread, NULL, run, server) == 0,
         "start a thread");
    return server;
}

int h2_server_port(const struct h2_server *server)
{
    return server->port;
}

void h2_server_wait_closed(struct h2_server *server, int n)
{
    pthread_mutex_lock(&server->lock);
    while (server->n_closed < n)
        pthread_cond_wait(&server->closed, &server->lock);
    pthread_mutex_unlock(&server->lock);
}

void h2_server_release(struct h2_server *server)
{
    must(write(server->wake[1], "r", 1) == 1, "tell the server");
}

void h2_server_stop(struct h2_server *server, struct h2_server_journal *out)
{
    close(server->wake[1]); /* wakes the thread */
    pthread_join(server->thread, NULL);
    for (int i = 0; i < CONNS_MAX; i++)
        if (server->conns[i].fd >= 0)
            close_conn(&server->conns[i]);
    close(server->fd);
    close(server->wake[0]);
    SSL_CTX_free(server->ctx);
    pthread_mutex_destroy(&server->lock);
    pthread_cond_destroy(&server->closed);
    *out = server->journal;
    free(server);
}
