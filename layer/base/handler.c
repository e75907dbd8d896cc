#include <stdio.h>
#include <string.h>

#include <narae/clock.h>
#include <narae/handler.h>
#include <narae/json.h>

int nr_request_json(const struct nr_request *request, json_t **out, struct nr_err *err)
{
    if (!*request->json_slot && nr_json_parse(request->event, "event", request->json_slot, err) != 0)
        return -1;
    *out = *request->json_slot;
    return 0;
}

int64_t nr_request_left_ms(const struct nr_request *request)
{
    return nr_clock_left_ms(request->deadline_mono_ms);
}

/* Visible ASCII and spaces only: the value becomes an HTTP header. */
static bool is_header_value(const char *text)
{
    for (; *text; text++)
        if (*text < 0x20 || *text > 0x7e)
            return false;
    return true;
}

static int set_content_type(struct nr_reply *reply, const char *content_type, struct nr_err *err)
{
    if (!content_type)
        content_type = "application/json";
    if (strlen(content_type) >= sizeof(reply->content_type) || !is_header_value(content_type))
        return nr_err_set(err, NR_ERR_INVALID, "Function.InvalidContentType",
                          "content type must be at most %zu visible ASCII characters",
                          sizeof(reply->content_type) - 1);
    snprintf(reply->content_type, sizeof(reply->content_type), "%s", content_type);
    return 0;
}

int nr_reply_json(struct nr_reply *reply, const json_t *value, struct nr_err *err)
{
    nr_buf_reset(reply->body);
    if (set_content_type(reply, NULL, err) != 0)
        return -1;
    return nr_json_dump(value, reply->body, err);
}

int nr_reply_bytes(struct nr_reply *reply, struct nr_view bytes, const char *content_type, struct nr_err *err)
{
    if (set_content_type(reply, content_type, err) != 0)
        return -1;
    nr_buf_reset(reply->body);
    nr_buf_add(reply->body, bytes);
    return nr_buf_check(reply->body, "reply", err);
}
