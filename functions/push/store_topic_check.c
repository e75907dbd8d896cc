#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <narae/buf.h>
#include <narae/json.h>

#include "functions/push/store_topic_check.h"

enum {
    LIST_MAX_BYTES = 16 * 1024 * 1024, /* 2,000 topics of 900 bytes are 2 MB */
    NUMBER_BYTES = 24
};

static const struct nr_pg_statement unchecked = {
    "find devices whose topics were not compared",
    "with due as materialized (select d.device_id from narae_push.device d"
    "  where d.status = 'active'"
    "   and coalesce(d.topics_checked_at, '-infinity') < now() - $2::int * interval '1 day'"
    "   and exists (select from narae_push.topic t where t.device_id = d.device_id"
    "    and t.settled_at < now() - $2::int * interval '1 day')"
    "  order by d.topics_checked_at nulls first limit $1::bigint for update of d skip locked)"
    " update narae_push.device d set topics_checked_at = now() from due where d.device_id = due.device_id"
    " returning d.device_id, d.version, d.registration",
    2, false};

static const struct nr_pg_statement compare = {
    "compare topics",
    "with listed as materialized (select value as topic from json_array_elements_text($2::json)),"
    " odd as materialized (select t.device_id, t.topic, t.is_wanted from narae_push.topic t"
    "  where t.device_id = $1::bigint and t.settled_at < now() - $4::bigint * interval '1 millisecond'"
    "   and ((t.state = 'active' and t.is_wanted and $3::boolean"
    "     and t.topic not in (select topic from listed))"
    "    or (t.state = 'removed' and not t.is_wanted and t.topic in (select topic from listed)))"
    "  order by t.device_id, t.topic for update of t)"
    " update narae_push.topic t set state = case when t.is_wanted then 'wanted' else 'removing' end,"
    "  wish = t.wish + 1, attempts = 0, next_at = now(), lease_until = null, reason = 'not as FCM has it'"
    " from odd where t.device_id = odd.device_id and t.topic = odd.topic",
    4, true};

static const struct nr_pg_statement postpone = {
    "postpone the comparison of topics",
    "update narae_push.device set topics_checked_at = now() - ($2::int - 1) * interval '1 day'"
    " where device_id = any($1::bigint[])",
    2, true};

static struct nr_view number(char out[NUMBER_BYTES], int64_t value)
{
    return nr_view_n(out, (size_t)snprintf(out, NUMBER_BYTES, "%" PRId64, value));
}

enum { COLUMN_DUE_DEVICE_ID, COLUMN_DUE_VERSION, COLUMN_DUE_REGISTRATION };

int store_topics_unchecked(struct nr_pg *pg, size_t limit, int64_t after_days, int64_t deadline_mono_ms,
                           struct topic_devices *out, struct nr_err *err)
{
    char texts[2][NUMBER_BYTES];
    const struct nr_pg_value values[] = {{number(texts[0], (int64_t)limit)}, {number(texts[1], after_days)}};
    struct topic_devices found = {0};

    if (nr_pg_run(pg, &unchecked, values, deadline_mono_ms, &found.rows, err) != 0)
        return -1;
    found.n = nr_pg_rows_count(found.rows);
    found.items = calloc(found.n + 1, sizeof(*found.items));
    if (!found.items) {
        topic_devices_done(&found);
        return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.OutOfMemory", "no memory for %zu devices",
                          limit);
    }
    for (size_t i = 0; i < found.n; i++)
        found.items[i] = (struct topic_device){nr_pg_int(found.rows, i, COLUMN_DUE_DEVICE_ID),
                                               nr_pg_int(found.rows, i, COLUMN_DUE_VERSION),
                                               nr_pg_text(found.rows, i, COLUMN_DUE_REGISTRATION)};
    *out = found;
    return 0;
}

int store_topics_postpone(struct nr_pg *pg, const int64_t *device_ids, size_t n_device_ids,
                          int64_t after_days, int64_t deadline_mono_ms, struct nr_err *err)
{
    NR_BUF_AUTO ids;
    struct nr_pg_value values[2];
    char text[NUMBER_BYTES];

    nr_buf_init(&ids, LIST_MAX_BYTES);
    if (n_device_ids == 0)
        return 0;
    nr_pg_array_begin(&ids);
    for (size_t i = 0; i < n_device_ids; i++)
        nr_pg_array_add_int(&ids, device_ids[i]);
    nr_pg_array_end(&ids);
    if (nr_buf_check(&ids, "devices", err) != 0)
        return -1;
    values[0].text = nr_buf_view(&ids);
    values[1].text = number(text, after_days);
    return nr_pg_run(pg, &postpone, values, deadline_mono_ms, NULL, err);
}

void topic_devices_done(struct topic_devices *devices)
{
    free(devices->items);
    nr_pg_rows_free(devices->rows);
    *devices = (struct topic_devices){0};
}

int store_topics_compare(struct nr_pg *pg, int64_t device_id, const json_t *topics, bool is_whole,
                         int64_t since_ms, int64_t deadline_mono_ms, size_t *n_changed, struct nr_err *err)
{
    NR_BUF_AUTO text;
    NR_PG_ROWS_AUTO *rows = NULL;
    struct nr_pg_value values[4];
    char texts[2][NUMBER_BYTES];

    nr_buf_init(&text, LIST_MAX_BYTES);
    if (nr_json_dump(topics, &text, err) != 0)
        return -1;
    values[0].text = number(texts[0], device_id);
    values[1].text = nr_buf_view(&text);
    values[2].text = is_whole ? NR_VIEW("t") : NR_VIEW("f");
    values[3].text = number(texts[1], since_ms);
    if (nr_pg_run(pg, &compare, values, deadline_mono_ms, &rows, err) != 0)
        return -1;
    *n_changed = nr_pg_rows_changed(rows);
    return 0;
}
