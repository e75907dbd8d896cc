#include <stdlib.h>
#include <string.h>

#include "functions/push/topic_calls.h"
#include "functions/push/topic_iid.h"
#include "functions/push/topics.h"

enum { TEXT_MAX_BYTES = 64 * 1024 * 1024 /* 3,000 rows of the longest registration and topic */ };

/* Where a piece of the text begins and ends: views are made when the text no longer moves. */
struct span {
    size_t from, to;
};

static int by_call(const void *a, const void *b)
{
    const struct topic_row *left = *(const struct topic_row *const *)a;
    const struct topic_row *right = *(const struct topic_row *const *)b;
    size_t len = left->topic.len < right->topic.len ? left->topic.len : right->topic.len;
    int order = memcmp(left->topic.ptr, right->topic.ptr, len);

    if (left->is_fid != right->is_fid)
        return left->is_fid - right->is_fid;
    if (left->is_wanted != right->is_wanted)
        return left->is_wanted - right->is_wanted;
    return order ? order : (left->topic.len > right->topic.len) - (left->topic.len < right->topic.len);
}

/* How many rows from `first` on one request can be about. */
static size_t reach(const struct topic_calls *calls, size_t first, size_t n_rows, bool is_iid)
{
    size_t n = 1;

    while (is_iid && n < TOPIC_IID_TOKENS_MAX && first + n < n_rows &&
           by_call(&calls->order[first], &calls->order[first + n]) == 0)
        n++;
    return n;
}

static void write_v1(const struct topic_row *row, const char *project_id, struct topic_calls *calls,
                     struct topic_call *call, struct span *path)
{
    call->method = row->is_wanted ? NR_VIEW("PATCH") : NR_VIEW("DELETE");
    call->body = row->is_wanted ? NR_VIEW("{}") : nr_view_n(NULL, 0);
    path->from = calls->text.len;
    topics_path(project_id, row->registration, row->topic, &calls->text);
    path->to = calls->text.len;
}

static void write_iid(struct topic_calls *calls, struct topic_call *call, struct span *body)
{
    const struct topic_row *first = calls->order[call->first];

    call->method = NR_VIEW("POST");
    call->path = topic_iid_path(first->is_wanted);
    body->from = calls->text.len;
    topic_iid_begin(&calls->text, first->topic);
    for (size_t i = 0; i < call->n; i++)
        topic_iid_add(&calls->text, calls->order[call->first + i]->registration);
    topic_iid_end(&calls->text);
    body->to = calls->text.len;
}

static void fill(struct topic_calls *calls, size_t n_rows, const char *project_id, bool use_iid,
                 struct span *spans)
{
    for (size_t at = 0; at < n_rows; calls->n++) {
        struct topic_call *call = &calls->items[calls->n];

        call->is_iid = use_iid && !calls->order[at]->is_fid;
        call->first = at;
        call->n = reach(calls, at, n_rows, call->is_iid);
        if (call->is_iid)
            write_iid(calls, call, &spans[calls->n]);
        else
            write_v1(calls->order[at], project_id, calls, call, &spans[calls->n]);
        at += call->n;
    }
}

static void point(struct topic_calls *calls, const struct span *spans)
{
    for (size_t i = 0; i < calls->n; i++) {
        struct nr_view piece = nr_view_n(calls->text.data + spans[i].from, spans[i].to - spans[i].from);

        *(calls->items[i].is_iid ? &calls->items[i].body : &calls->items[i].path) = piece;
    }
}

int topic_calls_make(const struct topic_row *rows, size_t n_rows, const char *project_id, bool use_iid,
                     struct topic_calls *out, struct nr_err *err)
{
    struct topic_calls calls = {0};
    struct span *spans = calloc(n_rows + 1, sizeof(*spans));
    int result = -1;

    nr_buf_init(&calls.text, TEXT_MAX_BYTES);
    calls.items = calloc(n_rows + 1, sizeof(*calls.items));
    calls.order = calloc(n_rows + 1, sizeof(const struct topic_row *));
    if (spans && calls.items && calls.order) {
        for (size_t i = 0; i < n_rows; i++)
            calls.order[i] = &rows[i];
        if (use_iid)
            qsort(calls.order, n_rows, sizeof(const struct topic_row *), by_call);
        fill(&calls, n_rows, project_id, use_iid, spans);
        result = nr_buf_check(&calls.text, "topic requests", err);
    } else {
        nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.OutOfMemory", "no memory for %zu topics", n_rows);
    }
    if (result == 0) {
        point(&calls, spans);
        *out = calls;
    } else {
        topic_calls_done(&calls);
    }
    free(spans);
    return result;
}

void topic_calls_done(struct topic_calls *calls)
{
    free(calls->items);
    free(calls->order);
    nr_buf_done(&calls->text);
    *calls = (struct topic_calls){0};
}
