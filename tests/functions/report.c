/* report - replies with what a function sees of its invocation and of its process. */
#include <stdlib.h>

#include <narae/clock.h>
#include <narae/handler.h>

static json_t *text(const char *value)
{
    return value ? json_string(value) : json_null();
}

static json_t *bytes(struct nr_view view)
{
    return view.ptr ? json_stringn(view.ptr, view.len) : json_null();
}

/* Time left in seconds, rounded to the nearest: what a test can compare. -1 = unknown. */
static json_t *left_s(const struct nr_request *request)
{
    int64_t left_ms = nr_request_left_ms(request);

    return json_integer(left_ms == NR_CLOCK_NEVER_MS ? -1 : (left_ms + 500) / 1000);
}

static int invoke(const struct nr_request *request, struct nr_reply *reply, struct nr_err *err)
{
    json_t *seen = json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "request_id", request->request_id,
        "content_type", request->content_type, "function_arn", request->function_arn, "trace_id",
        request->trace_id, "tenant_id", request->tenant_id, "client_context", bytes(request->client_context),
        "cognito_identity", bytes(request->cognito_identity), "left_s", left_s(request), "_X_AMZN_TRACE_ID",
        text(getenv("_X_AMZN_TRACE_ID")), "AWS_EXECUTION_ENV", text(getenv("AWS_EXECUTION_ENV")));
    int result;

    if (!seen)
        return nr_err_set(err, NR_ERR_BUG, NULL, "the metadata is not UTF-8");
    result = nr_reply_json(reply, seen, err);
    json_decref(seen);
    return result;
}

const struct nr_handler handler = {NR_ABI, sizeof(struct nr_handler), "report", NULL, invoke, NULL};
