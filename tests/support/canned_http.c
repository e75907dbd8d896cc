#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/canned_http.h"

struct canned_http {
    pthread_t thread;
    int fd;
    int port;
    const char *const *answers;
    size_t n_answers;
    struct canned_http_journal journal;
};

static void must(int is_good, const char *what)
{
    if (is_good)
        return;
    fprintf(stderr, "canned_http: cannot %s\n", what);
    abort();
}

/* Does the text hold a whole request? */
static int is_whole(const char *text, size_t len)
{
    const char *end = strstr(text, "\r\n\r\n");
    const char *length = strcasestr(text, "\r\ncontent-length:");

    if (!end)
        return 0;
    if (!length || length > end)
        return 1;
    return len >= (size_t)(end + 4 - text) + strtoul(length + strlen("\r\ncontent-length:"), NULL, 10);
}

static void read_request(int fd, char *out)
{
    size_t len = 0;

    out[0] = '\0';
    while (!is_whole(out, len) && len < CANNED_HTTP_REQUEST_BYTES - 1) {
        ssize_t n = read(fd, out + len, CANNED_HTTP_REQUEST_BYTES - 1 - len);

        if (n <= 0)
            return;
        len += (size_t)n;
        out[len] = '\0';
    }
}

static void answer(struct canned_http *server, int fd)
{
    size_t i = (size_t)server->journal.n_requests;
    const char *text;

    read_request(fd, server->journal.last);
    server->journal.n_requests++;
    text = server->answers[i < server->n_answers ? i : server->n_answers - 1];
    (void)!write(fd, text, strlen(text));
    shutdown(fd, SHUT_WR);
}

static void *serve(void *arg)
{
    struct canned_http *server = arg;
    int fd;

    /* shutdown() of the listening socket ends it. */
    while ((fd = accept(server->fd, NULL, NULL)) >= 0) {
        answer(server, fd);
        close(fd);
    }
    return NULL;
}

struct canned_http *canned_http_start(const char *const *answers, size_t n_answers)
{
    struct canned_http *server = calloc(1, sizeof(*server));
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);

    must(server != NULL, "get memory");
    server->answers = answers;
    server->n_answers = n_answers;
    server->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(bind(server->fd, (struct sockaddr *)&address, len) == 0 && listen(server->fd, 8) == 0, "listen");
    must(getsockname(server->fd, (struct sockaddr *)&address, &len) == 0, "read its port");
    server->port = ntohs(address.sin_port);
    must(pthread_create(&server->thread, NULL, serve, server) == 0, "start a thread");
    return server;
}

int canned_http_port(const struct canned_http *server)
{
    return server->port;
}

void canned_http_stop(struct canned_http *server, struct canned_http_journal *out)
{
    shutdown(server->fd, SHUT_RDWR);
    pthread_join(server->thread, NULL);
    close(server->fd);
    if (out)
        *out = server->journal;
    free(server);
}
