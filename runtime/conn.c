#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "runtime/api_socket.h"
#include "runtime/conn.h"

enum { READ_BYTES = 16 * 1024 };

int conn_init(struct conn *conn, const char *authority, struct nr_err *err)
{
    *conn = (struct conn){.fd = -1};
    if (api_socket_resolve(authority, &conn->address, &conn->address_len, err) != 0)
        return -1;
    snprintf(conn->authority, sizeof(conn->authority), "%s", authority);
    nr_buf_init(&conn->head, CONN_HEAD_MAX_BYTES);
    return 0;
}

void conn_drop(struct conn *conn)
{
    if (conn->fd >= 0)
        close(conn->fd);
    conn->fd = -1;
}

void conn_done(struct conn *conn)
{
    conn_drop(conn);
    nr_buf_done(&conn->head);
}

int conn_ensure(struct conn *conn, struct nr_err *err)
{
    if (conn->fd >= 0 && api_socket_is_dead(conn->fd))
        conn_drop(conn);
    if (conn->fd >= 0)
        return 0;
    conn->fd = api_socket_connect(&conn->address, conn->address_len, conn->authority, err);
    return conn->fd >= 0 ? 0 : -1;
}

void conn_begin(struct conn *conn, const char *method, const char *path)
{
    nr_buf_reset(&conn->head);
    nr_buf_printf(&conn->head, "%s %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: narae/" NARAE_VERSION "\r\n",
                  method, path, conn->authority);
}

static int lost(const struct conn *conn, const char *how, const char *why, struct nr_err *err)
{
    return nr_err_set(err, NR_ERR_UNAVAILABLE, "Runtime.ConnectionLost", "the Runtime API at %s %s %s",
                      conn->authority, how, why);
}

/* Move the views behind what was sent. */
static void advance(struct nr_view *parts, size_t n_parts, size_t n)
{
    for (size_t i = 0; i < n_parts; i++) {
        size_t of_this = n < parts[i].len ? n : parts[i].len;

        parts[i] = nr_view_n(parts[i].ptr + of_this, parts[i].len - of_this);
        n -= of_this;
    }
}

int conn_send_parts(struct conn *conn, struct nr_view *parts, size_t n_parts, size_t *n_sent,
                    struct nr_err *err)
{
    for (;;) {
        struct iovec places[CONN_PARTS_MAX];
        struct msghdr message = {.msg_iov = places};
        ssize_t n;

        for (size_t i = 0; i < n_parts; i++)
            if (parts[i].len)
                places[message.msg_iovlen++] = (struct iovec){(void *)(uintptr_t)parts[i].ptr, parts[i].len};
        if (message.msg_iovlen == 0)
            return 0;
        n = sendmsg(conn->fd, &message, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return lost(conn, "was lost:", strerror(errno), err);
        *n_sent += (size_t)n;
        advance(parts, n_parts, (size_t)n);
    }
}

int conn_send(struct conn *conn, struct nr_view body, size_t *n_sent, struct nr_err *err)
{
    struct nr_view parts[] = {nr_buf_view(&conn->head), body};

    *n_sent = 0;
    return conn_send_parts(conn, parts, 2, n_sent, err);
}

/* More bytes, or the connection is closed. A large event is read in large pieces: the whole of what has been
 * allocated. */
static int read_more(struct conn *conn, struct nr_buf *into, struct nr_err *err)
{
    char *room = nr_buf_room(into, READ_BYTES);
    ssize_t n = -1;
    int why;

    if (!room) {
        conn->is_reply_refused = true;
        return nr_buf_check(into, "reply of the Runtime API", err);
    }
    do
        n = read(conn->fd, room, into->cap - into->len - 1);
    while (n < 0 && errno == EINTR);
    why = errno;
    if (n == 0)
        return lost(conn, "closed the connection", into->len ? "in the middle of a reply" : "before a reply",
                    err);
    if (n < 0)
        return lost(conn, "was lost:", strerror(why), err);
    into->len += (size_t)n;
    return 0;
}

int conn_receive(struct conn *conn, struct nr_buf *into, size_t body_max, struct nr_err *err)
{
    int got = 0;

    nr_buf_reset(into);
    http1_begin(&conn->reply, body_max);
    conn->is_reply_refused = false;
    while (got == 0) {
        if (read_more(conn, into, err) != 0)
            return conn_drop(conn), -1;
        got = http1_parse(&conn->reply, into->data, into->len, err);
    }
    if (got < 0) {
        conn->is_reply_refused = true;
        return conn_drop(conn), -1;
    }
    /* More than one reply came: whose the rest is nobody knows. */
    if (!conn->reply.is_keep_alive || conn->reply.read_at < into->len)
        conn_drop(conn);
    return 0;
}
