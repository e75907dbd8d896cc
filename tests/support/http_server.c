#include <arpa/inet.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include <narae/tls.h>

#include "tests/support/http_server.h"

enum { REQUEST_MAX_BYTES = 256 * 1024 };

struct http_server {
    struct http_server_options options;
    struct http_server_journal journal;
    pthread_t thread;
    pthread_mutex_t lock; /* of fd and is_stopping */
    int listener, fd;
    bool is_stopping;
    SSL_CTX *tls;
    SSL *ssl;
    char url[HTTP_SERVER_URL_BYTES];
};

static void must(bool holds, const char *what)
{
    if (holds)
        return;
    perror(what);
    exit(1);
}

/* --- one connection */

static ssize_t take(struct http_server *server, char *bytes, size_t cap)
{
    if (server->ssl)
        return SSL_read(server->ssl, bytes, (int)cap);
    return recv(server->fd, bytes, cap, 0);
}

static void put(struct http_server *server, const char *bytes, size_t n)
{
    /* A client that has gone is part of some scripts. */
    if (server->ssl)
        (void)SSL_write(server->ssl, bytes, (int)n);
    else
        (void)!send(server->fd, bytes, n, MSG_NOSIGNAL);
}

static void hang_up(struct http_server *server)
{
    if (server->ssl)
        SSL_shutdown(server->ssl);
    SSL_free(server->ssl);
    server->ssl = NULL;
    pthread_mutex_lock(&server->lock);
    close(server->fd);
    server->fd = -1;
    pthread_mutex_unlock(&server->lock);
}

/* false when the server is being stopped. */
static bool next_connection(struct http_server *server)
{
    int fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC);
    bool is_stopping;

    pthread_mutex_lock(&server->lock);
    server->fd = fd;
    is_stopping = server->is_stopping;
    pthread_mutex_unlock(&server->lock);
    if (fd < 0 || is_stopping)
        return false;
    server->journal.n_connections++;
    if (!server->tls)
        return true;
    server->ssl = SSL_new(server->tls);
    must(server->ssl && SSL_set_fd(server->ssl, fd) == 1, "SSL_new");
    if (SSL_accept(server->ssl) != 1) { /* the client does not like the certificate */
        SSL_free(server->ssl);
        server->ssl = NULL;
        hang_up(server);
        return next_connection(server);
    }
    return true;
}

static size_t body_length(const char *head)
{
    const char *at = strcasestr(head, "\r\ncontent-length:");

    return at ? strtoul(at + strlen("\r\ncontent-length:"), NULL, 10) : 0;
}

/* A whole request; NULL when the client closed. */
static char *read_request(struct http_server *server)
{
    char *text = calloc(1, REQUEST_MAX_BYTES + 1);
    size_t len = 0;

    must(text != NULL, "calloc");
    for (;;) {
        const char *end = strstr(text, "\r\n\r\n");
        ssize_t n;

        if (end && len >= (size_t)(end - text) + 4 + body_length(text))
            return text;
        n = take(server, text + len, REQUEST_MAX_BYTES - len);
        if (n <= 0) {
            free(text);
            return NULL;
        }
        len += (size_t)n;
    }
}

static void act(struct http_server *server, const struct http_server_step *step)
{
    struct linger at_once = {1, 0};
    char byte;

    if (step->reply)
        put(server, step->reply, strlen(step->reply));
    if (step->then == HTTP_SERVER_KEEP)
        return;
    if (step->then == HTTP_SERVER_STALL)
        while (take(server, &byte, 1) > 0)
            ;
    if (step->then == HTTP_SERVER_RESET) {
        setsockopt(server->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
        SSL_free(server->ssl);
        server->ssl = NULL;
    }
    hang_up(server);
}

static void *run(void *arg)
{
    struct http_server *server = arg;

    for (int i = 0; i < server->options.n_steps;) {
        char *request;

        if (server->fd < 0 && !next_connection(server))
            return NULL;
        request = server->options.is_blunt ? strdup("") : read_request(server);
        if (!request) {
            hang_up(server);
            continue;
        }
        must(server->journal.n_requests < HTTP_SERVER_JOURNAL_MAX, "http_server: journal full");
        server->journal.requests[server->journal.n_requests++] = request;
        act(server, &server->options.steps[i++]);
    }
    shutdown(server->listener, SHUT_RDWR);
    return NULL;
}

/* --- the server */

static SSL_CTX *server_context(const struct http_server_options *options)
{
    const char *name = options->cert ? options->cert : "server";
    char path[256];
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

    must(ctx != NULL, "SSL_CTX_new");
    snprintf(path, sizeof(path), "%s/%s.pem", options->pki_dir, name);
    must(SSL_CTX_use_certificate_chain_file(ctx, path) == 1, path);
    snprintf(path, sizeof(path), "%s/%s.key", options->pki_dir, name);
    must(SSL_CTX_use_PrivateKey_file(ctx, path, SSL_FILETYPE_PEM) == 1, path);
    return ctx;
}

struct http_server *http_server_start(const struct http_server_options *options)
{
    struct http_server *server = calloc(1, sizeof(*server));
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(here);

    must(server != NULL, "calloc");
    nr_tls_setup();
    server->options = *options;
    server->fd = -1;
    server->tls = options->pki_dir ? server_context(options) : NULL;
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(bind(server->listener, (struct sockaddr *)&here, sizeof(here)) == 0, "bind");
    must(listen(server->listener, 8) == 0, "listen");
    must(getsockname(server->listener, (struct sockaddr *)&here, &len) == 0, "getsockname");
    snprintf(server->url, sizeof(server->url), "%s:%d",
             server->tls ? "https://localhost" : "http://127.0.0.1", ntohs(here.sin_port));
    pthread_mutex_init(&server->lock, NULL);
    must(pthread_create(&server->thread, NULL, run, server) == 0, "pthread_create");
    return server;
}

const char *http_server_url(const struct http_server *server)
{
    return server->url;
}

void http_server_stop(struct http_server *server, struct http_server_journal *out)
{
    pthread_mutex_lock(&server->lock);
    server->is_stopping = true;
    shutdown(server->listener, SHUT_RDWR); /* wakes accept() */
    if (server->fd >= 0)
        shutdown(server->fd, SHUT_RDWR);
    pthread_mutex_unlock(&server->lock);
    pthread_join(server->thread, NULL);
    if (server->fd >= 0)
        hang_up(server);
    close(server->listener);
    SSL_CTX_free(server->tls);
    pthread_mutex_destroy(&server->lock);
    *out = server->journal;
    free(server);
}

void http_server_journal_done(struct http_server_journal *journal)
{
    for (int i = 0; i < journal->n_requests; i++)
        free(journal->requests[i]);
    *journal = (struct http_server_journal){0};
}
