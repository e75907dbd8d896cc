#include "functions/push/store_finish.h"
#include "functions/push/store_arrays.h"

/* The rows are locked in the order in which claim takes them. */
static const struct nr_pg_statement finish = {
    "write down what became of sends",
    "with result as (select t.id, t.device_id, v.state, v.verdict, t.more, t.wait_ms"
    "  from unnest($1::text[], $2::bigint[], $3::int[], $4::int[], $5::int[]) as t(id, device_id, code, "
    "more, wait_ms)"
    "  join unnest($6::text[], $7::text[]) with ordinality as v(state, verdict, nth)"
    "   on v.nth = t.code + 1),"
    " mine as (select r.* from result r"
    "  join narae_push.send s on s.message_id = r.id and s.device_id = r.device_id"
    "  where s.holder = $8::bigint order by s.message_id, s.device_id for update of s)"
    " update narae_push.send s set state = mine.state, verdict = mine.verdict, holder = null,"
    "  updated_at = now(), attempts = s.attempts + mine.more,"
    "  claimable_at = case mine.state when 'retry' then now() + mine.wait_ms * interval '1 ms' end"
    "  from mine where s.message_id = mine.id and s.device_id = mine.device_id and s.holder = $8::bigint",
    8, true};

static const struct nr_pg_statement expire = {
    "skip what has expired",
    "with late as (select message_id, device_id from narae_push.send where message_id = any($1::text[])"
    "  and claimable_at <= now() order by message_id, device_id for update)"
    " update narae_push.send s set state = 'skipped', verdict = 'expired', holder = null,"
    "  claimable_at = null, updated_at = now() from late where s.message_id = late.message_id and "
    "s.device_id = late.device_id",
    1, true};

enum { F_ID, F_DEVICE, F_CODE, F_MORE, F_WAIT, F_STATE, F_VERDICT, N_ARRAYS };

static void add_results(struct nr_buf *bufs, const struct store_result *results, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        nr_pg_array_add(&bufs[F_ID], results[i].message_id);
        nr_pg_array_add_int(&bufs[F_DEVICE], results[i].device_id);
        nr_pg_array_add_int(&bufs[F_CODE], results[i].verdict);
        nr_pg_array_add_int(&bufs[F_MORE], results[i].more_attempts);
        nr_pg_array_add_int(&bufs[F_WAIT], results[i].wait_ms);
    }
}

static void add_meanings(struct nr_buf *bufs, const struct store_meaning *meanings, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        nr_pg_array_add(&bufs[F_STATE], nr_view(meanings[i].state));
        nr_pg_array_add(&bufs[F_VERDICT], nr_view(meanings[i].verdict));
    }
}

int store_finish_write(struct nr_pg *pg, const struct store_finished *what, int64_t deadline_mono_ms,
                       size_t *n_written, struct nr_err *err)
{
    struct nr_pg_value values[N_ARRAYS + 1];
    struct nr_buf bufs[N_ARRAYS];
    struct store_arrays arrays = {bufs, N_ARRAYS};
    NR_PG_ROWS_AUTO *rows = NULL;
    char text[STORE_NUMBER_BYTES];
    int result;

    store_arrays_begin(&arrays);
    add_results(bufs, what->results, what->n_results);
    add_meanings(bufs, what->meanings, what->n_meanings);
    values[N_ARRAYS].text = store_number(what->holder, text);
    result = store_arrays_end(&arrays, values, "results", err);
    if (result == 0)
        result = nr_pg_run(pg, &finish, values, deadline_mono_ms, &rows, err);
    store_arrays_done(&arrays);
    if (result == 0)
        *n_written = nr_pg_rows_changed(rows);
    return result;
}

int store_finish_expired(struct nr_pg *pg, const struct nr_view *message_ids, size_t n,
                         int64_t deadline_mono_ms, struct nr_err *err)
{
    struct nr_pg_value values[1];
    struct nr_buf bufs[1];
    struct store_arrays arrays = {bufs, 1};
    int result;

    store_arrays_begin(&arrays);
    for (size_t i = 0; i < n; i++)
        nr_pg_array_add(&bufs[0], message_ids[i]);
    result = store_arrays_end(&arrays, values, "ids", err);
    if (result == 0)
        result = nr_pg_run(pg, &expire, values, deadline_mono_ms, NULL, err);
    store_arrays_done(&arrays);
    return result;
}
