#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <narae/clock.h>
#include <narae/rand.h>
#include <narae/retry.h>

#include "runtime/api.h"
#include "runtime/api_socket.h"

enum {
    IN_MAX_BYTES = API_PAYLOAD_MAX_BYTES + HTTP1_HEAD_MAX_BYTES + 65536, /* chunk framing */
    KEEP_BYTES = 256 * 1024, /* memory kept between events: more is given back */
    READ_BYTES = 16 * 1024,
    ACK_MAX_BYTES = 64 * 1024,
    HEAD_MAX_BYTES = 64 * 1024,
};

/* "No answer at all" on next: the Python client's budget, with jitter. */
static const struct nr_retry_policy next_retry = {
    .max_attempts = 5, .base_ms = 100, .cap_ms = 2000, .floor_ms = 10};

int api_init(struct api *api, const char *authority, struct nr_err *err)
{
    *api = (struct api){.fd = -1};
    if (api_socket_resolve(authority, &api->address, &api->address_len, err) != 0)
        return -1;
    snprintf(api->authority, sizeof(api->authority), "%s", authority);
    nr_buf_init(&api->in, IN_MAX_BYTES);
    nr_buf_init(&api->ack, ACK_MAX_BYTES);
    nr_buf_init(&api->head, HEAD_MAX_BYTES);
    return 0;
}

static void disconnect(struct api *api)
{
    if (api->fd >= 0)
        close(api->fd);
    api->fd = -1;
}

void api_done(struct api *api)
{
    disconnect(api);
    nr_buf_done(&api->in);
    nr_buf_done(&api->ack);
    nr_buf_done(&api->head);
}

/* Read until the reply is whole. -1 leaves the connection closed. */
static int receive(struct api *api, struct nr_buf *into, size_t body_max, struct nr_err *err)
{
    nr_buf_reset(into);
    http1_begin(&api->reply, body_max);
    for (;;) {
        char *room = nr_buf_room(into, READ_BYTES);
        ssize_t n;
        int got;

        if (!room)
            return disconnect(api), nr_buf_check(into, "reply of the Runtime API", err);
        /* A large event is read in large pieces: the whole of what has been allocated. */
        n = read(api->fd, room, into->cap - into->len - 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            int why = errno;

            disconnect(api);
            return nr_err_set(
                err, NR_ERR_UNAVAILABLE, "Runtime.ConnectionLost", "the Runtime API at %s %s %s",
                api->authority, n == 0 ? "closed the connection" : "was lost:",
                n == 0 ? into->len ? "in the middle of a reply" : "before a reply" : strerror(why));
        }
        into->len += (size_t)n;
        got = http1_parse(&api->reply, into->data, into->len, err);
        if (got < 0)
            return disconnect(api), -1;
        if (got == 1)
            break;
    }
    /* More than one reply came: whose the rest is nobody knows. */
    if (!api->reply.is_keep_alive || api->reply.read_at < into->len)
        disconnect(api);
    return 0;
}

/* Send head and body in one system call where the kernel takes them. *n_sent tells how much left the process.
 * -1 leaves the connection open: what was answered before it broke may still be read. */
static int send_all(struct api *api, struct nr_view body, size_t *n_sent, struct nr_err *err)
{
    struct nr_view head = nr_buf_view(&api->head);

    *n_sent = 0;
    while (head.len + body.len) {
        struct iovec parts[2] = {{(void *)(uintptr_t)head.ptr, head.len},
                                 {(void *)(uintptr_t)body.ptr, body.len}};
        struct msghdr message = {.msg_iov = parts, .msg_iovlen = body.len ? 2 : 1};
        ssize_t n = sendmsg(api->fd, &message, MSG_NOSIGNAL);
        size_t of_head;

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return nr_err_set(err, NR_ERR_UNAVAILABLE, "Runtime.ConnectionLost",
                              "the Runtime API at %s was lost: %s", api->authority, strerror(errno));
        *n_sent += (size_t)n;
        of_head = (size_t)n < head.len ? (size_t)n : head.len;
        head = nr_view_n(head.ptr + of_head, head.len - of_head);
        body = nr_view_n(body.ptr + ((size_t)n - of_head), body.len - ((size_t)n - of_head));
    }
    return 0;
}

static int ensure_connected(struct api *api, struct nr_err *err)
{
    if (api->fd >= 0 && api_socket_is_dead(api->fd))
        disconnect(api);
    if (api->fd >= 0)
        return 0;
    api->fd = api_socket_connect(&api->address, api->address_len, api->authority, err);
    return api->fd >= 0 ? 0 : -1;
}

static void begin_head(struct api *api, const char *method, const char *path)
{
    nr_buf_reset(&api->head);
    nr_buf_printf(&api->head,
                  "%s /2018-06-01/runtime/%s HTTP/1.1\r\nHost: %s\r\nUser-Agent: narae/" NARAE_VERSION "\r\n",
                  method, path, api->authority);
}

/* --- next
 * ------------------------------------------------------------------------------------------------------- */

static int ask_next(struct api *api, struct nr_err *err)
{
    size_t n_sent;

    if (ensure_connected(api, err) != 0)
        return -1;
    begin_head(api, "GET", "invocation/next");
    nr_buf_add_text(&api->head, "\r\n");
    if (send_all(api, nr_view_n(NULL, 0), &n_sent, err) != 0)
        return disconnect(api), -1;
    return receive(api, &api->in, API_PAYLOAD_MAX_BYTES, err);
}

/* What each status of next means; the last row is for every other. Only an undocumented one is worth asking
 * again. */
static const struct {
    int status;
    enum nr_err_kind kind; /* UNAVAILABLE = ask again, within next_retry; else exit */
    const char *meaning;
} next_policies[] = {
    {200, NR_ERR_NONE, ""},
    {403, NR_ERR_BUG, "it was asked in a wrong state"},
    {500, NR_ERR_DENIED, "the sandbox is broken"}, /* "exit promptly" (runtimes-api) */
    {0, NR_ERR_UNAVAILABLE, "unexpected status"},
};

static int judge_next(const struct api *api, struct nr_err *err)
{
    struct nr_view body = http1_body(&api->reply, api->in.data);
    size_t i = 0;

    while (next_policies[i].status && next_policies[i].status != api->reply.status)
        i++;
    if (next_policies[i].kind == NR_ERR_NONE)
        return 0;
    return nr_err_set(err, next_policies[i].kind, "Runtime.NextRefused",
                      "the Runtime API answered %d to /invocation/next: %s: %.*s", api->reply.status,
                      next_policies[i].meaning, body.len > 200 ? 200 : (int)body.len, body.ptr);
}

static void pause_ms(int64_t wait_ms)
{
    struct timespec wait = {wait_ms / 1000, wait_ms % 1000 * 1000000};

    while (nanosleep(&wait, &wait) != 0 && errno == EINTR)
        ;
}

/* Ask until there is a reply. Only what was lost on the way, or an undocumented status, is asked for again.
 */
static int ask_next_with_patience(struct api *api, struct nr_err *err)
{
    for (int attempt = 1;; attempt++) {
        struct nr_err why = {0};
        struct nr_retry_decision decision;

        if (ask_next(api, &why) == 0 && judge_next(api, &why) == 0)
            return 0;
        decision = nr_retry_decide(&next_retry, attempt, &why, NR_CLOCK_NEVER_MS, nr_rand_below(1ULL << 32));
        if (!decision.is_again) {
            *err = why;
            return -1;
        }
        pause_ms(decision.wait_ms);
    }
}

/* The metadata headers that are passed on as text, and where they go. */
static const struct {
    const char *header;
    size_t at;
    const char *fallback;
} text_headers[] = {
    {"content-type", offsetof(struct api_event, content_type), "application/json"},
    {"lambda-runtime-invoked-function-arn", offsetof(struct api_event, function_arn), ""},
    {"lambda-runtime-trace-id", offsetof(struct api_event, trace_id), ""},
    {"lambda-runtime-aws-tenant-id", offsetof(struct api_event, tenant_id), ""},
};

/* A number that is none, or beyond any Lambda (year 2286), counts as missing: metadata never ends the
 * process. */
static int64_t parse_deadline(struct nr_view text)
{
    int64_t value = 0;

    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9' || i > 12)
            return 0;
        value = value * 10 + (text.ptr[i] - '0');
    }
    return value;
}

/* An id goes back in a path or a header, so it must be visible ASCII without spaces. */
static void keep_id(struct nr_view value, char *out, size_t cap)
{
    bool is_good = value.len > 0 && value.len < cap;

    for (size_t i = 0; is_good && i < value.len; i++)
        is_good = value.ptr[i] > 0x20 && value.ptr[i] < 0x7f;
    snprintf(out, cap, "%.*s", is_good ? (int)value.len : 0, is_good ? value.ptr : "");
}

static void read_metadata(struct api *api, struct api_event *event)
{
    const char *data = api->in.data;

    for (size_t i = 0; i < sizeof(text_headers) / sizeof(text_headers[0]); i++) {
        struct nr_view value = http1_header(&api->reply, data, text_headers[i].header);
        const char **slot = (const char **)(void *)((char *)event + text_headers[i].at);

        *slot = value.len ? value.ptr : text_headers[i].fallback;
    }
    event->client_context = http1_header(&api->reply, data, "lambda-runtime-client-context");
    event->cognito_identity = http1_header(&api->reply, data, "lambda-runtime-cognito-identity");
    event->deadline_unix_ms = parse_deadline(http1_header(&api->reply, data, "lambda-runtime-deadline-ms"));
}

int api_next(struct api *api, struct api_event *out, struct nr_err *err)
{
    struct api_event event = {0};

    nr_buf_shrink(&api->in, KEEP_BYTES);
    if (ask_next_with_patience(api, err) != 0)
        return -1;
    keep_id(http1_header(&api->reply, api->in.data, "lambda-runtime-aws-request-id"), api->request_id,
            sizeof(api->request_id));
    keep_id(http1_header(&api->reply, api->in.data, "lambda-runtime-invocation-id"), api->invocation_id,
            sizeof(api->invocation_id));
    if (!api->request_id[0])
        return nr_err_set(err, NR_ERR_UNAVAILABLE, "Runtime.MissingRequestId",
                          "the Runtime API sent an event without a usable Lambda-Runtime-Aws-Request-Id");
    read_metadata(api, &event);
    event.body = http1_body(&api->reply, api->in.data);
    event.request_id = api->request_id;
    *out = event;
    return 0;
}

/* --- answers
 * ---------------------------------------------------------------------------------------------------- */

/* What each status means; the last row is for every other. 500 is "exit promptly", the rest concerns one
 * invocation. */
static const struct {
    int status;
    enum api_outcome outcome;
    const char *meaning;
} answer_policy[] = {
    {202, API_ACCEPTED, ""},
    {400, API_REFUSED, "the answer was refused (wrong or finished request id)"},
    {403, API_REFUSED, "the invocation was answered before"},
    {410, API_REFUSED, "too late: the invocation has timed out"},
    {413, API_REFUSED, "the reply is too large; the caller has been told"},
    {500, API_BROKEN, "the sandbox is broken"},
    {0, API_REFUSED, "unexpected status"},
};

static enum api_outcome judge(int status, const char *path, struct nr_err *err)
{
    size_t i = 0;

    while (answer_policy[i].status && answer_policy[i].status != status)
        i++;
    if (answer_policy[i].outcome != API_ACCEPTED)
        nr_err_set(err, NR_ERR_UNAVAILABLE, "Runtime.AnswerRefused", "the Runtime API answered %d to /%s: %s",
                   status, path, answer_policy[i].meaning);
    return answer_policy[i].outcome;
}

/* Send once; and once more only when not a byte of the first try can have left. *n_sent tells of the last
 * try. */
static int send_post(struct api *api, struct nr_view body, size_t *n_sent, struct nr_err *err)
{
    struct nr_err first = {0};

    *n_sent = 0;
    if (ensure_connected(api, &first) == 0 && send_all(api, body, n_sent, &first) == 0)
        return 0;
    if (*n_sent > 0) {
        *err = first;
        return -1;
    }
    disconnect(api);
    if (ensure_connected(api, err) != 0)
        return -1;
    return send_all(api, body, n_sent, err);
}

static enum api_outcome post(struct api *api, const char *path, struct nr_view body, struct nr_err *err)
{
    struct nr_err cut = {0};
    struct nr_err unread = {0};
    size_t n_sent;
    bool is_sent;

    if (nr_buf_check(&api->head, "request head", err) != 0)
        return API_REFUSED;
    is_sent = send_post(api, body, &n_sent, &cut) == 0;
    /* A refusal (413) may come, and the connection be closed, while we still write: the status is worth more
     * than the news that the connection is gone. */
    if ((is_sent || n_sent > 0) && receive(api, &api->ack, ACK_MAX_BYTES, &unread) == 0) {
        if (!is_sent)
            disconnect(api);
        return judge(api->reply.status, path, err);
    }
    disconnect(api);
    *err = is_sent ? unread : cut;
    return API_REFUSED;
}

static void add_post_headers(struct api *api, const char *content_type, size_t body_len)
{
    if (api->invocation_id[0])
        nr_buf_printf(&api->head, "Lambda-Runtime-Invocation-Id: %s\r\n", api->invocation_id);
    nr_buf_printf(&api->head, "Content-Type: %s\r\nContent-Length: %zu\r\n", content_type, body_len);
}

enum api_outcome api_respond(struct api *api, struct nr_view body, const char *content_type,
                             struct nr_err *err)
{
    char path[192];

    snprintf(path, sizeof(path), "invocation/%s/response", api->request_id);
    begin_head(api, "POST", path);
    add_post_headers(api, content_type, body.len);
    nr_buf_add_text(&api->head, "\r\n");
    return post(api, path, body, err);
}

void api_format_error(struct nr_buf *out, const struct nr_err *failure)
{
    char text[NR_ERR_MESSAGE_MAX_BYTES + NR_ERR_HINT_MAX_BYTES + 16];

    snprintf(text, sizeof(text), "%s%s%s%s", failure->message, failure->hint[0] ? " (" : "", failure->hint,
             failure->hint[0] ? ")" : "");
    nr_buf_add_text(out, "{\"errorMessage\":");
    nr_buf_add_json_text(out, nr_view(text));
    nr_buf_add_text(out, ",\"errorType\":");
    nr_buf_add_json_text(out, nr_view(failure->type));
    nr_buf_add_text(out, ",\"stackTrace\":[]}");
}

/* Lambda keeps the header only when it matches (Runtime|Function)\.[A-Z][a-zA-Z]+ ; anything else it calls
 * Unknown. */
static const char *header_type(const char *type)
{
    size_t start = strncmp(type, "Runtime.", 8) == 0 ? 8 : strncmp(type, "Function.", 9) == 0 ? 9 : 0;

    if (!start || type[start] < 'A' || type[start] > 'Z' || !type[start + 1])
        return "Function.Unknown";
    for (const char *c = type + start; *c; c++)
        if ((*c | 0x20) < 'a' || (*c | 0x20) > 'z')
            return "Function.Unknown";
    return type;
}

static enum api_outcome report(struct api *api, const char *path, const struct nr_err *failure,
                               struct nr_err *err)
{
    NR_BUF_AUTO body;

    nr_buf_init(&body, HEAD_MAX_BYTES);
    api_format_error(&body, failure);
    if (nr_buf_check(&body, "error report", err) != 0)
        return API_REFUSED;
    begin_head(api, "POST", path);
    add_post_headers(api, "application/json", body.len);
    nr_buf_printf(&api->head, "Lambda-Runtime-Function-Error-Type: %s\r\n\r\n", header_type(failure->type));
    return post(api, path, nr_buf_view(&body), err);
}

enum api_outcome api_fail(struct api *api, const struct nr_err *failure, struct nr_err *err)
{
    char path[192];

    snprintf(path, sizeof(path), "invocation/%s/error", api->request_id);
    return report(api, path, failure, err);
}

enum api_outcome api_init_fail(struct api *api, const struct nr_err *failure, struct nr_err *err)
{
    api->invocation_id[0] = '\0';
    return report(api, "init/error", failure, err);
}
