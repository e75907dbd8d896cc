#include "functions/push/store.h"
#include "functions/push/store_arrays.h"

/* Rows are locked in one order, so that two sandboxes cannot wait for each other. A device that is dead for
 * one message is dead: the reason wins over a success of the same batch. */
static const struct nr_pg_statement note_devices = {
    "note verdicts on devices",
    "with verdict as (select distinct on (device_id) * from unnest($1::bigint[], $2::bigint[], $3::text[])"
    "  as t(device_id, version, reason) order by device_id, reason desc),"
    " mine as (select d.device_id, v.reason from verdict v join narae_push.device d using (device_id)"
    "  where d.status = 'active' and case v.reason"
    "   when '' then coalesce(d.last_ok_at < now() - interval '1 day', true) else d.version = v.version end"
    "  order by d.device_id for update of d),"
    " changed as (update narae_push.device d set"
    "  last_ok_at = case mine.reason when '' then now() else d.last_ok_at end,"
    "  status = case mine.reason when '' then d.status else 'inactive' end,"
    "  inactive_reason = nullif(mine.reason, ''),"
    "  inactive_at = case mine.reason when '' then null else now() end"
    "  from mine where d.device_id = mine.device_id returning mine.reason)"
    " select count(*) from changed where reason <> ''",
    3, true};

static const struct nr_pg_statement park = {
    "park messages",
    "insert into narae_push.parked (sqs_message_id, message_id, body, reason, receive_count)"
    " select sqs_message_id, nullif(message_id, ''), body, reason, receive_count"
    " from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int[])"
    "  as t(sqs_message_id, message_id, body, reason, receive_count)"
    " order by sqs_message_id on conflict (sqs_message_id) do nothing",
    5, true};

int store_note_devices(struct nr_pg *pg, const struct store_device_verdict *verdicts, size_t n,
                       int64_t deadline_mono_ms, size_t *n_deactivated, struct nr_err *err)
{
    enum { DEVICE_ID, VERSION, REASON, N_ARRAYS };
    struct nr_pg_value values[N_ARRAYS];
    struct nr_buf bufs[N_ARRAYS];
    struct store_arrays arrays = {bufs, N_ARRAYS};
    NR_PG_ROWS_AUTO *rows = NULL;
    int result;

    store_arrays_begin(&arrays);
    for (size_t i = 0; i < n; i++) {
        nr_pg_array_add_int(&bufs[DEVICE_ID], verdicts[i].device_id);
        nr_pg_array_add_int(&bufs[VERSION], verdicts[i].version);
        nr_pg_array_add(&bufs[REASON], nr_view(verdicts[i].reason));
    }
    result = store_arrays_end(&arrays, values, "devices", err);
    if (result == 0)
        result = nr_pg_run(pg, &note_devices, values, deadline_mono_ms, &rows, err);
    store_arrays_done(&arrays);
    if (result == 0)
        *n_deactivated = (size_t)nr_pg_int(rows, 0, 0);
    return result;
}

int store_park(struct nr_pg *pg, const struct store_parked *parked, size_t n, int64_t deadline_mono_ms,
               struct nr_err *err)
{
    enum { SQS_ID, MESSAGE_ID, BODY, REASON, COUNT, N_ARRAYS };
    struct nr_pg_value values[N_ARRAYS];
    struct nr_buf bufs[N_ARRAYS];
    struct store_arrays arrays = {bufs, N_ARRAYS};
    int result;

    store_arrays_begin(&arrays);
    for (size_t i = 0; i < n; i++) {
        nr_pg_array_add(&bufs[SQS_ID], parked[i].sqs_message_id);
        nr_pg_array_add(&bufs[MESSAGE_ID], parked[i].message_id);
        nr_pg_array_add(&bufs[BODY], parked[i].body);
        nr_pg_array_add(&bufs[REASON], nr_view(parked[i].reason));
        nr_pg_array_add_int(&bufs[COUNT], parked[i].receive_count);
    }
    result = store_arrays_end(&arrays, values, "messages to park", err);
    if (result == 0)
        result = nr_pg_run(pg, &park, values, deadline_mono_ms, NULL, err);
    store_arrays_done(&arrays);
    return result;
}
