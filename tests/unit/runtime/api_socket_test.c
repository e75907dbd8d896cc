#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdio.h>
#include <unistd.h>

#include "runtime/api_socket.h"

Test(api_socket, resolves_numbers_and_names)
{
    static const struct {
        const char *authority;
        int family;
        int port;
    } good[] = {
        {"127.0.0.1:9001", AF_INET, 9001},
        {"169.254.100.1:1", AF_INET, 1},
        {"[::1]:65535", AF_INET6, 65535},
        {"localhost:9001", 0, 9001},
    };

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct sockaddr_storage address;
        socklen_t len = 0;
        struct nr_err err = {0};

        cr_assert_eq(api_socket_resolve(good[i].authority, &address, &len, &err), 0, "%s: %s",
                     good[i].authority, err.message);
        cr_expect(!good[i].family || address.ss_family == good[i].family, "%s", good[i].authority);
        /* The port lies at the same place in both kinds of address. */
        cr_expect_eq(ntohs(((struct sockaddr_in *)&address)->sin_port), good[i].port, "%s",
                     good[i].authority);
        cr_expect_eq(len,
                     address.ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6));
    }
}

Test(api_socket, refuses_what_is_not_host_and_port)
{
    static const char *const bad[] = {
        "",        "127.0.0.1",       "127.0.0.1:", ":9001", "127.0.0.1:0",
        "h:65536", "127.0.0.1:12x",   "h:-1",       "h: 1",  "http://127.0.0.1:9001",
        "h:+1",    "127.0.0.1:9001/", "[::1:9001"};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct sockaddr_storage address;
        socklen_t len;
        struct nr_err err = {0};
        char text[256];

        snprintf(text, sizeof(text), "AWS_LAMBDA_RUNTIME_API: \"%s\" is not host:port", bad[i]);
        cr_expect_eq(api_socket_resolve(bad[i], &address, &len, &err), -1, "%s", bad[i]);
        cr_expect_eq(err.kind, NR_ERR_INVALID, "%s", bad[i]);
        cr_expect_str_eq(err.type, "Runtime.InvalidSetting");
        cr_expect_str_eq(err.message, text);
    }
}

Test(api_socket, says_where_it_could_not_connect)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(address);
    struct sockaddr_storage storage = {0};
    struct nr_err err = {0};
    int taken = socket(AF_INET, SOCK_STREAM, 0); /* bound and not listening: nobody else gets the port */

    cr_assert_eq(bind(taken, (struct sockaddr *)&address, len), 0);
    cr_assert_eq(getsockname(taken, (struct sockaddr *)&address, &len), 0);
    memcpy(&storage, &address, sizeof(address));

    cr_expect_eq(api_socket_connect(&storage, len, "HOST:PORT", &err), -1);
    cr_expect_eq(err.kind, NR_ERR_UNAVAILABLE);
    cr_expect_str_eq(err.type, "Runtime.ConnectionLost");
    cr_expect_str_eq(err.message, "cannot connect to the Runtime API at HOST:PORT: Connection refused");
    close(taken);
}

Test(api_socket, notices_a_connection_that_was_closed_or_talks_out_of_turn)
{
    int pair[2];

    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    cr_expect_not(api_socket_is_dead(pair[0]));
    cr_assert_eq(write(pair[1], "x", 1), 1);
    cr_expect(api_socket_is_dead(pair[0]));
    close(pair[0]);
    close(pair[1]);

    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    close(pair[1]);
    cr_expect(api_socket_is_dead(pair[0]));
    close(pair[0]);
}
