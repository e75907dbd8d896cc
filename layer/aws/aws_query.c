#include <stdio.h>
#include <string.h>

#include <narae/aws_query.h>
#include <narae/clock.h>
#include <narae/http.h>
#include <narae/http_date.h>
#include <narae/rand.h>
#include <narae/retry.h>

#include "layer/aws/aws_credentials.h"
#include "layer/aws/aws_pause.h"
#include "layer/aws/aws_wire.h"

/* Attempts as the AWS SDKs' standard mode. */
static const struct nr_retry_policy retry_policy = {.max_attempts = 3, .base_ms = 200, .cap_ms = 5000};

/* --- the form ------------------------------------------------------------------------------------------- */

/* Characters that stand for themselves in a form; a space is a plus, as in botocore's forms. */
static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("-._~", c));
}

void nr_aws_query_begin(struct nr_buf *form, const char *action, const char *version)
{
    nr_buf_reset(form);
    nr_buf_printf(form, "Action=%s&Version=%s", action, version);
}

void nr_aws_query_add(struct nr_buf *form, struct nr_view value, const char *name, ...)
{
    va_list args;

    nr_buf_add_char(form, '&');
    va_start(args, name);
    nr_buf_vprintf(form, name, args);
    va_end(args);
    nr_buf_add_char(form, '=');
    for (size_t i = 0; i < value.len; i++)
        if (is_unreserved(value.ptr[i]))
            nr_buf_add_char(form, value.ptr[i]);
        else if (value.ptr[i] == ' ')
            nr_buf_add_char(form, '+');
        else
            nr_buf_printf(form, "%%%02X", (unsigned char)value.ptr[i]);
}

/* --- the error ------------------------------------------------------------------------------------------ */

/* The text of the first <name> in `xml`; empty when there is none. An error answer is flat, and this stays
 * without a parser. */
static struct nr_view element(struct nr_view xml, const char *name)
{
    char open[32];
    const char *start;
    const char *end;
    size_t len = (size_t)snprintf(open, sizeof(open), "<%s>", name);

    start = xml.len ? memmem(xml.ptr, xml.len, open, len) : NULL;
    if (!start)
        return nr_view_n("", 0);
    start += len;
    end = memchr(start, '<', xml.len - (size_t)(start - xml.ptr));
    return nr_view_n(start, end ? (size_t)(end - start) : 0);
}

/* When a signature is wrong AWS goes on with the canonical request, and that holds the session token: nothing
 * behind the first line may get into an error. */
static struct nr_view first_line(struct nr_view text)
{
    static const struct nr_view ends[] = {{"\n", 1}, {"&#xA;", 5}, {"&#10;", 5}};

    text = nr_view_trim(text);
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        const char *end = text.len ? memmem(text.ptr, text.len, ends[i].ptr, ends[i].len) : NULL;

        if (end)
            text.len = (size_t)(end - text.ptr);
    }
    return text;
}

/* Copy with the five entities decoded and control characters dropped; cut at the cap. */
static void decode(struct nr_view text, char *out, size_t cap)
{
    static const struct {
        struct nr_view entity;
        char byte;
    } entities[] = {{{"&amp;", 5}, '&'},
                    {{"&lt;", 4}, '<'},
                    {{"&gt;", 4}, '>'},
                    {{"&quot;", 6}, '"'},
                    {{"&apos;", 6}, '\''}};
    size_t n = 0;

    while (text.len && n + 1 < cap) {
        char byte = text.ptr[0];
        size_t len = 1;

        for (size_t i = 0; byte == '&' && i < sizeof(entities) / sizeof(entities[0]); i++)
            if (nr_view_starts(text, entities[i].entity)) {
                byte = entities[i].byte;
                len = entities[i].entity.len;
                break; /* "&amp;lt;" is the text "&lt;" */
            }
        if ((unsigned char)byte >= ' ')
            out[n++] = byte;
        text = nr_view_n(text.ptr + len, text.len - len);
    }
    out[n] = '\0';
}

static void read_error(const struct nr_http_reply *reply, struct nr_aws_query_note *note)
{
    struct nr_view xml = nr_buf_view(&reply->body);

    decode(element(xml, "Code"), note->code, sizeof(note->code));
    decode(first_line(element(xml, "Message")), note->message, sizeof(note->message));
    decode(element(xml, "RequestId"), note->request_id, sizeof(note->request_id));
}

static int explain(const struct nr_aws_query_call *call, const struct nr_aws_query_note *note,
                   struct nr_err *err)
{
    return nr_err_set(err, aws_wire_kind(note->code, note->status), NULL, "%s: %d%s%s%s%s%s%s%s",
                      call->action, note->status, note->code[0] ? " " : "", note->code,
                      note->message[0] ? ": " : "", note->message, note->request_id[0] ? " (request id " : "",
                      note->request_id, note->request_id[0] ? ")" : "");
}

/* --- the call ------------------------------------------------------------------------------------------- */

static int try_once(const struct nr_aws_query_call *call, struct nr_buf *xml, struct nr_aws_query_note *note,
                    struct nr_err *err)
{
    struct nr_http_reply reply = {0};
    int result;

    *note = (struct nr_aws_query_note){.n_sent = note->n_sent + 1, .n_throttled = note->n_throttled};
    result = aws_wire_send(
        &(struct aws_wire_request){
            .service = call->service,
            .endpoint_env = call->endpoint_env,
            .region = call->region,
            .headers = {"Content-Type: application/x-www-form-urlencoded; charset=utf-8"},
            .body = call->form,
            .is_once = call->is_once,
            .reply_max_bytes = call->reply_max_bytes,
            .deadline_mono_ms = call->deadline_mono_ms},
        &reply, err);
    if (result == 0) {
        note->status = reply.status;
        (void)nr_http_date_parse(nr_view(reply.date), &note->date_unix_s);
        if (reply.status == 200) {
            nr_buf_done(xml);
            *xml = reply.body;
            return 0; /* the body is the caller's now */
        }
        read_error(&reply, note);
        result = explain(call, note, err);
        note->n_throttled += err->kind == NR_ERR_THROTTLED;
    }
    nr_http_reply_done(&reply);
    return result;
}

int nr_aws_query(const struct nr_aws_query_call *call, struct nr_buf *xml, struct nr_aws_query_note *note,
                 struct nr_err *err)
{
    bool is_renewed = false;

    *note = (struct nr_aws_query_note){0};
    for (int attempt = 1;; attempt++) {
        struct nr_err why = {0};
        struct nr_retry_decision decision;

        if (try_once(call, xml, note, &why) == 0)
            return 0;
        decision = nr_retry_decide(&retry_policy, attempt, &why, nr_clock_left_ms(call->deadline_mono_ms),
                                   nr_rand_below(1ULL << 32));
        if (aws_wire_is_credentials(note->code) && !is_renewed) {
            is_renewed = true;
            aws_credentials_forget();
        } else if (decision.is_again && (!call->is_once || why.kind == NR_ERR_THROTTLED)) {
            aws_pause(decision.wait_ms);
        } else {
            *err = why;
            return -1;
        }
    }
}
