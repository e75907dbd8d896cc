#include <stdlib.h>

#include <jansson.h>

#include "functions/push/store_arrays.h"
#include "functions/push/store_claim.h"

enum { TARGET_MAX_BYTES = 2048 /* "condition:" and a condition of 1,000 */ };

/* to_json() gives the registration with its quotes and escapes, ready for the request body.
 *
 * The registrations of one installation are one device. A message stays with the one that it was begun with,
 * or the device would get it twice: by its token, and by the fid that it registered before the message came
 * again. One that was replaced meanwhile counts too ("gone") when it got the push, or is getting it. Only one
 * that turned out to be dead ('skipped') gives way to another. Else 'fid' sorts first, and of two tokens the
 * one that was heard of last: the other may be dead, and nobody has found that out yet.
 *
 * The same id may come twice in a batch: one row can be claimed once, and the second message waits for the
 * first ("twin"). A device that was asked for by its id and has been replaced is there twice in one message,
 * without a kind and as "gone": that one goes first, and is judged by its row of the ledger. Rows are taken
 * in one order, so that two sandboxes cannot wait for each other. The ledger is read as it was before the
 * claim: what is not ours then has a state there, or was inserted by another sandbox at this moment.
 *
 * How many rows there will be is nothing that the planner can know, and it takes comparing each with each for
 * cheap when it thinks of few. Hence a window and offsets in place of joins; and a full join, which loses
 * nothing, since every claimed row was wanted. When it thinks of many, it compiles, which takes seconds:
 * "known" is a number because it believes that few things are equal to one. */
static const struct nr_pg_statement claim = {
    "claim sends",
    "with message as (select t.*, case when not t.is_dry then (select 1 from narae_push.send s"
    "   where s.message_id = t.id limit 1) end as known"
    "  from unnest($1::int[], $2::text[], $3::bool[], $4::text[]) as t(m, id, is_dry, target)),"
    " found as ("
    "  select x.m, x.id, x.is_dry, d.device_id, d.version, d.kind, d.platform, d.registration, d.app_id,"
    "   coalesce(d.installation_id, '#' || d.device_id) as installation, d.refreshed_at"
    "   from unnest($5::int[], $6::text[]) as t(m, user_id) join message x using (m)"
    "   join narae_push.device d on d.user_id = t.user_id and d.status = 'active'"
    "  union all"
    "  select x.m, x.id, x.is_dry, t.device_id, d.version, d.kind, d.platform, d.registration, d.app_id,"
    "   coalesce(d.installation_id, '#' || t.device_id), d.refreshed_at"
    "   from unnest($7::int[], $8::bigint[]) as t(m, device_id) join message x using (m)"
    "   left join narae_push.device d on d.device_id = t.device_id and d.status = 'active'"
    "  union all"
    "  select x.m, x.id, x.is_dry, s.device_id, 0, case when d.status <> 'active' and (s.state = 'sent' or"
    "    (s.state = 'claimed' and s.claimable_at > now())) then 'gone' else 'begun' end,"
    "   null, null, d.app_id, d.installation_id, d.refreshed_at"
    "   from message x cross join lateral (select * from narae_push.send s"
    "    where s.message_id = x.id and s.state <> 'skipped' offset 0) as s"
    "   cross join lateral (select * from narae_push.device d"
    "    where d.device_id = s.device_id and d.installation_id is not null offset 0) as d where x.known = 1),"
    " seen as (select *, bool_or(kind in ('begun', 'gone')) over"
    "   (partition by m, app_id, installation, device_id) as is_begun from found),"
    " one as (select distinct on (m, app_id, installation) * from seen where kind is distinct from 'begun'"
    "  order by m, app_id, installation, is_begun desc nulls last, kind <> 'gone', kind, refreshed_at desc,"
    "   device_id),"
    " wanted as (select w.*, row_number() over (partition by id, is_dry, device_id order by m, kind) as nth"
    "  from ("
    "  select m, id, is_dry, device_id, version, kind, platform, registration, null::text as target from one"
    "  union all"
    "  select m, id, is_dry, 0, 0, 'named', null, null, target from message where target <> '') as w),"
    " mine as (insert into narae_push.send as s (message_id, device_id, target, state, holder, claimable_at)"
    "  select id, device_id, target, 'claimed', $9::bigint, now() + $10::bigint * interval '1 ms' from wanted"
    "  where nth = 1 and not is_dry and kind <> 'gone' order by id, device_id"
    "  on conflict (message_id, device_id) do update set state = 'claimed', holder = $9::bigint,"
    "   claimable_at = excluded.claimable_at, updated_at = now(),"
    "   attempts = s.attempts + (s.holder is distinct from $9::bigint)::int"
    "   where s.claimable_at <= now() or s.holder = $9::bigint"
    "  returning s.message_id, s.device_id, s.attempts, s.first_at),"
    " known as (select *, case when nth = 1 and not is_dry then id end as key from wanted),"
    " judged as (select w.*, c.attempts, c.first_at, s.claimable_at, case"
    "  when w.kind is null then 'unknown' when w.is_dry or c.message_id is not null then 'mine'"
    "  when w.nth > 1 then 'twin' else coalesce(s.state, 'claimed') end as state"
    "  from known w full join mine c on c.message_id = w.key and c.device_id = w.device_id"
    "  left join narae_push.send s on s.message_id = w.key and s.device_id = w.device_id)"
    " select m, device_id, version, kind, platform, case state when 'mine' then to_json(registration)::text "
    "end,"
    "  state, coalesce(attempts, 1), (extract(epoch from now() - coalesce(first_at, now())) * 1000)::bigint,"
    "  (extract(epoch from greatest(claimable_at - now(), interval '0')) * 1000)::bigint"
    "  from judged order by m, device_id",
    10, true};

enum {
    A_MESSAGE,
    A_ID,
    A_IS_DRY,
    A_TARGET,
    A_USER_MESSAGE,
    A_USER,
    A_DEVICE_MESSAGE,
    A_DEVICE,
    N_CLAIM_ARRAYS
};

enum {
    C_MESSAGE,
    C_DEVICE_ID,
    C_VERSION,
    C_KIND,
    C_PLATFORM,
    C_REGISTRATION,
    C_STATE,
    C_ATTEMPTS,
    C_AGE,
    C_WAIT
};

static void add_target(struct nr_buf *out, const struct push_message *message)
{
    static const char *const kinds[] = {[PUSH_TO_TOPIC] = "topic:", [PUSH_TO_CONDITION] = "condition:"};
    NR_BUF_AUTO text;

    nr_buf_init(&text, TARGET_MAX_BYTES);
    if (!message->list) {
        nr_buf_add_text(&text, kinds[message->target]);
        nr_buf_add(&text, message->name);
    }
    nr_pg_array_add(out, nr_buf_view(&text));
}

static void add_message(struct nr_buf *bufs, size_t index, const struct push_message *message)
{
    bool is_users = message->target == PUSH_TO_USERS;
    const json_t *item;
    size_t i;

    nr_pg_array_add_int(&bufs[A_MESSAGE], (int64_t)index);
    nr_pg_array_add(&bufs[A_ID], message->id);
    store_arrays_add_bool(&bufs[A_IS_DRY], message->is_validate_only);
    add_target(&bufs[A_TARGET], message);
    json_array_foreach(message->list, i, item)
    {
        nr_pg_array_add_int(&bufs[is_users ? A_USER_MESSAGE : A_DEVICE_MESSAGE], (int64_t)index);
        nr_pg_array_add(&bufs[is_users ? A_USER : A_DEVICE],
                        nr_view_n(json_string_value(item), json_string_length(item)));
    }
}

static int ask(struct nr_pg *pg, const struct push_message *messages, const bool *is_skipped,
               size_t n_messages, struct store_lease lease, int64_t deadline_mono_ms,
               struct nr_pg_rows **rows, struct nr_err *err)
{
    struct nr_pg_value values[N_CLAIM_ARRAYS + 2];
    struct nr_buf bufs[N_CLAIM_ARRAYS];
    struct store_arrays arrays = {bufs, N_CLAIM_ARRAYS};
    char texts[2][STORE_NUMBER_BYTES];
    int result;

    store_arrays_begin(&arrays);
    for (size_t i = 0; i < n_messages; i++)
        if (!is_skipped[i])
            add_message(bufs, i, &messages[i]);
    values[N_CLAIM_ARRAYS].text = store_number(lease.holder, texts[0]);
    values[N_CLAIM_ARRAYS + 1].text = store_number(lease.lease_ms, texts[1]);
    result = store_arrays_end(&arrays, values, "targets", err);
    if (result == 0)
        result = nr_pg_run(pg, &claim, values, deadline_mono_ms, rows, err);
    store_arrays_done(&arrays);
    return result;
}

static enum plan_platform platform_of(struct nr_view name)
{
    static const char *const names[] = {[PLAN_ANDROID] = "android", [PLAN_IOS] = "ios", [PLAN_WEB] = "web"};

    for (int i = 0; i < PLAN_ANY; i++)
        if (nr_view_is(name, nr_view(names[i])))
            return (enum plan_platform)i;
    return PLAN_ANY;
}

static void take_claim(const struct nr_pg_rows *rows, size_t row, struct plan_device *out)
{
    *out = (struct plan_device){
        .message = (size_t)nr_pg_int(rows, row, C_MESSAGE),
        .device_id = nr_pg_int(rows, row, C_DEVICE_ID),
        .version = nr_pg_int(rows, row, C_VERSION),
        .is_fid = nr_view_is(nr_pg_text(rows, row, C_KIND), NR_VIEW("fid")),
        .registration = nr_pg_text(rows, row, C_REGISTRATION),
        .platform = platform_of(nr_pg_text(rows, row, C_PLATFORM)),
        .attempts = (int)nr_pg_int(rows, row, C_ATTEMPTS),
        .age_ms = nr_pg_int(rows, row, C_AGE),
    };
}

/* The first message of a twin is in this batch and done with it soon. */
enum { TWIN_WAIT_MS = 1000 };

static void add_held(struct store_past *past, int64_t wait_ms)
{
    past->n_held++;
    comeback_add(&past->comeback, wait_ms);
}

static void note_past(struct store_past *past, struct nr_view state, int64_t wait_ms)
{
    if (nr_view_is(state, NR_VIEW("sent")) || nr_view_is(state, NR_VIEW("skipped")))
        past->n_settled++;
    else if (nr_view_is(state, NR_VIEW("failed")))
        past->n_failed++;
    else
        add_held(past, nr_view_is(state, NR_VIEW("twin")) ? TWIN_WAIT_MS : wait_ms);
}

static int read_claims(struct store_claims *out, size_t n_messages, struct nr_err *err)
{
    size_t n = nr_pg_rows_count(out->rows);

    out->items = calloc(n + 1, sizeof(*out->items));
    if (!out->items)
        return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.OutOfMemory", "no memory for %zu sends", n);
    for (size_t row = 0; row < n; row++) {
        struct nr_view state = nr_pg_text(out->rows, row, C_STATE);
        size_t message = (size_t)nr_pg_int(out->rows, row, C_MESSAGE);

        if (message >= n_messages)
            continue;
        if (nr_view_is(state, NR_VIEW("unknown")))
            out->n_unknown++;
        else if (nr_view_is(state, NR_VIEW("mine")))
            take_claim(out->rows, row, &out->items[out->n++]);
        else
            note_past(&out->past[message], state, nr_pg_int(out->rows, row, C_WAIT));
    }
    return 0;
}

static bool is_all_skipped(const bool *is_skipped, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!is_skipped[i])
            return false;
    return true;
}

int store_claim_sends(struct nr_pg *pg, const struct push_message *messages, const bool *is_skipped,
                      size_t n_messages, struct store_lease lease, int64_t deadline_mono_ms,
                      struct store_claims *out, struct nr_err *err)
{
    struct store_claims claims = {.past = calloc(n_messages + 1, sizeof(*claims.past))};
    int result = 0;

    if (!claims.past)
        return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.OutOfMemory", "no memory for %zu messages",
                          n_messages);
    if (!is_all_skipped(is_skipped, n_messages))
        result = ask(pg, messages, is_skipped, n_messages, lease, deadline_mono_ms, &claims.rows, err);
    if (result == 0 && claims.rows)
        result = read_claims(&claims, n_messages, err);
    if (result != 0) {
        store_claims_done(&claims);
        return -1;
    }
    *out = claims;
    return 0;
}

void store_claims_done(struct store_claims *claims)
{
    nr_pg_rows_free(claims->rows);
    free(claims->items);
    free(claims->past);
    *claims = (struct store_claims){0};
}
