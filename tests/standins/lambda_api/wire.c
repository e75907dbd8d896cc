#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <narae/clock.h>

#include "wire.h"

enum { READ_BYTES = 65536 };

int wire_wait(const struct wire *wire, int fd, struct nr_err *err)
{
    struct pollfd fds[2] = {{.fd = fd, .events = POLLIN}, {.fd = wire->stop_fd, .events = POLLIN}};

    for (;;) {
        int64_t left_ms = nr_clock_left_ms(wire->deadline_mono_ms);
        int n = poll(fds, 2, left_ms > 60000 ? 60000 : (int)left_ms);

        if (fds[1].revents)
            return nr_err_set(err, NR_ERR_DEADLINE, NULL, "stopped");
        if (n > 0)
            return 0;
        if (n < 0 && errno != EINTR)
            return nr_err_set(err, NR_ERR_UNAVAILABLE, NULL, "poll: %s", strerror(errno));
        if (left_ms == 0)
            return nr_err_set(err, NR_ERR_DEADLINE, NULL, "the script's timeout_ms passed");
    }
}

/* 1 = more bytes came, 0 = closed or reset by the other side. */
static int read_more(struct wire *wire, struct nr_err *err)
{
    char *room = nr_buf_room(&wire->in, READ_BYTES);
    ssize_t n;

    if (!room)
        return nr_buf_check(&wire->in, "request", err);
    if (wire_wait(wire, wire->fd, err) != 0)
        return -1;
    n = read(wire->fd, room, READ_BYTES);
    if (n <= 0)
        return 0;
    wire->in.len += (size_t)n;
    return 1;
}

static void drop(struct wire *wire, size_t n)
{
    memmove(wire->in.data, wire->in.data + n, wire->in.len - n);
    wire->in.len -= n;
}

static void add_header(json_t *headers, char *line)
{
    char *colon = strchr(line, ':');
    const json_t *before;

    if (!colon)
        return;
    *colon++ = '\0';
    colon += strspn(colon, " \t");
    for (char *c = line; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    before = json_object_get(headers, line);
    if (before)
        json_object_set_new(headers, line, json_sprintf("%s, %s", json_string_value(before), colon));
    else
        json_object_set_new(headers, line, json_string(colon));
}

static int parse_head(char *head, struct wire_request *out, struct nr_err *err)
{
    char *rest = NULL;
    char *line = strtok_r(head, "\r\n", &rest);
    const char *length;

    if (!line || sscanf(line, "%7s %511s HTTP/1.1", out->method, out->path) != 2)
        return nr_err_set(err, NR_ERR_INVALID, NULL, "not a request line: \"%.100s\"", line ? line : "");
    while ((line = strtok_r(NULL, "\r\n", &rest)))
        add_header(out->headers, line);
    length = json_string_value(json_object_get(out->headers, "transfer-encoding"));
    out->is_chunked = length && strcmp(length, "chunked") == 0;
    length = json_string_value(json_object_get(out->headers, "content-length"));
    out->body_bytes = length ? strtoul(length, NULL, 10) : 0;
    return 1;
}

int wire_read_head(struct wire *wire, struct wire_request *out, struct nr_err *err)
{
    *out = (struct wire_request){.headers = json_object(), .trailers = json_object()};
    nr_buf_init(&out->body, SIZE_MAX / 4);
    for (;;) {
        char *end = wire->in.len ? memmem(wire->in.data, wire->in.len, "\r\n\r\n", 4) : NULL;
        int got;

        if (end) {
            size_t head_bytes = (size_t)(end - wire->in.data) + 4;

            *end = '\0';
            got = parse_head(wire->in.data, out, err);
            drop(wire, head_bytes);
            return got;
        }
        got = read_more(wire, err);
        if (got == 0 && wire->in.len)
            return nr_err_set(err, NR_ERR_INVALID, NULL, "the request was cut");
        if (got <= 0)
            return got;
    }
}

bool wire_has_body(const struct wire_request *request)
{
    return request->body_bytes > 0 || request->is_chunked;
}

/* Until there are so many bytes. 1, 0 = closed before, -1. */
static int read_bytes(struct wire *wire, size_t n, struct nr_err *err)
{
    while (wire->in.len < n) {
        int got = read_more(wire, err);

        if (got <= 0)
            return got;
    }
    return 1;
}

/* One line without its CR LF. 1, 0 = closed before, -1. */
static int read_line(struct wire *wire, char *out, size_t cap, struct nr_err *err)
{
    for (;;) {
        char *end = wire->in.len ? memmem(wire->in.data, wire->in.len, "\r\n", 2) : NULL;
        int got;

        if (end) {
            size_t n = (size_t)(end - wire->in.data);

            snprintf(out, cap, "%.*s", (int)n, wire->in.data);
            drop(wire, n + 2);
            return 1;
        }
        got = read_more(wire, err);
        if (got <= 0)
            return got;
    }
}

static int read_trailers(struct wire *wire, struct wire_request *request, struct nr_err *err)
{
    char line[16384];
    int got;

    while ((got = read_line(wire, line, sizeof(line), err)) == 1 && line[0])
        add_header(request->trailers, line);
    return got;
}

/* 1 = all of it, 0 = cut, -1. */
static int read_chunks(struct wire *wire, struct wire_request *request, struct nr_err *err)
{
    char line[64];
    size_t n;
    int got;

    while ((got = read_line(wire, line, sizeof(line), err)) == 1) {
        n = strtoul(line, NULL, 16);
        if (n == 0)
            return read_trailers(wire, request, err);
        got = read_bytes(wire, n + 2, err);
        if (got != 1)
            return got;
        nr_buf_add(&request->body, nr_view_n(wire->in.data, n));
        request->n_chunks++;
        drop(wire, n + 2);
    }
    return got;
}

int wire_read_body(struct wire *wire, struct wire_request *request, struct nr_err *err)
{
    int got;

    if (request->is_chunked) {
        got = read_chunks(wire, request, err);
        request->is_cut = got == 0;
        request->body_bytes = request->body.len;
        return got < 0 ? -1 : 0;
    }
    got = read_bytes(wire, request->body_bytes, err);
    if (got == 0)
        nr_err_set(err, NR_ERR_INVALID, NULL, "the request's body was cut");
    if (got != 1)
        return -1;
    nr_buf_add(&request->body, nr_view_n(wire->in.data, request->body_bytes));
    drop(wire, request->body_bytes);
    return 0;
}

bool wire_write(const struct wire *wire, struct nr_view bytes, size_t piece_bytes, bool is_last)
{
    /* Held back until close() sends them, and the FIN in the same segment (tcp(7), TCP_CORK). */
    int held = is_last ? MSG_MORE : 0;

    while (bytes.len) {
        size_t piece = piece_bytes && piece_bytes < bytes.len ? piece_bytes : bytes.len;
        ssize_t n = send(wire->fd, bytes.ptr, piece, MSG_NOSIGNAL | held);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        bytes = nr_view_n(bytes.ptr + n, bytes.len - (size_t)n);
    }
    return true;
}

void wire_wait_for_close(const struct wire *wire)
{
    char waste[4096];
    struct nr_err ignored = {0};

    while (wire_wait(wire, wire->fd, &ignored) == 0 && read(wire->fd, waste, sizeof(waste)) > 0)
        ;
}

void wire_close(struct wire *wire, bool is_reset)
{
    /* Lingering for no time is how a socket sends RST (socket(7)). */
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};

    if (is_reset)
        setsockopt(wire->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    close(wire->fd);
    wire->fd = -1;
    nr_buf_done(&wire->in);
}

void wire_request_done(struct wire_request *request)
{
    json_decref(request->headers);
    json_decref(request->trailers);
    request->headers = request->trailers = NULL;
    nr_buf_done(&request->body);
}
