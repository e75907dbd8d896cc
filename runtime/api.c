#include <stdio.h>

#include <narae/env.h>

#include "runtime/api.h"
#include "runtime/api_error.h"
#include "runtime/api_retry.h"

enum {
    IN_MAX_BYTES = API_PAYLOAD_MAX_BYTES + HTTP1_HEAD_MAX_BYTES + 65536, /* chunk framing */
    ACK_MAX_BYTES = 64 * 1024,
    BODY_MAX_BYTES = 64 * 1024,      /* of an error report */
    CAUSE_MAX_BYTES = 64 * 1024 - 1, /* Lambda crops a longer one (the emulator's error_cause.go) */
};

int api_init(struct api *api, const char *authority, struct nr_err *err)
{
    *api = (struct api){.conn = {.fd = -1}};
    if (conn_init(&api->conn, authority, err) != 0)
        return -1;
    nr_buf_init(&api->in, IN_MAX_BYTES);
    nr_buf_init(&api->ack, ACK_MAX_BYTES);
    return 0;
}

void api_done(struct api *api)
{
    conn_done(&api->conn);
    nr_buf_done(&api->in);
    nr_buf_done(&api->ack);
}

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

enum api_outcome api_judge(int status, const char *path, struct nr_err *err)
{
    size_t i = 0;

    while (answer_policy[i].status && answer_policy[i].status != status)
        i++;
    if (answer_policy[i].outcome != API_ACCEPTED)
        nr_err_set(err, NR_ERR_UNAVAILABLE, "Runtime.AnswerRefused", "the Runtime API answered %d to %s: %s",
                   status, path + sizeof(API_BASE) - 2, answer_policy[i].meaning);
    return answer_policy[i].outcome;
}

enum api_outcome api_read_verdict(struct api *api, const char *path, struct nr_err *err)
{
    if (conn_receive(&api->conn, &api->ack, ACK_MAX_BYTES, err) != 0)
        return API_REFUSED;
    return api_judge(api->conn.reply.status, path, err);
}

void api_path(const struct api *api, const char *what, char out[API_PATH_MAX_BYTES])
{
    snprintf(out, API_PATH_MAX_BYTES, API_BASE "invocation/%s/%s", api->request_id, what);
}

/* Send once; and once more only when not a byte of the first try can have left. *n_sent tells of the last
 * try. */
static int send_post(struct api *api, struct nr_view body, size_t *n_sent, struct nr_err *err)
{
    struct nr_err first = {0};

    *n_sent = 0;
    if (conn_ensure(&api->conn, &first) == 0 && conn_send(&api->conn, body, n_sent, &first) == 0)
        return 0;
    if (*n_sent > 0) {
        *err = first;
        return -1;
    }
    conn_drop(&api->conn);
    if (conn_ensure(&api->conn, err) != 0)
        return -1;
    return conn_send(&api->conn, body, n_sent, err);
}

static enum api_outcome post(struct api *api, const char *path, struct nr_view body, struct nr_err *err)
{
    struct nr_err cut = {0};
    struct nr_err verdict = {0};
    enum api_outcome outcome;
    size_t n_sent;

    if (nr_buf_check(&api->conn.head, "request head", err) != 0)
        return API_REFUSED;
    if (send_post(api, body, &n_sent, &cut) == 0)
        return api_read_verdict(api, path, err);
    outcome = API_REFUSED;
    /* A refusal (413) may come, and the connection be closed, while we still write: the status is worth more
     * than the news that the connection is gone. */
    if (n_sent > 0 && conn_receive(&api->conn, &api->ack, ACK_MAX_BYTES, &verdict) == 0)
        outcome = api_judge(api->conn.reply.status, path, err);
    else
        *err = cut;
    conn_drop(&api->conn);
    return outcome;
}

static void begin_post(struct api *api, const char *path, const char *content_type, size_t body_len)
{
    conn_begin(&api->conn, "POST", path);
    if (api->invocation_id[0])
        nr_buf_printf(&api->conn.head, "Lambda-Runtime-Invocation-Id: %s\r\n", api->invocation_id);
    nr_buf_printf(&api->conn.head, "Content-Type: %s\r\nContent-Length: %zu\r\n", content_type, body_len);
}

enum api_outcome api_respond(struct api *api, struct nr_view body, const char *content_type,
                             struct nr_err *err)
{
    char path[API_PATH_MAX_BYTES];

    api_path(api, "response", path);
    begin_post(api, path, content_type, body.len);
    nr_buf_add_text(&api->conn.head, "\r\n");
    return post(api, path, body, err);
}

/* The cause is for X-Ray alone: without it the report is still whole. */
static void add_cause(struct nr_buf *head, const struct nr_err *failure)
{
    NR_BUF_AUTO cause;
    const char *working_dir = nr_env_raw("LAMBDA_TASK_ROOT"); /* where Lambda starts the bootstrap */

    nr_buf_init(&cause, CAUSE_MAX_BYTES);
    api_error_cause(&cause, failure, working_dir ? working_dir : "");
    if (!cause.is_bad)
        nr_buf_printf(head, "Lambda-Runtime-Function-XRay-Error-Cause: %s\r\n", nr_buf_text(&cause));
}

static enum api_outcome report(struct api *api, const char *path, const struct nr_err *failure,
                               struct nr_err *err)
{
    NR_BUF_AUTO body;
    char type[NR_ERR_TYPE_MAX_BYTES + 16];

    nr_buf_init(&body, BODY_MAX_BYTES);
    api_error_body(&body, failure);
    if (nr_buf_check(&body, "error report", err) != 0)
        return API_REFUSED;
    api_error_header_type(failure->type, type);
    begin_post(api, path, "application/json", body.len);
    nr_buf_printf(&api->conn.head, "Lambda-Runtime-Function-Error-Type: %s\r\n", type);
    add_cause(&api->conn.head, failure);
    nr_buf_add_text(&api->conn.head, "\r\n");
    return post(api, path, nr_buf_view(&body), err);
}

enum api_outcome api_fail(struct api *api, const struct nr_err *failure, struct nr_err *err)
{
    char path[API_PATH_MAX_BYTES];

    api_path(api, "error", path);
    return report(api, path, failure, err);
}

enum api_outcome api_init_fail(struct api *api, const struct nr_err *failure, struct nr_err *err)
{
    api->invocation_id[0] = '\0';
    if (api_retry_connect(&api->conn, err) != 0)
        return API_REFUSED;
    return report(api, API_BASE "init/error", failure, err);
}
