#include <inttypes.h>
#include <stdio.h>

#include <narae/buf.h>

#include "functions/push/fcm.h"
#include "functions/push/store_prune.h"

enum { NUMBER_BYTES = 24, NAMES_MAX_BYTES = 4096 };

static const struct nr_pg_statement census = {
    "count devices",
    "select p.n, count(d.device_id), count(d.device_id) filter (where d.refreshed_at < now() - p.days * "
    "interval '1 day')"
    " from unnest($1::text[], $2::int[]) with ordinality as p(platform, days, n)"
    " left join narae_push.device d on d.platform = p.platform and d.status = 'active'"
    " group by p.n",
    2, true};

/* Locked in the order of ids, as everybody locks devices, and of topics within them. */
static const struct nr_pg_statement retire = {
    "deactivate stale devices",
    "with pick as (select device_id from narae_push.device where status = 'active' and platform = $1"
    "  and refreshed_at < now() - $2::int * interval '1 day' order by refreshed_at limit $3::bigint),"
    " stale as materialized (select d.device_id from narae_push.device d"
    "  join pick on pick.device_id = d.device_id"
    "  where d.status = 'active' and d.refreshed_at < now() - $2::int * interval '1 day'"
    "  order by d.device_id for update of d skip locked),"
    " subscribed as materialized (select t.device_id, t.topic from narae_push.topic t"
    "  join stale on stale.device_id = t.device_id where t.state in ('wanted', 'active')"
    "  order by t.device_id, t.topic for update of t),"
    " removed as (update narae_push.topic t set state = 'removing', wish = t.wish + 1, attempts = 0,"
    "   next_at = now(), lease_until = null, reason = 'stale'"
    "  from subscribed s where t.device_id = s.device_id and t.topic = s.topic)"
    " update narae_push.device d set status = 'inactive', inactive_reason = 'stale', inactive_at = now()"
    " from stale where d.device_id = stale.device_id",
    3, false};

/* $1 days, $2 how many at most. */
static const struct {
    const char *name;
    struct nr_pg_statement statement;
} batches[PRUNE_N_BATCHES] = {
    [PRUNE_DEAD_TOPICS] =
        {"deadTopics",
         {"settle topics of dead devices",
          "with dead as materialized (select t.device_id, t.topic from narae_push.device d"
          "  join narae_push.topic t on t.device_id = d.device_id"
          "  where d.status = 'inactive' and d.inactive_reason in ('unregistered', 'sender_id_mismatch',"
          "    'invalid_registration', 'apns_unregistered')"
          "   and d.inactive_at <= now() - $1::int * interval '1 day'"
          "   and t.state in ('wanted', 'active', 'removing')"
          "  order by t.device_id, t.topic limit $2::bigint for update of t skip locked)"
          " update narae_push.topic t set state = 'removed', wish = t.wish + 1, lease_until = null,"
          "  settled_at = now(), reason = 'registration dead'"
          " from dead where t.device_id = dead.device_id and t.topic = dead.topic",
          2, true}},
    [PRUNE_OLD_TOPICS] =
        {"oldTopics",
         {"remove old topics",
          "delete from narae_push.topic t using (select device_id, topic from narae_push.topic"
          "  where state = 'removed' and not is_wanted and settled_at < now() - $1::int * interval '1 day'"
          "  limit $2::bigint for update skip locked) as old"
          " where t.device_id = old.device_id and t.topic = old.topic",
          2, true}},
    [PRUNE_OLD_DEVICES] = {"oldDevices",
                           {"remove inactive devices",
                            "delete from narae_push.device d using (select device_id from narae_push.device"
                            "  where status = 'inactive' and inactive_at < now() - $1::int * interval '1 day'"
                            "  order by inactive_at limit $2::bigint for update skip locked) as old"
                            " where d.device_id = old.device_id",
                            2, true}},
    [PRUNE_OLD_SENDS] =
        {"oldSends",
         {"remove old sends",
          "delete from narae_push.send where ctid = any(array(select ctid from narae_push.send"
          "  where first_at < now() - $1::int * interval '1 day' limit $2::bigint for update skip locked))",
          2, true}},
    [PRUNE_OLD_PARKED] =
        {"oldParked",
         {"remove parked messages",
          "delete from narae_push.parked where parked_id = any(array(select parked_id from narae_push.parked"
          "  where parked_at < now() - $1::int * interval '1 day' order by parked_id limit $2::bigint))",
          2, true}},
};

static const struct nr_pg_statement churn = {
    "count devices that became inactive",
    "select platform, inactive_reason, count(*) from narae_push.device"
    " where status = 'inactive' and inactive_at > now() - interval '1 day'"
    " group by platform, inactive_reason order by platform, inactive_reason",
    0, true};

static const struct nr_pg_statement errors = {
    "count client errors",
    "select count(*), count(*) filter (where verdict = any($1::text[])) from narae_push.send"
    " where first_at > now() - interval '1 day' and verdict is not null",
    1, true};

static struct nr_view number(char out[NUMBER_BYTES], int64_t value)
{
    return nr_view_n(out, (size_t)snprintf(out, NUMBER_BYTES, "%" PRId64, value));
}

int store_prune_census(struct nr_pg *pg, const int64_t stale_days[PRUNE_N_PLATFORMS],
                       int64_t deadline_mono_ms, struct prune_census out[PRUNE_N_PLATFORMS],
                       struct nr_err *err)
{
    NR_BUF_AUTO names;
    NR_BUF_AUTO days;
    NR_PG_ROWS_AUTO *rows = NULL;
    struct nr_pg_value values[2];

    nr_buf_init(&names, NAMES_MAX_BYTES);
    nr_buf_init(&days, NAMES_MAX_BYTES);
    nr_pg_array_begin(&names);
    nr_pg_array_begin(&days);
    for (int i = 0; i < PRUNE_N_PLATFORMS; i++) {
        nr_pg_array_add(&names, nr_view(prune_platform_name((enum prune_platform)i)));
        nr_pg_array_add_int(&days, stale_days[i]);
    }
    nr_pg_array_end(&names);
    nr_pg_array_end(&days);
    values[0].text = nr_buf_view(&names);
    values[1].text = nr_buf_view(&days);
    if (nr_buf_check(&names, "platforms", err) != 0 || nr_buf_check(&days, "days", err) != 0 ||
        nr_pg_run(pg, &census, values, deadline_mono_ms, &rows, err) != 0)
        return -1;
    for (size_t row = 0; row < nr_pg_rows_count(rows); row++) {
        int64_t at = nr_pg_int(rows, row, 0) - 1;

        if (at >= 0 && at < PRUNE_N_PLATFORMS)
            out[at] = (struct prune_census){nr_pg_int(rows, row, 1), nr_pg_int(rows, row, 2)};
    }
    return 0;
}

int store_prune_retire(struct nr_pg *pg, enum prune_platform platform, int64_t stale_days, size_t limit,
                       int64_t deadline_mono_ms, size_t *n_changed, struct nr_err *err)
{
    NR_PG_ROWS_AUTO *rows = NULL;
    char texts[2][NUMBER_BYTES];
    const struct nr_pg_value values[] = {{nr_view(prune_platform_name(platform))},
                                         {number(texts[0], stale_days)},
                                         {number(texts[1], (int64_t)limit)}};

    if (nr_pg_run(pg, &retire, values, deadline_mono_ms, &rows, err) != 0)
        return -1;
    *n_changed = nr_pg_rows_changed(rows);
    return 0;
}

int store_prune_batch(struct nr_pg *pg, enum prune_batch batch, int64_t days, size_t limit,
                      int64_t deadline_mono_ms, size_t *n_changed, struct nr_err *err)
{
    NR_PG_ROWS_AUTO *rows = NULL;
    char texts[2][NUMBER_BYTES];
    const struct nr_pg_value values[] = {{number(texts[0], days)}, {number(texts[1], (int64_t)limit)}};

    if (nr_pg_run(pg, &batches[batch].statement, values, deadline_mono_ms, &rows, err) != 0)
        return -1;
    *n_changed = nr_pg_rows_changed(rows);
    return 0;
}

const char *store_prune_name(enum prune_batch batch)
{
    return batches[batch].name;
}

int store_prune_churn(struct nr_pg *pg, int64_t deadline_mono_ms, struct prune_churn out[PRUNE_CHURN_MAX],
                      struct nr_pg_rows **rows, struct nr_err *err)
{
    struct nr_pg_rows *found;
    int n = 0;

    if (nr_pg_run(pg, &churn, NULL, deadline_mono_ms, &found, err) != 0)
        return -1;
    for (size_t row = 0; row < nr_pg_rows_count(found) && n < PRUNE_CHURN_MAX; row++)
        out[n++] = (struct prune_churn){nr_pg_text(found, row, 0), nr_pg_text(found, row, 1),
                                        nr_pg_int(found, row, 2)};
    *rows = found;
    return n;
}

int store_prune_errors(struct nr_pg *pg, int64_t deadline_mono_ms, int64_t *n_sends, int64_t *n_errors,
                       struct nr_err *err)
{
    NR_BUF_AUTO names;
    NR_PG_ROWS_AUTO *rows = NULL;
    struct nr_pg_value value;

    nr_buf_init(&names, NAMES_MAX_BYTES);
    nr_pg_array_begin(&names);
    for (int i = 0; i < FCM_N_VERDICTS; i++)
        if (fcm_meaning((enum fcm_verdict)i)->is_client_error)
            nr_pg_array_add(&names, nr_view(fcm_meaning((enum fcm_verdict)i)->name));
    nr_pg_array_end(&names);
    if (nr_buf_check(&names, "verdicts", err) != 0)
        return -1;
    value.text = nr_buf_view(&names);
    if (nr_pg_run(pg, &errors, &value, deadline_mono_ms, &rows, err) != 0)
        return -1;
    *n_sends = nr_pg_int(rows, 0, 0);
    *n_errors = nr_pg_int(rows, 0, 1);
    return 0;
}
