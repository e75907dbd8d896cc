#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "functions/push/device_intake.h"

enum {
    NAME_BYTES = 40,
    RESULT_MAX_BYTES = 8 * NR_ERR_MESSAGE_MAX_BYTES /* every byte may become an escape */
};

/* --- what came ------------------------------------------------------------------------------------------ */

static int read_direct(const json_t *event, struct device_intake *out, struct nr_err *err)
{
    out->is_direct = true;
    out->list = json_is_array(event) ? event : NULL;
    out->single = out->list ? NULL : event;
    out->n = out->list ? json_array_size(event) : 1;
    if (out->n <= DEVICE_DIRECT_MAX)
        return 0;
    return nr_err_set(err, NR_ERR_INVALID, "Function.InvalidEvent",
                      "a list may have at most %d messages, has %zu", DEVICE_DIRECT_MAX, out->n);
}

static int read_form(const json_t *event, struct device_intake *out, struct nr_err *err)
{
    if (json_is_object(event) && json_object_get(event, "Records")) {
        if (nr_sqs_parse(event, &out->sqs, err) != 0)
            return -1;
        out->n = out->sqs.n_records;
        return 0;
    }
    if (json_is_object(event) || json_is_array(event))
        return read_direct(event, out, err);
    return nr_err_set(err, NR_ERR_INVALID, "Function.InvalidEvent",
                      "must be an SQS event, a device message or a list of them");
}

int device_intake_read(const json_t *event, struct device_intake *out, struct nr_err *err)
{
    struct device_intake intake = {0};

    if (read_form(event, &intake, err) != 0)
        return -1;
    intake.docs = calloc(intake.n + 1, sizeof(json_t *));
    intake.results = calloc(intake.n + 1, sizeof(struct device_result));
    if (!intake.docs || !intake.results) {
        device_intake_done(&intake);
        return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.OutOfMemory", "no memory for %zu messages",
                          intake.n);
    }
    for (size_t i = 0; i < intake.n; i++)
        nr_buf_init(&intake.results[i].text, RESULT_MAX_BYTES);
    *out = intake;
    return 0;
}

static int parse_body(struct device_intake *intake, size_t i, struct device_message *out, struct nr_err *err)
{
    struct nr_json_place place;
    char name[NAME_BYTES];

    snprintf(name, sizeof(name), "Records[%zu].body", i);
    if (nr_json_parse(intake->sqs.records[i].body, name, &intake->docs[i], err) != 0)
        return -1;
    place = nr_json_root(name, intake->docs[i]);
    return device_message_parse(&place, out, err);
}

int device_intake_parse(struct device_intake *intake, size_t i, struct device_message *out,
                        struct nr_err *err)
{
    struct nr_json_place root = nr_json_root("", intake->list ? intake->list : intake->single);
    struct nr_json_place item = nr_json_item(&root, i);

    if (!intake->is_direct)
        return parse_body(intake, i, out, err);
    return device_message_parse(intake->list ? &item : &root, out, err);
}

int64_t device_intake_sent_unix_ms(const struct device_intake *intake, size_t i)
{
    return intake->is_direct ? 0 : intake->sqs.records[i].sent_unix_ms;
}

struct nr_view device_intake_id(const struct device_intake *intake, size_t i)
{
    return intake->is_direct ? nr_view_n(NULL, 0) : intake->sqs.records[i].message_id;
}

bool device_intake_is_behind(const struct device_intake *intake, size_t i, size_t before)
{
    const struct nr_sqs_record *records = intake->sqs.records;

    return !intake->is_direct && i > before && nr_sqs_is_ordered(&records[i]) &&
           nr_view_is(records[i].group_id, records[before].group_id);
}

/* --- what goes back ------------------------------------------------------------------------------------- */

static void write_error(struct device_intake *intake, size_t i, const struct nr_err *why)
{
    struct nr_buf *text = &intake->results[i].text;

    nr_buf_reset(text);
    nr_buf_printf(text, "{\"error\":{\"type\":\"%s\",\"kind\":\"%s\",\"retry\":%s,\"message\":", why->type,
                  nr_err_kind_name(why->kind), nr_err_is_transient(why) ? "true" : "false");
    nr_buf_add_json_text(text, nr_view(why->message));
    nr_buf_add_text(text, "}}");
    intake->results[i].is_failed = true;
}

void device_intake_refuse(struct device_intake *intake, size_t i, const struct nr_err *why)
{
    if (intake->is_direct)
        write_error(intake, i, why);
    else
        nr_sqs_fail_for(&intake->sqs, i, 0);
}

void device_intake_fail(struct device_intake *intake, size_t i, const struct nr_err *why, uint64_t random)
{
    if (intake->is_direct)
        write_error(intake, i, why);
    else
        nr_sqs_fail_by(&intake->sqs, i, why, random);
}

void device_intake_settle(struct device_intake *intake, size_t i, const char *outcome, int64_t device_id)
{
    struct nr_buf *text;

    if (!intake->is_direct)
        return;
    text = &intake->results[i].text;
    nr_buf_reset(text);
    nr_buf_printf(text, "{\"outcome\":\"%s\"", outcome);
    /* A text, as push messages name devices: a bigint is more than a JSON number holds everywhere. */
    if (device_id)
        nr_buf_printf(text, ",\"device_id\":\"%" PRId64 "\"", device_id);
    nr_buf_add_char(text, '}');
}

size_t device_intake_n_failed(const struct device_intake *intake)
{
    size_t n = 0;

    if (!intake->is_direct)
        return nr_sqs_n_failed(&intake->sqs);
    for (size_t i = 0; i < intake->n; i++)
        n += intake->results[i].is_failed;
    return n;
}

int device_intake_reply(const struct device_intake *intake, struct nr_reply *reply, struct nr_err *err)
{
    if (!intake->is_direct)
        return nr_sqs_reply(&intake->sqs, reply, err);
    if (nr_reply_bytes(reply, NR_VIEW("{\"results\":["), NULL, err) != 0)
        return -1;
    for (size_t i = 0; i < intake->n; i++) {
        if (nr_buf_check(&intake->results[i].text, "result", err) != 0)
            return -1;
        nr_buf_add_text(reply->body, i ? "," : "");
        nr_buf_add(reply->body, nr_buf_view(&intake->results[i].text));
    }
    nr_buf_add_text(reply->body, "]}");
    return nr_buf_check(reply->body, "reply", err);
}

void device_intake_done(struct device_intake *intake)
{
    for (size_t i = 0; i < intake->n; i++) {
        if (intake->docs)
            json_decref(intake->docs[i]);
        if (intake->results)
            nr_buf_done(&intake->results[i].text);
    }
    free(intake->docs);
    free(intake->results);
    nr_sqs_batch_done(&intake->sqs);
    *intake = (struct device_intake){0};
}
