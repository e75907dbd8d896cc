#include <arpa/inet.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/tcp_relay.h"

enum { PAIRS_MAX = 16 };

struct pair {
    int fd[2]; /* client, server */
    bool is_open, is_mute;
};

struct tcp_relay {
    pthread_t thread;
    pthread_mutex_t lock;
    int listener, port, wake[2];
    struct addrinfo *target;
    struct pair pairs[PAIRS_MAX];
    bool is_new_mute, is_stopping;
};

static void must(bool holds, const char *what)
{
    if (holds)
        return;
    perror(what);
    exit(1);
}

static void end_pair(struct pair *pair)
{
    for (int side = 0; side < 2; side++)
        if (pair->fd[side] >= 0)
            close(pair->fd[side]);
    pair->is_open = false;
}

static void accept_pair(struct tcp_relay *relay)
{
    struct pair pair = {{accept4(relay->listener, NULL, NULL, SOCK_CLOEXEC), -1}, true, relay->is_new_mute};

    must(pair.fd[0] >= 0, "accept");
    if (!pair.is_mute) {
        pair.fd[1] = socket(relay->target->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        must(connect(pair.fd[1], relay->target->ai_addr, relay->target->ai_addrlen) == 0, "connect");
    }
    for (int i = 0; i < PAIRS_MAX; i++)
        if (!relay->pairs[i].is_open) {
            relay->pairs[i] = pair;
            return;
        }
    end_pair(&pair);
}

static void pass(struct pair *pair, int from)
{
    char bytes[16384];
    ssize_t n = recv(pair->fd[from], bytes, sizeof(bytes), 0);

    if (n <= 0 || send(pair->fd[!from], bytes, (size_t)n, MSG_NOSIGNAL) != n)
        end_pair(pair);
}

/* What to wait for: the wake pipe, the listener, and both ends of what is alive. */
static nfds_t gather(const struct tcp_relay *relay, struct pollfd *fds)
{
    fds[0] = (struct pollfd){relay->wake[0], POLLIN, 0};
    fds[1] = (struct pollfd){relay->listener, POLLIN, 0};
    for (int i = 0; i < PAIRS_MAX * 2; i++) {
        const struct pair *pair = &relay->pairs[i / 2];

        fds[2 + i] = (struct pollfd){pair->is_open && !pair->is_mute ? pair->fd[i % 2] : -1, POLLIN, 0};
    }
    return 2 + PAIRS_MAX * 2;
}

static void turn(struct tcp_relay *relay, const struct pollfd *fds)
{
    char byte;

    if (fds[0].revents)
        must(read(relay->wake[0], &byte, 1) == 1, "read");
    for (int i = 0; i < PAIRS_MAX * 2; i++) {
        struct pair *pair = &relay->pairs[i / 2];

        if (fds[2 + i].revents && pair->is_open && !pair->is_mute)
            pass(pair, i % 2);
    }
    if (fds[1].revents)
        accept_pair(relay);
}

static void *run(void *arg)
{
    struct tcp_relay *relay = arg;
    struct pollfd fds[2 + PAIRS_MAX * 2];
    bool is_stopping = false;

    while (!is_stopping) {
        nfds_t n;

        pthread_mutex_lock(&relay->lock);
        n = gather(relay, fds);
        pthread_mutex_unlock(&relay->lock);
        must(poll(fds, n, -1) >= 0, "poll");
        pthread_mutex_lock(&relay->lock);
        turn(relay, fds);
        is_stopping = relay->is_stopping;
        pthread_mutex_unlock(&relay->lock);
    }
    return NULL;
}

struct tcp_relay *tcp_relay_start(const char *host, const char *port)
{
    struct tcp_relay *relay = calloc(1, sizeof(*relay));
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(here);

    must(relay != NULL, "calloc");
    must(getaddrinfo(host, port, &hints, &relay->target) == 0, "getaddrinfo");
    relay->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(bind(relay->listener, (struct sockaddr *)&here, sizeof(here)) == 0, "bind");
    must(listen(relay->listener, PAIRS_MAX) == 0, "listen");
    must(getsockname(relay->listener, (struct sockaddr *)&here, &len) == 0, "getsockname");
    relay->port = ntohs(here.sin_port);
    must(pipe(relay->wake) == 0, "pipe");
    pthread_mutex_init(&relay->lock, NULL);
    must(pthread_create(&relay->thread, NULL, run, relay) == 0, "pthread_create");
    return relay;
}

int tcp_relay_port(const struct tcp_relay *relay)
{
    return relay->port;
}

static void wake(struct tcp_relay *relay)
{
    must(write(relay->wake[1], "", 1) == 1, "write");
}

void tcp_relay_mute(struct tcp_relay *relay)
{
    pthread_mutex_lock(&relay->lock);
    for (int i = 0; i < PAIRS_MAX; i++)
        relay->pairs[i].is_mute = true;
    pthread_mutex_unlock(&relay->lock);
    wake(relay);
}

void tcp_relay_mute_new(struct tcp_relay *relay)
{
    pthread_mutex_lock(&relay->lock);
    relay->is_new_mute = true;
    pthread_mutex_unlock(&relay->lock);
}

void tcp_relay_cut(struct tcp_relay *relay)
{
    struct linger at_once = {1, 0};

    pthread_mutex_lock(&relay->lock);
    for (int i = 0; i < PAIRS_MAX; i++)
        if (relay->pairs[i].is_open) {
            setsockopt(relay->pairs[i].fd[0], SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
            end_pair(&relay->pairs[i]);
        }
    pthread_mutex_unlock(&relay->lock);
    wake(relay);
}

void tcp_relay_stop(struct tcp_relay *relay)
{
    pthread_mutex_lock(&relay->lock);
    relay->is_stopping = true;
    pthread_mutex_unlock(&relay->lock);
    wake(relay);
    pthread_join(relay->thread, NULL);
    for (int i = 0; i < PAIRS_MAX; i++)
        if (relay->pairs[i].is_open)
            end_pair(&relay->pairs[i]);
    close(relay->listener);
    close(relay->wake[0]);
    close(relay->wake[1]);
    freeaddrinfo(relay->target);
    pthread_mutex_destroy(&relay->lock);
    free(relay);
}
