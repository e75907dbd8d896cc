#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/api_socket.h"

static int refuse(const char *authority, struct nr_err *err)
{
    return nr_err_set(err, NR_ERR_INVALID, "Runtime.InvalidSetting",
                      "AWS_LAMBDA_RUNTIME_API: \"%.128s\" is not host:port", authority);
}

/* Lambda gives a number; asking the resolver for it would map libnss and read files at every cold start. */
static bool resolve_number(const char *host, uint16_t port, struct sockaddr_storage *address, socklen_t *len)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};

    if (inet_pton(AF_INET, host, &v4.sin_addr) == 1) {
        memcpy(address, &v4, sizeof(v4));
        *len = sizeof(v4);
        return true;
    }
    if (inet_pton(AF_INET6, host, &v6.sin6_addr) == 1) {
        memcpy(address, &v6, sizeof(v6));
        *len = sizeof(v6);
        return true;
    }
    return false;
}

static bool resolve_name(const char *host, const char *port, struct sockaddr_storage *address, socklen_t *len)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *found = NULL;

    if (getaddrinfo(host, port, &hints, &found) != 0 || !found)
        return false;
    memcpy(address, found->ai_addr, found->ai_addrlen);
    *len = found->ai_addrlen;
    freeaddrinfo(found);
    return true;
}

int api_socket_resolve(const char *authority, struct sockaddr_storage *address, socklen_t *address_len,
                       struct nr_err *err)
{
    char host[256];
    const char *colon = strrchr(authority, ':');
    size_t n = colon ? (size_t)(colon - authority) : 0;
    char *end;
    unsigned long port = colon ? strtoul(colon + 1, &end, 10) : 0;

    if (n == 0 || n >= sizeof(host) || colon[1] < '0' || colon[1] > '9' || port == 0 || port > 65535 || *end)
        return refuse(authority, err);
    if (authority[0] == '[' && authority[n - 1] == ']')
        snprintf(host, sizeof(host), "%.*s", (int)n - 2, authority + 1);
    else
        snprintf(host, sizeof(host), "%.*s", (int)n, authority);
    *address = (struct sockaddr_storage){0};
    if (strpbrk(host, "/[]@ ")) /* a URL is the likely mistake; the resolver would take its time to say no */
        return refuse(authority, err);
    if (resolve_number(host, (uint16_t)port, address, address_len) ||
        resolve_name(host, colon + 1, address, address_len))
        return 0;
    return refuse(authority, err);
}

int api_socket_connect(const struct sockaddr_storage *address, socklen_t address_len, const char *authority,
                       struct nr_err *err)
{
    int fd = socket(address->ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd >= 0 && connect(fd, (const struct sockaddr *)address, address_len) == 0) {
        /* Head and body leave in one call; what remains of a large one must not wait for an acknowledgement.
         */
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
        return fd;
    }
    nr_err_set(err, NR_ERR_UNAVAILABLE, "Runtime.ConnectionLost",
               "cannot connect to the Runtime API at %s: %s", authority, strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

bool api_socket_is_dead(int fd)
{
    char byte;

    return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}
