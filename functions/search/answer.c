#include <inttypes.h>

#include "functions/search/answer.h"

enum { ERROR_MAX_BYTES = 2 * (NR_ERR_MESSAGE_MAX_BYTES + NR_ERR_TYPE_MAX_BYTES) };

const char *answer_source_name(enum search_source source)
{
    return source == SEARCH_PERSON ? "person" : "post";
}

const char *answer_bucket_name(enum search_bucket bucket)
{
    static const char *const names[] = {"exact", "prefix", "contains"};

    return bucket >= 0 && bucket < SEARCH_N_BUCKETS ? names[bucket] : "";
}

static void add_hit(struct nr_buf *out, const struct page_hit *hit, const char *between)
{
    nr_buf_printf(out, "%s{\"type\":\"%s\",\"id\":", between, answer_source_name(hit->at.source));
    nr_buf_add_json_text(out, hit->ref);
    nr_buf_add_text(out, ",\"title\":");
    nr_buf_add_json_text(out, hit->title);
    nr_buf_printf(out, ",\"match\":\"%s\"}", answer_bucket_name(hit->at.bucket));
}

void answer_format(const struct answer *answer, struct nr_buf *out)
{
    nr_buf_add_text(out, "{\"query_id\":");
    nr_buf_add_json_text(out, answer->query_id);
    nr_buf_printf(out, ",\"page\":%" PRId64 ",\"result_count\":%zu,\"took_ms\":%.1f,\"next_cursor\":",
                  answer->number, answer->page->n, (double)answer->took_us / 1000.0);
    if (answer->next_cursor.ptr)
        nr_buf_add_json_text(out, answer->next_cursor);
    else
        nr_buf_add_text(out, "null");
    nr_buf_add_text(out, ",\"results\":[");
    for (size_t i = 0; i < answer->page->n; i++)
        add_hit(out, &answer->page->hits[i], i ? "," : "");
    nr_buf_add_text(out, "]}");
}

/* --- HTTP ----------------------------------------------------------------------------------------------- */

static void add_response(struct nr_buf *out, int status, const char *more_headers, struct nr_view body)
{
    nr_buf_printf(out,
                  "{\"statusCode\":%d,\"headers\":{\"content-type\":\"application/json\","
                  "\"cache-control\":\"no-store\"%s},\"body\":",
                  status, more_headers);
    nr_buf_add_json_text(out, body);
    nr_buf_add_char(out, '}');
}

void answer_http(struct nr_view body, struct nr_buf *out)
{
    add_response(out, 200, "", body);
}

static void add_error(struct nr_buf *out, int status, const char *headers, const char *type,
                      const char *message)
{
    NR_BUF_AUTO body;

    nr_buf_init(&body, ERROR_MAX_BYTES);
    nr_buf_add_text(&body, "{\"error\":{\"type\":");
    nr_buf_add_json_text(&body, nr_view(type));
    nr_buf_add_text(&body, ",\"message\":");
    nr_buf_add_json_text(&body, nr_view(message));
    nr_buf_add_text(&body, "}}");
    add_response(out, status, headers, nr_buf_view(&body));
}

void answer_http_refusal(const struct nr_err *why, struct nr_buf *out)
{
    bool is_method = nr_view_is(nr_view(why->type), NR_VIEW("Function.InvalidMethod"));

    add_error(out, is_method ? 405 : 400, is_method ? ",\"allow\":\"GET\"" : "", why->type, why->message);
}

/* Kinds that are not here need a person: 500. */
static const struct {
    enum nr_err_kind kind;
    int status;
    const char *message;
} failures[] = {
    {NR_ERR_DEADLINE, 504, "the search took too long"},
    {NR_ERR_UNAVAILABLE, 503, "search is not available now"},
    {NR_ERR_THROTTLED, 503, "search is not available now"},
    {NR_ERR_CONFLICT, 503, "search is not available now"},
};

void answer_http_failure(const struct nr_err *why, struct nr_buf *out)
{
    for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
        if (failures[i].kind != why->kind)
            continue;
        add_error(out, failures[i].status, ",\"retry-after\":\"1\"", "Function.Unavailable",
                  failures[i].message);
        return;
    }
    add_error(out, 500, "", "Function.Failed", "the search failed");
}
