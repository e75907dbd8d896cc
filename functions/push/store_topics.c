#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <narae/buf.h>

#include "functions/push/store_topics.h"

enum {
    RESULTS_MAX_BYTES = 16 * 1024 * 1024, /* a claim of 3,000 rows with topics of 900 bytes is 4 MB */
    NUMBER_BYTES = 24
};

/* Subscriptions of an inactive device have to wait until it is back; unsubscribing has not. */
static const struct nr_pg_statement claim = {
    "claim topic subscriptions",
    "with due as materialized (select t.device_id, t.topic from narae_push.topic t"
    "  join narae_push.device d on d.device_id = t.device_id"
    "  where t.state in ('wanted', 'removing') and t.next_at <= now()"
    "   and (t.lease_until is null or t.lease_until <= now())"
    "   and (t.state = 'removing' or d.status = 'active')"
    "   and ($3::bigint[] is null or t.device_id = any($3::bigint[]))"
    "  order by t.next_at limit $1::bigint for update of t skip locked)"
    " update narae_push.topic t set lease_until = now() + $2::bigint * interval '1 millisecond',"
    "  attempts = t.attempts + 1"
    " from due, narae_push.device d"
    " where t.device_id = due.device_id and t.topic = due.topic and d.device_id = t.device_id"
    " returning t.device_id, t.topic, t.state = 'wanted', t.wish, t.attempts, d.version, d.kind,"
    "  d.registration",
    3, false};

enum {
    COLUMN_DEVICE_ID,
    COLUMN_TOPIC,
    COLUMN_IS_WANTED,
    COLUMN_WISH,
    COLUMN_ATTEMPTS,
    COLUMN_VERSION,
    COLUMN_KIND,
    COLUMN_REGISTRATION
};

/* Rows are locked in the order in which store_registry.c writes them. */
static const struct nr_pg_statement finish = {
    "finish topic subscriptions",
    "with r as materialized (select * from json_to_recordset($1::json)"
    "  as r(device_id bigint, topic text, wish bigint, ending text, wait_ms bigint, reason text)),"
    " mine as materialized (select t.device_id, t.topic, r.ending, r.wait_ms, r.reason from r"
    "  join narae_push.topic t on t.device_id = r.device_id and t.topic = r.topic and t.wish = r.wish"
    "  order by t.device_id, t.topic for update of t)"
    " update narae_push.topic t set lease_until = null, reason = m.reason,"
    "  state = case m.ending when 'settled' then case t.state when 'wanted' then 'active' else 'removed' end"
    "   when 'failed' then 'failed' else t.state end,"
    "  settled_at = case when m.ending in ('settled', 'failed') then now() else t.settled_at end,"
    "  attempts = t.attempts - (m.ending = 'untouched')::int,"
    "  next_at = now() + coalesce(m.wait_ms, 0) * interval '1 millisecond'"
    " from mine m where t.device_id = m.device_id and t.topic = m.topic",
    1, true};

static const struct nr_pg_statement deactivate = {
    "deactivate devices that topics found dead",
    "with r as materialized (select distinct device_id, version from json_to_recordset($1::json)"
    "  as r(device_id bigint, version bigint)),"
    " dead as materialized (select d.device_id from r"
    "  join narae_push.device d on d.device_id = r.device_id and d.version = r.version"
    "   and d.status = 'active'"
    "  order by d.device_id for update of d)"
    " update narae_push.device d set status = 'inactive', inactive_reason = $2, inactive_at = now()"
    " from dead where d.device_id = dead.device_id",
    2, true};

static const struct nr_pg_statement backlog = {
    "count topic subscriptions that are due",
    "select count(*) from narae_push.topic t join narae_push.device d on d.device_id = t.device_id"
    " where t.state in ('wanted', 'removing') and t.next_at <= now()"
    "  and (t.state = 'removing' or d.status = 'active')",
    0, true};

static struct nr_view number(char out[NUMBER_BYTES], int64_t value)
{
    return nr_view_n(out, (size_t)snprintf(out, NUMBER_BYTES, "%" PRId64, value));
}

/* --- claim ---------------------------------------------------------------------------------------------- */

static int take_rows(struct nr_pg_rows *rows, struct topic_rows *out, struct nr_err *err)
{
    size_t n = nr_pg_rows_count(rows);
    struct topic_row *items = calloc(n + 1, sizeof(*items));

    if (!items)
        return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.OutOfMemory", "no memory for %zu topics", n);
    for (size_t i = 0; i < n; i++)
        items[i] = (struct topic_row){
            .device_id = nr_pg_int(rows, i, COLUMN_DEVICE_ID),
            .topic = nr_pg_text(rows, i, COLUMN_TOPIC),
            .is_wanted = nr_view_is(nr_pg_text(rows, i, COLUMN_IS_WANTED), NR_VIEW("t")),
            .wish = nr_pg_int(rows, i, COLUMN_WISH),
            .attempts = nr_pg_int(rows, i, COLUMN_ATTEMPTS),
            .version = nr_pg_int(rows, i, COLUMN_VERSION),
            .is_fid = nr_view_is(nr_pg_text(rows, i, COLUMN_KIND), NR_VIEW("fid")),
            .registration = nr_pg_text(rows, i, COLUMN_REGISTRATION),
        };
    *out = (struct topic_rows){items, n, rows};
    return 0;
}

int store_topics_claim(struct nr_pg *pg, size_t limit, int64_t lease_ms, const int64_t *device_ids,
                       size_t n_device_ids, int64_t deadline_mono_ms, struct topic_rows *out,
                       struct nr_err *err)
{
    NR_BUF_AUTO ids;
    struct nr_pg_rows *rows;
    struct nr_pg_value values[3] = {0};
    char texts[2][NUMBER_BYTES];

    nr_buf_init(&ids, RESULTS_MAX_BYTES);
    nr_pg_array_begin(&ids);
    for (size_t i = 0; i < n_device_ids; i++)
        nr_pg_array_add_int(&ids, device_ids[i]);
    nr_pg_array_end(&ids);
    if (nr_buf_check(&ids, "devices", err) != 0)
        return -1;
    values[0].text = number(texts[0], (int64_t)limit);
    values[1].text = number(texts[1], lease_ms);
    if (n_device_ids)
        values[2].text = nr_buf_view(&ids);
    if (nr_pg_run(pg, &claim, values, deadline_mono_ms, &rows, err) != 0)
        return -1;
    if (take_rows(rows, out, err) == 0)
        return 0;
    nr_pg_rows_free(rows);
    return -1;
}

void topic_rows_done(struct topic_rows *rows)
{
    free(rows->items);
    nr_pg_rows_free(rows->rows);
    *rows = (struct topic_rows){0};
}

/* --- finish --------------------------------------------------------------------------------------------- */

static const char *const end_names[] = {[TOPIC_SETTLED] = "settled",
                                        [TOPIC_FAILED] = "failed",
                                        [TOPIC_WAITS] = "waits",
                                        [TOPIC_UNTOUCHED] = "untouched"};

static void add_result(struct nr_buf *out, const struct topic_result *result)
{
    nr_buf_printf(out,
                  "%s{\"device_id\":%" PRId64 ",\"wish\":%" PRId64 ",\"ending\":\"%s\",\"wait_ms\":%" PRId64,
                  out->len > 1 ? "," : "", result->row->device_id, result->row->wish, end_names[result->end],
                  result->wait_ms);
    if (result->reason && result->reason[0])
        nr_buf_printf(out, ",\"reason\":\"%s\"", result->reason);
    nr_buf_add_text(out, ",\"topic\":");
    nr_buf_add_json_text(out, result->row->topic);
    nr_buf_add_char(out, '}');
}

int store_topics_finish(struct nr_pg *pg, const struct topic_result *results, size_t n_results,
                        int64_t deadline_mono_ms, struct nr_err *err)
{
    NR_BUF_AUTO text;
    struct nr_pg_value value;

    nr_buf_init(&text, RESULTS_MAX_BYTES);
    nr_buf_add_char(&text, '[');
    for (size_t i = 0; i < n_results; i++)
        add_result(&text, &results[i]);
    nr_buf_add_char(&text, ']');
    if (nr_buf_check(&text, "topic results", err) != 0)
        return -1;
    value.text = nr_buf_view(&text);
    return nr_pg_run(pg, &finish, &value, deadline_mono_ms, NULL, err);
}

int store_topics_deactivate(struct nr_pg *pg, const struct topic_result *results, size_t n_results,
                            const char *reason, int64_t deadline_mono_ms, size_t *n_changed,
                            struct nr_err *err)
{
    NR_BUF_AUTO text;
    NR_PG_ROWS_AUTO *rows = NULL;
    struct nr_pg_value values[2];

    nr_buf_init(&text, RESULTS_MAX_BYTES);
    nr_buf_add_char(&text, '[');
    for (size_t i = 0; i < n_results; i++)
        if (results[i].reason && strcmp(results[i].reason, reason) == 0)
            nr_buf_printf(&text, "%s{\"device_id\":%" PRId64 ",\"version\":%" PRId64 "}",
                          text.len > 1 ? "," : "", results[i].row->device_id, results[i].row->version);
    nr_buf_add_char(&text, ']');
    if (nr_buf_check(&text, "devices", err) != 0)
        return -1;
    *n_changed = 0;
    if (text.len == 2)
        return 0;
    values[0].text = nr_buf_view(&text);
    values[1].text = nr_view(reason);
    if (nr_pg_run(pg, &deactivate, values, deadline_mono_ms, &rows, err) != 0)
        return -1;
    *n_changed = nr_pg_rows_changed(rows);
    return 0;
}

int store_topics_backlog(struct nr_pg *pg, int64_t deadline_mono_ms, size_t *out, struct nr_err *err)
{
    NR_PG_ROWS_AUTO *rows = NULL;

    if (nr_pg_run(pg, &backlog, NULL, deadline_mono_ms, &rows, err) != 0)
        return -1;
    *out = (size_t)nr_pg_int(rows, 0, 0);
    return 0;
}
