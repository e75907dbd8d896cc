/* search_query - people and posts by what somebody typed.
 *
 * parse    a direct invocation or an HTTP API request into a checked query, and the cursor it may carry
 * decide   how the query is to be looked for: query.c
 * act      one statement for each source; then the search's own event to search_log's queue
 * reply    a page of results and the cursor of the next one
 */
#include <narae/clock.h>
#include <narae/handler.h>
#include <narae/log.h>
#include <narae/metric.h>
#include <narae/tls.h>

#include "functions/search/answer.h"
#include "functions/search/cursor.h"
#include "functions/search/event_queue.h"
#include "functions/search/lookup.h"
#include "functions/search/query_settings.h"
#include "functions/search/report.h"
#include "functions/search/request.h"

enum {
    REPLY_RESERVE_MS = 200, /* kept free for the event and the reply */
    ANSWER_RESERVE_MS = 50, /* of it for the reply alone */
    INIT_SECRETS_MS =
        5 * 1000, /* Lambda ends an init after 10 s: what takes longer is asked again at the first event */
    BODY_MAX_BYTES = 256 * 1024,             /* 50 results of 200 characters, every byte escaped, are 70 KB */
    RESPONSE_MAX_BYTES = 2 * BODY_MAX_BYTES, /* the body as a JSON text: its quotes are escaped */
    CONTEXT_MAX_BYTES = QUERY_BYTES_MAX + 16,
};

/* What a sandbox keeps. */
static struct {
    struct query_settings settings;
    struct lookup_index index;
    struct event_queue events;
} sandbox;

/* One invocation. */
struct search {
    struct search_request request;
    bool is_http;
    bool is_parsed;
    struct cursor cursor; /* where this page starts */
    struct lookup found;
    struct nr_buf next_cursor;
    struct nr_buf body;
    struct nr_view event_id;
    int64_t deadline_mono_ms; /* of the invocation */
    int64_t started_us;
    int64_t took_us; /* 0 = not answered yet */
};

/* --- parse ---------------------------------------------------------------------------------------------- */

/* What a cursor must not be used apart from. */
static void write_context(const struct search_request *request, struct nr_buf *out)
{
    nr_buf_init(out, CONTEXT_MAX_BYTES);
    nr_buf_printf(out, "%d %d %d ", (int)request->mode, (int)request->wants[SEARCH_PERSON],
                  (int)request->wants[SEARCH_POST]);
    nr_buf_add(out, request->query.text);
}

static int read_cursor(struct search *search, struct nr_err *err)
{
    NR_BUF_AUTO context = {0};

    search->cursor = (struct cursor){SEARCH_START, 1};
    if (!search->request.cursor.ptr)
        return 0;
    write_context(&search->request, &context);
    return cursor_parse(search->request.cursor, nr_buf_view(&sandbox.settings.cursor_key),
                        nr_buf_view(&context), &search->cursor, err);
}

/* --- act ------------------------------------------------------------------------------------------------ */

static int64_t lookup_deadline(const struct search *search)
{
    int64_t own = nr_clock_mono_ms() + sandbox.settings.timeout_ms;

    if (search->deadline_mono_ms == NR_CLOCK_NEVER_MS || own < search->deadline_mono_ms - REPLY_RESERVE_MS)
        return own;
    return search->deadline_mono_ms - REPLY_RESERVE_MS;
}

static int find(struct search *search, struct nr_err *err)
{
    if (lookup_run(sandbox.settings.pg, &sandbox.index, &search->request, &search->cursor.after,
                   lookup_deadline(search), &search->found, err) == 0)
        return 0;
    if (err->kind == NR_ERR_DENIED)
        query_settings_forget_database(&sandbox.settings); /* perhaps the password was rotated */
    return -1;
}

static int write_next_cursor(struct search *search, struct nr_err *err)
{
    const struct page *page = &search->found.page;
    int64_t number = search->cursor.page + 1;
    struct cursor next = {.page = (uint16_t)(number < CURSOR_PAGE_MAX ? number : CURSOR_PAGE_MAX)};
    NR_BUF_AUTO context = {0};

    if (!page->has_more)
        return 0;
    write_context(&search->request, &context);
    next.after = page->hits[page->n - 1].at;
    return cursor_format(&next, nr_buf_view(&sandbox.settings.cursor_key), nr_buf_view(&context),
                         &search->next_cursor, err);
}

static int64_t event_deadline(const struct search *search)
{
    return search->deadline_mono_ms == NR_CLOCK_NEVER_MS ? NR_CLOCK_NEVER_MS
                                                         : search->deadline_mono_ms - ANSWER_RESERVE_MS;
}

static struct nr_view query_id_of(const struct search *search)
{
    return search->request.query_id.ptr ? search->request.query_id : search->event_id;
}

/* The event says what the caller saw, failure too; whatever becomes of it, the caller gets his answer. */
static enum event_queue_result send_report(struct search *search, const struct nr_err *failure)
{
    char now[NR_CLOCK_RFC3339_BYTES];
    struct report report = {.request = &search->request,
                            .page = failure ? NULL : &search->found.page,
                            .error = failure ? failure->kind : NR_ERR_NONE,
                            .event_id = search->event_id,
                            .query_id = query_id_of(search),
                            .number = search->cursor.page,
                            .took_us = search->took_us};
    struct nr_err why = {0};
    struct nr_log_field n;
    enum event_queue_result result;
    NR_BUF_AUTO event;

    nr_buf_init(&event, BODY_MAX_BYTES);
    nr_clock_rfc3339(nr_clock_wall_ms(), now);
    report.now = nr_view(now);
    report_format(&report, &event);
    result = event_queue_send(&sandbox.events, nr_buf_view(&event), event_deadline(search), &why);
    n = nr_log_int("eventsLost", sandbox.events.n_lost);
    if (result == EVENT_QUEUE_FAILED)
        nr_log_err(NR_LOG_WARN, "search events are lost", &why, &n, 1);
    return result;
}

/* --- reply ---------------------------------------------------------------------------------------------- */

static void count(const struct search *search, bool is_failed, enum event_queue_result event)
{
    const struct nr_metric metrics[] = {
        {"SearchTime", NR_METRIC_MILLISECONDS, (double)search->took_us / 1000.0},
        {"SearchesFailed", NR_METRIC_COUNT, is_failed},
        {"SearchEventsLost", NR_METRIC_COUNT, event != EVENT_QUEUE_SENT},
    };

    nr_metric_emit("Narae/Search", NULL, 0, metrics, sizeof(metrics) / sizeof(metrics[0]));
}

/* What a search leaves behind, found or failed. */
static void finish(struct search *search, const struct nr_err *failure)
{
    enum event_queue_result event = EVENT_QUEUE_SENT;

    search->took_us = nr_clock_mono_us() - search->started_us;
    if (!search->request.is_opt_out && sandbox.events.url[0])
        event = send_report(search, failure);
    count(search, failure != NULL, event);
    nr_log(NR_LOG_DEBUG, "search done", nr_log_int("results", (int64_t)search->found.page.n),
           nr_log_int("page", search->cursor.page),
           nr_log_int("characters", (int64_t)search->request.query.n_chars),
           nr_log_bool("isFailed", failure != NULL), nr_log_int("durationUs", search->took_us));
}

static void write_answer(struct search *search)
{
    struct answer answer = {.page = &search->found.page,
                            .query_id = query_id_of(search),
                            .number = search->cursor.page,
                            .took_us = search->took_us};

    if (search->found.page.has_more)
        answer.next_cursor = nr_buf_view(&search->next_cursor);
    answer_format(&answer, &search->body);
}

static int reply_found(struct search *search, struct nr_reply *reply, struct nr_err *err)
{
    NR_BUF_AUTO response = {0};

    write_answer(search);
    if (nr_buf_check(&search->body, "answer", err) != 0)
        return -1;
    if (!search->is_http)
        return nr_reply_bytes(reply, nr_buf_view(&search->body), NULL, err);
    nr_buf_init(&response, RESPONSE_MAX_BYTES);
    answer_http(nr_buf_view(&search->body), &response);
    if (nr_buf_check(&response, "answer", err) != 0)
        return -1;
    return nr_reply_bytes(reply, nr_buf_view(&response), NULL, err);
}

/* A direct caller gets the error itself, which the runtime logs; over HTTP the log has it and the caller a
 * status. */
static int reply_failure(const struct search *search, struct nr_reply *reply, struct nr_err *err)
{
    bool is_refusal = !search->is_parsed && err->kind == NR_ERR_INVALID;
    struct nr_err why = *err;
    NR_BUF_AUTO response = {0};

    if (!search->is_http)
        return -1;
    nr_log_err(is_refusal ? NR_LOG_WARN : NR_LOG_ERROR, is_refusal ? "request refused" : "search failed",
               &why, NULL, 0);
    nr_buf_init(&response, BODY_MAX_BYTES);
    (is_refusal ? answer_http_refusal : answer_http_failure)(&why, &response);
    nr_err_reset(err);
    return nr_reply_bytes(reply, nr_buf_view(&response), NULL, err);
}

/* --- one search ----------------------------------------------------------------------------------------- */

static int parse(struct search *search, const json_t *event, struct nr_err *err)
{
    search->is_http = request_is_http(event);
    if (request_parse(event, &search->request, err) != 0)
        return -1;
    if (query_settings_read_secrets(&sandbox.settings, lookup_deadline(search), err) != 0) {
        search->is_parsed = true; /* what fails here is ours */
        return -1;
    }
    if (read_cursor(search, err) != 0)
        return -1;
    search->is_parsed = true;
    return 0;
}

static int run(struct search *search, const struct nr_request *request, struct nr_reply *reply,
               struct nr_err *err)
{
    json_t *event;
    bool is_found;

    if (nr_request_json(request, &event, err) != 0)
        return -1;
    if (parse(search, event, err) != 0)
        return reply_failure(search, reply, err);
    is_found = find(search, err) == 0 && write_next_cursor(search, err) == 0;
    finish(search, is_found ? NULL : err);
    return is_found ? reply_found(search, reply, err) : reply_failure(search, reply, err);
}

static int invoke(const struct nr_request *request, struct nr_reply *reply, struct nr_err *err)
{
    struct search search = {.event_id = nr_view(request->request_id),
                            .deadline_mono_ms = request->deadline_mono_ms,
                            .started_us = nr_clock_mono_us()};
    int result;

    nr_buf_init(&search.next_cursor, CURSOR_TEXT_BYTES);
    nr_buf_init(&search.body, BODY_MAX_BYTES);
    result = run(&search, request, reply, err);
    lookup_done(&search.found);
    nr_buf_done(&search.next_cursor);
    nr_buf_done(&search.body);
    return result;
}

/* --- the sandbox ---------------------------------------------------------------------------------------- */

/* A secret that cannot be reached yet is invoke's business; one that is wrong is not. */
static int read_secrets_early(struct nr_err *err)
{
    struct nr_err why = {0};

    if (query_settings_read_secrets(&sandbox.settings, nr_clock_mono_ms() + INIT_SECRETS_MS, &why) == 0 ||
        nr_err_is_transient(&why))
        return 0;
    *err = why;
    return -1;
}

static int init(struct nr_err *err)
{
    if (query_settings_read(&sandbox.settings, err) != 0 || nr_tls_warm(err) != 0)
        return -1;
    sandbox.events = (struct event_queue){.url = sandbox.settings.events_queue,
                                          .timeout_ms = sandbox.settings.events_timeout_ms};
    return read_secrets_early(err);
}

const struct nr_handler handler = {NR_ABI, sizeof(struct nr_handler), "search_query", init, invoke, NULL};
