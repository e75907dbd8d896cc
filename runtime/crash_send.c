#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#include "runtime/api_stream.h"
#include "runtime/crash_send.h"

enum {
    STEP_S = 1, /* a server on the loopback answers in a millisecond; the crash must not wait for one that
                   does not */
    HEAD_BYTES = 12 * 1024,
    BODY_BYTES = 8 * 1024,
};

static char head_bytes[HEAD_BYTES];
static char body_bytes[BODY_BYTES];

static void add_header(struct nr_buf *head, const char *name, const char *value)
{
    nr_buf_add_text(head, name);
    nr_buf_add_text(head, ": ");
    nr_buf_add_text(head, value);
    nr_buf_add_text(head, "\r\n");
}

static void add_request_line(struct nr_buf *head, const struct api *api, bool is_init)
{
    nr_buf_add_text(head, "POST " API_BASE);
    nr_buf_add_text(head, is_init ? "init" : "invocation/");
    nr_buf_add_text(head, is_init ? "" : api->request_id);
    nr_buf_add_text(head, "/error HTTP/1.1\r\n");
}

static void add_head(struct nr_buf *head, const struct api *api, bool is_init,
                     const struct crash_facts *facts, struct nr_view message, size_t body_len)
{
    add_request_line(head, api, is_init);
    add_header(head, "Host", api->conn.authority);
    add_header(head, "User-Agent", "narae/" NARAE_VERSION);
    add_header(head, "Connection", "close");
    add_header(head, "Content-Type", "application/json");
    add_header(head, "Lambda-Runtime-Function-Error-Type", CRASH_TYPE);
    if (!is_init && api->invocation_id[0])
        add_header(head, "Lambda-Runtime-Invocation-Id", api->invocation_id);
    nr_buf_add_text(head, "Lambda-Runtime-Function-XRay-Error-Cause: ");
    crash_report_cause(head, facts, message);
    nr_buf_add_text(head, "\r\nContent-Length: ");
    nr_buf_add_int(head, (int64_t)body_len);
    nr_buf_add_text(head, "\r\n\r\n");
}

static int connect_anew(const struct conn *old)
{
    const struct timeval limit = {.tv_sec = STEP_S};
    int fd;

    if (old->fd >= 0)
        close(old->fd);
    fd = socket(old->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)); /* of connect(2) as well */
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    return connect(fd, (const struct sockaddr *)&old->address, old->address_len) == 0 ? fd : -1;
}

/* A reply of which pieces have left can only be told of in its trailers. */
static void end_stream(const struct api *api, struct nr_buf *out, struct nr_view body)
{
    const struct timeval limit = {.tv_sec = STEP_S};
    char answer[256];

    api_stream_format_failure(out, CRASH_TYPE, body);
    if (out->is_bad)
        return;
    setsockopt(api->conn.fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    setsockopt(api->conn.fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    if (send(api->conn.fd, out->data, out->len, MSG_NOSIGNAL) > 0)
        (void)!recv(api->conn.fd, answer, sizeof(answer), 0);
}

void crash_send(const struct api *api, bool is_init, const struct crash_facts *facts, struct nr_view message)
{
    struct nr_buf head = {.data = head_bytes, .cap = HEAD_BYTES, .max_bytes = HEAD_BYTES - 1};
    struct nr_buf body = {.data = body_bytes, .cap = BODY_BYTES, .max_bytes = BODY_BYTES - 1};
    struct iovec parts[2];
    struct msghdr whole = {.msg_iov = parts, .msg_iovlen = 2};
    char answer[256];
    int fd;

    crash_report_body(&body, facts, message);
    if (!is_init && api->is_streaming) {
        end_stream(api, &head, nr_buf_view(&body));
        return;
    }
    add_head(&head, api, is_init, facts, message, body.len);
    if (head.is_bad || body.is_bad)
        return;
    parts[0] = (struct iovec){head.data, head.len};
    parts[1] = (struct iovec){body.data, body.len};
    fd = connect_anew(&api->conn);
    /* 20 KB fit into any socket buffer. The answer says that the report was taken before the process is seen
     * to be gone. */
    if (fd >= 0 && sendmsg(fd, &whole, MSG_NOSIGNAL) > 0)
        (void)!recv(fd, answer, sizeof(answer), 0);
}
