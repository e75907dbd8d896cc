#include "runtime/api.h"
#include "runtime/api_metadata.h"
#include "runtime/api_retry.h"

enum { KEEP_BYTES = 256 * 1024 /* memory kept between events: more is given back */ };

static int ask(struct api *api, struct nr_err *err)
{
    size_t n_sent;

    if (conn_ensure(&api->conn, err) != 0)
        return -1;
    conn_begin(&api->conn, "GET", API_BASE "invocation/next");
    nr_buf_add_text(&api->conn.head, "\r\n");
    if (conn_send(&api->conn, nr_view_n(NULL, 0), &n_sent, err) != 0)
        return conn_drop(&api->conn), -1;
    return conn_receive(&api->conn, &api->in, API_PAYLOAD_MAX_BYTES, err);
}

struct next_policy {
    int status;            /* the last row, 0, is for every other */
    enum nr_err_kind kind; /* UNAVAILABLE = ask again, within api_retry.h; else exit */
    const char *meaning;
};

/* What each status of next means. Only an undocumented one is worth asking again. */
static const struct next_policy alone[] = {
    {200, NR_ERR_NONE, ""},
    {403, NR_ERR_BUG, "it was asked in a wrong state"},
    {500, NR_ERR_DENIED, "the sandbox is broken"}, /* "exit promptly" (runtimes-api) */
    {0, NR_ERR_UNAVAILABLE, "unexpected status"},
};

/* Among several workers 500 says as well that there are more of them than slots (the emulator's
 * invoke_router.go). */
static const struct next_policy one_of_many[] = {
    {200, NR_ERR_NONE, ""},
    {403, NR_ERR_BUG, "it was asked in a wrong state"},
    {0, NR_ERR_UNAVAILABLE, "no slot for this worker, or the sandbox is broken"},
};

static int judge(const struct api *api, struct nr_err *err)
{
    const struct next_policy *policy = api->is_one_of_many ? one_of_many : alone;
    struct nr_view body = http1_body(&api->conn.reply, api->in.data);

    while (policy->status && policy->status != api->conn.reply.status)
        policy++;
    if (policy->kind == NR_ERR_NONE)
        return 0;
    return nr_err_set(err, policy->kind, "Runtime.NextRefused",
                      "the Runtime API answered %d to /invocation/next: %s: %.*s", api->conn.reply.status,
                      policy->meaning, body.len > 200 ? 200 : (int)body.len, body.ptr);
}

static struct nr_view header(const struct api *api, const char *name)
{
    return http1_header(&api->conn.reply, api->in.data, name);
}

static int keep_ids(struct api *api, struct nr_err *err)
{
    api_metadata_keep_id(header(api, "lambda-runtime-invocation-id"), api->invocation_id,
                         sizeof(api->invocation_id));
    if (api_metadata_keep_id(header(api, "lambda-runtime-aws-request-id"), api->request_id,
                             sizeof(api->request_id)))
        return 0;
    return nr_err_set(err, NR_ERR_UNAVAILABLE, "Runtime.MissingRequestId",
                      "the Runtime API sent an event without a usable Lambda-Runtime-Aws-Request-Id");
}

/* One try. A reply that cannot be read but says whose it is, is an event as well: its caller can be told, and
 * asking again would bring the same. */
static int try_once(struct api *api, struct nr_err *err)
{
    struct nr_err ignored = {0};

    api->unreadable.kind = NR_ERR_NONE;
    api->conn.is_reply_refused = false; /* of the reply before: none need come now */
    if (ask(api, err) == 0)
        return judge(api, err) == 0 ? keep_ids(api, err) : -1;
    if (!api->conn.is_reply_refused || api->conn.reply.status != 200 || keep_ids(api, &ignored) != 0)
        return -1;
    api->unreadable = *err;
    return 0;
}

/* Ask until there is an event. Only what was lost on the way, or an undocumented reply, is asked for
 * again. */
static int ask_with_patience(struct api *api, struct nr_err *err)
{
    for (int attempt = 1;; attempt++) {
        struct nr_err why = {0};

        if (try_once(api, &why) == 0)
            return 0;
        if (!api_retry_pause(attempt, &why)) {
            *err = why;
            return -1;
        }
    }
}

int api_next(struct api *api, struct api_event *out, struct nr_err *err)
{
    struct api_event event = {0};

    nr_buf_shrink(&api->in, KEEP_BYTES);
    if (ask_with_patience(api, err) != 0)
        return -1;
    api_metadata_read(&api->conn.reply, api->in.data, &event);
    event.request_id = api->request_id;
    event.is_echo_dropped = !api->invocation_id[0] && header(api, "lambda-runtime-invocation-id").len > 0;
    if (api->unreadable.kind == NR_ERR_NONE)
        event.body = http1_body(&api->conn.reply, api->in.data);
    else
        event.unreadable = &api->unreadable;
    *out = event;
    return 0;
}
