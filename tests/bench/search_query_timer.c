/* search_query_timer: how long searches take, from the event's bytes to the reply's, beside plain LIKE.
 *
 *   search_query_timer < queries
 *
 * Each line of the input is a class, a tab and a query. Each is asked of search_query's own handler, and of
 * the two statements that people write without it, taking turns, so that what else the machine does meets
 * all. Output: class, way, microseconds, microseconds of the best of three, results. NARAE_DATABASE and
 * NARAE_SEARCH_CURSOR_KEY as the function reads them. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include <narae/clock.h>
#include <narae/handler.h>
#include <narae/log.h>
#include <narae/pg.h>

extern const struct nr_handler search_query_handler;

enum { LINE_BYTES = 1024, REPLY_BYTES = 1 << 20, TRIES = 3 };

/* The tables hold the same rows; `scanned` has no index on what is compared, `trigrams` one of pg_trgm. */
#define LIKE_IN(table)                                                                                       \
    "select user_id, nickname from " table " where folded like '%' || narae_search.pattern($1::text) || '%'" \
    " order by ranked_at desc, id desc limit 21"

static const struct nr_pg_statement plain[] = {
    {"sequential scan", LIKE_IN("narae_bench.scanned"), 1, true},
    {"pg_trgm", LIKE_IN("narae_bench.trigrams"), 1, true},
};
static const char *const plain_names[] = {"seq_scan", "pg_trgm"};

static void must(int result, const struct nr_err *err)
{
    if (result == 0)
        return;
    fprintf(stderr, "search_query_timer: %s\n", err->message);
    exit(1);
}

static struct nr_pg *connect_plain(void)
{
    struct nr_pg *pg = NULL;
    struct nr_err err = {0};

    must(nr_pg_new(&(struct nr_pg_options){.setting = "BENCH_DATABASE",
                                           .conninfo = getenv("BENCH_DATABASE"),
                                           .statement_timeout_ms = 60000},
                   &pg, &err),
         &err);
    return pg;
}

/* --- the ways ------------------------------------------------------------------------------------------- */

static size_t ask_narae(const char *event, struct nr_buf *body)
{
    struct nr_err err = {0};
    json_t *slot = NULL;
    struct nr_request request = {.struct_bytes = sizeof(request),
                                 .event = nr_view(event),
                                 .content_type = "application/json",
                                 .request_id = "bench",
                                 .deadline_mono_ms = NR_CLOCK_NEVER_MS,
                                 .json_slot = &slot};
    struct nr_reply reply = {.struct_bytes = sizeof(reply), .body = body};

    nr_buf_reset(body);
    must(search_query_handler.invoke(&request, &reply, &err), &err);
    json_decref(slot);
    return body->len;
}

/* How many results an answer has; counted behind the clock. */
static size_t count_results(const struct nr_buf *body)
{
    json_t *answer = json_loadb(body->data, body->len, 0, NULL);
    size_t n = json_array_size(json_object_get(answer, "results"));

    json_decref(answer);
    return n;
}

static size_t ask_plain(struct nr_pg *pg, const struct nr_pg_statement *statement, const char *query)
{
    struct nr_pg_value value = {nr_view(query)};
    struct nr_err err = {0};
    NR_PG_ROWS_AUTO *rows = NULL;

    must(nr_pg_run(pg, statement, &value, NR_CLOCK_NEVER_MS, &rows, &err), &err);
    return nr_pg_rows_count(rows);
}

/* --- the run -------------------------------------------------------------------------------------------- */

/* The first answer is what a person waited for; the best of three is what it costs when nothing else is
 * running. */
static void time_narae(const char *class, const char *query, struct nr_buf *body)
{
    json_t *event = json_pack("{s:s, s:s}", "q", query, "in", "people");
    char *text = json_dumps(event, JSON_COMPACT);
    int64_t first_us = 0;
    int64_t best_us = 0;

    for (int i = 0; i < TRIES; i++) {
        int64_t start_us = nr_clock_mono_us();
        int64_t took_us;

        ask_narae(text, body);
        took_us = nr_clock_mono_us() - start_us;
        first_us = i ? first_us : took_us;
        best_us = i && best_us < took_us ? best_us : took_us;
    }
    printf("%s\tnarae\t%lld\t%lld\t%zu\n", class, (long long)first_us, (long long)best_us,
           count_results(body));
    free(text);
    json_decref(event);
}

static void time_plain(struct nr_pg *pg, const char *class, const char *query)
{
    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
        int64_t start_us = nr_clock_mono_us();
        size_t n = ask_plain(pg, &plain[i], query);

        start_us = nr_clock_mono_us() - start_us;
        printf("%s\t%s\t%lld\t%lld\t%zu\n", class, plain_names[i], (long long)start_us, (long long)start_us,
               n);
    }
}

int main(void)
{
    struct nr_pg *pg = connect_plain();
    struct nr_err err = {0};
    struct nr_buf body;
    char line[LINE_BYTES];

    nr_log_to(open("/dev/null", O_WRONLY | O_CLOEXEC));
    nr_buf_init(&body, REPLY_BYTES);
    must(search_query_handler.init(&err), &err);
    while (fgets(line, sizeof(line), stdin)) {
        char *query = strchr(line, '\t');

        line[strcspn(line, "\n")] = '\0';
        if (!query)
            continue;
        *query++ = '\0';
        time_narae(line, query, &body);
        /* The others take a thousand times as long: one query in ten is enough of them. */
        if (line[0] == '+')
            time_plain(pg, line, query);
    }
    nr_buf_done(&body);
    nr_pg_free(pg);
    return 0;
}
