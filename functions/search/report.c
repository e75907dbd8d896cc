#include <inttypes.h>

#include "functions/search/report.h"

enum {
    HITS_MAX = 20,          /* search_log keeps no more */
    HIT_ID_MAX_BYTES = 1024 /* schema.sql: at most 64 characters */
};

static void add_text(struct nr_buf *out, const char *name, struct nr_view value)
{
    if (!value.ptr)
        return;
    nr_buf_printf(out, ",\"%s\":", name);
    nr_buf_add_json_text(out, value);
}

static void add_filters(struct nr_buf *out, const struct search_request *request)
{
    nr_buf_printf(out, ",\"filters\":{\"mode\":\"%s\",\"in\":[",
                  request->mode == QUERY_MENTION ? "mention" : "search");
    nr_buf_add_text(out, request->wants[SEARCH_PERSON] ? "\"people\"" : "");
    nr_buf_add_text(out, request->wants[SEARCH_PERSON] && request->wants[SEARCH_POST] ? "," : "");
    nr_buf_add_text(out, request->wants[SEARCH_POST] ? "\"posts\"" : "");
    nr_buf_add_text(out, "]}");
}

/* Ids of people and posts may be the same number: the type goes before them. */
static void add_hit_id(struct nr_buf *out, const struct page_hit *hit)
{
    static const struct nr_view types[] = {NR_VIEW("person:"), NR_VIEW("post:")};
    NR_BUF_AUTO id;

    nr_buf_init(&id, HIT_ID_MAX_BYTES);
    nr_buf_add(&id, types[hit->at.source]);
    nr_buf_add(&id, hit->ref);
    nr_buf_add_json_text(out, nr_buf_view(&id));
}

static void add_hits(struct nr_buf *out, const struct page *page)
{
    nr_buf_add_text(out, ",\"query_response_hit_ids\":[");
    for (size_t i = 0; i < page->n && i < HITS_MAX; i++) {
        nr_buf_add_text(out, i ? "," : "");
        add_hit_id(out, &page->hits[i]);
    }
    nr_buf_add_char(out, ']');
}

void report_format(const struct report *report, struct nr_buf *out)
{
    const struct search_request *request = report->request;

    nr_buf_add_text(out, "{\"schema_version\":1");
    add_text(out, "timestamp", report->now);
    add_text(out, "event_id", report->event_id);
    add_text(out, "query_id", report->query_id);
    add_text(out, "application", request->application);
    add_text(out, "client_id", request->client_id);
    add_text(out, "session_id", request->session_id);
    add_text(out, "user_id", request->user_id);
    add_text(out, "user_query", request->typed);
    nr_buf_printf(out, ",\"took_ms\":%.1f,\"page\":%" PRId64 ",\"page_size\":%zu",
                  (double)report->took_us / 1000.0, report->number, request->limit);
    add_filters(out, request);
    if (report->page) {
        nr_buf_printf(out, ",\"result_count\":%zu", report->page->n);
        add_hits(out, report->page);
    } else {
        add_text(out, "error", nr_view(nr_err_kind_name(report->error)));
    }
    nr_buf_add_char(out, '}');
}
