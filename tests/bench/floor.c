/* floor - what no runtime can go below: connect, GET /next, nothing else. Linked static; the address is
 * numeric. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(void)
{
    static const char start[] = "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: ";
    const char *authority = getenv("AWS_LAMBDA_RUNTIME_API");
    const char *colon = authority ? strchr(authority, ':') : NULL;
    struct sockaddr_in address = {.sin_family = AF_INET};
    char host[64] = {0};
    char request[256];
    char reply[4096];
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (!colon || (size_t)(colon - authority) >= sizeof(host) || strlen(authority) > 100)
        return 2;
    memcpy(host, authority, (size_t)(colon - authority));
    address.sin_port = htons((unsigned short)atoi(colon + 1));
    if (inet_pton(AF_INET, host, &address.sin_addr) != 1 ||
        connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
        return 1;
    memcpy(request, start, sizeof(start));
    strcat(request, authority);
    strcat(request, "\r\n\r\n");
    if (write(fd, request, strlen(request)) < 0)
        return 1;
    return read(fd, reply, sizeof(reply)) < 0;
}
