#include <inttypes.h>

#include <narae/buf.h>

#include "functions/push/store_registry.h"

/* An event has at most 6 MB; every byte of it may need six as an escape. */
enum { ITEMS_MAX_BYTES = 48 * 1024 * 1024 };

static const struct nr_pg_statement read_devices = {
    "read devices",
    "select k.item, k.is_old, d.device_id, d.version, d.status, coalesce(d.inactive_reason, ''), d.user_id,"
    " d.platform, d.installation_id, floor(extract(epoch from d.registered_at) * 1000)::bigint"
    " from json_to_recordset($1::json)"
    "  as k(item int, is_old boolean, app_id text, kind text, registration text)"
    " join narae_push.device d on d.app_id = k.app_id and d.kind = k.kind"
    "  and d.registration_hash = sha256(convert_to(k.registration, 'UTF8'))",
    1, true};

enum {
    COLUMN_ITEM,
    COLUMN_IS_OLD,
    COLUMN_DEVICE_ID,
    COLUMN_VERSION,
    COLUMN_STATUS,
    COLUMN_REASON,
    COLUMN_USER,
    COLUMN_PLATFORM,
    COLUMN_INSTALLATION,
    COLUMN_REGISTERED
};

/* Everything that a batch means, in one statement and so in one transaction:
 *   locked    the rows it was decided on, if they are still the same; in one order, so that two sandboxes
 *             cannot wait for each other
 *   won       the items all of whose rows are; the others are left alone and not returned
 *   inserted  new rows, unless somebody else was faster
 *   wishes    what becomes of topics. A topic can be named by several rules: the lowest rank wins.
 * Every change raises the version, that of a subscription as well: a replacement that waited for it would
 * otherwise copy the topics as they were before. */
static const struct nr_pg_statement write_devices = {
    "write devices",
    "with c as materialized (select *, to_timestamp(at_ms / 1000.0) as at,"
    "  sha256(convert_to(registration, 'UTF8')) as hash"
    "  from json_to_recordset($1::json) as c(item int, app_id text, kind text, registration text,"
    "   platform text, sets_user boolean, user_id text, installation_id text, at_ms bigint,"
    "   is_signing boolean, is_alive boolean, device_id bigint, version bigint, old_id bigint,"
    "   old_version bigint, topics text)),"
    " names as materialized (select * from json_to_recordset($2::json)"
    "  as n(item int, topic text, is_wanted boolean)),"
    " ids as (select item, device_id, version from c where device_id is not null"
    "  union all select item, old_id, old_version from c where old_id is not null),"
    " locked as materialized (select i.item from ids i"
    "  join narae_push.device d on d.device_id = i.device_id and d.version = i.version"
    "  order by d.device_id for update of d),"
    " won as materialized (select c.* from c where (select count(*) from locked l where l.item = c.item) ="
    "   (c.device_id is not null)::int + (c.old_id is not null)::int),"
    " inserted as (insert into narae_push.device (user_id, app_id, kind, platform, registration,"
    "   registration_hash, installation_id, refreshed_at, registered_at)"
    "  select user_id, app_id, kind, platform, registration, hash, installation_id, at, at"
    "  from won where device_id is null order by app_id, kind, hash"
    "  on conflict (app_id, kind, registration_hash) do nothing"
    "  returning device_id, app_id, kind, registration_hash),"
    " target as materialized (select w.*, coalesce(w.device_id, i.device_id) as id from won w"
    "  left join inserted i on w.device_id is null and i.app_id = w.app_id and i.kind = w.kind"
    "   and i.registration_hash = w.hash"
    "  where coalesce(w.device_id, i.device_id) is not null),"
    " updated as (update narae_push.device d set version = d.version + 1,"
    "   user_id = case when t.sets_user then t.user_id else d.user_id end,"
    "   platform = coalesce(t.platform, d.platform),"
    "   installation_id = coalesce(t.installation_id, d.installation_id),"
    "   refreshed_at = greatest(d.refreshed_at, t.at),"
    "   registered_at = case when t.is_signing then t.at else d.registered_at end,"
    "   status = case when t.is_alive then 'active' when t.is_signing then 'inactive' else d.status end,"
    "   inactive_reason = case when t.is_alive then null when t.is_signing then 'logout'"
    "    else d.inactive_reason end,"
    "   inactive_at = case when t.is_alive then null when t.is_signing then coalesce(d.inactive_at, now())"
    "    else d.inactive_at end"
    "  from target t where d.device_id = t.device_id),"
    " ended as (update narae_push.device d set version = d.version + 1, status = 'inactive',"
    "   inactive_reason = 'replaced', inactive_at = coalesce(d.inactive_at, now()), registered_at = t.at"
    "  from target t where d.device_id = t.old_id),"
    " wishes as (select distinct on (device_id, topic) device_id, topic, is_wanted, wished_at from ("
    "   select t.id as device_id, n.topic, n.is_wanted, t.at as wished_at, 1 as rank"
    "    from target t join names n on n.item = t.item"
    "   union all select t.id, o.topic, true, o.wished_at, 2"
    "    from target t join narae_push.topic o on o.device_id = t.old_id and o.is_wanted"
    "   union all select t.id, o.topic, false, greatest(t.at, o.wished_at), 3"
    "    from target t join narae_push.topic o on o.device_id = t.device_id and o.is_wanted"
    "    where t.topics = 'drop'"
    "   union all select t.id, o.topic, true, o.wished_at, 4"
    "    from target t join narae_push.topic o on o.device_id = t.device_id and o.is_wanted"
    "    where t.topics = 'rearm'"
    "   union all select t.old_id, o.topic, false, greatest(t.at, o.wished_at), 5"
    "    from target t join narae_push.topic o on o.device_id = t.old_id and o.is_wanted"
    "  ) as rules order by device_id, topic, rank),"
    " wished as (insert into narae_push.topic as o (device_id, topic, is_wanted, state, wished_at)"
    "  select device_id, topic, is_wanted, case when is_wanted then 'wanted' else 'removing' end, wished_at"
    "  from wishes order by device_id, topic"
    "  on conflict (device_id, topic) do update set is_wanted = excluded.is_wanted, state = excluded.state,"
    "   wished_at = excluded.wished_at, wish = o.wish + 1, attempts = 0, next_at = now(), lease_until = null,"
    "   reason = null"
    "  where excluded.wished_at >= o.wished_at and case"
    /* Subscribing again does no harm; about once a month it mends what was lost on FCM's side. */
    "   when excluded.is_wanted then not o.is_wanted or o.state in ('removing', 'removed', 'failed')"
    "    or (o.state = 'active' and o.settled_at < now() - interval '30 days')"
    "   else o.is_wanted or o.state = 'failed' end)"
    " select item, id from target",
    2, false};

/* --- read ----------------------------------------------------------------------------------------------- */

static void add_key(struct nr_buf *out, size_t item, bool is_old, const struct device_message *message,
                    const struct device_key *key)
{
    nr_buf_printf(out, "%s{\"item\":%zu,\"is_old\":%s,\"app_id\":", out->len > 1 ? "," : "", item,
                  is_old ? "true" : "false");
    nr_buf_add_json_text(out, message->app_id);
    nr_buf_printf(out, ",\"kind\":\"%s\",\"registration\":", key->is_fid ? "fid" : "token");
    nr_buf_add_json_text(out, key->registration);
    nr_buf_add_char(out, '}');
}

static enum device_standing standing_of(struct nr_view status, struct nr_view reason)
{
    if (nr_view_is(status, NR_VIEW("active")))
        return DEVICE_ACTIVE;
    if (nr_view_is(reason, NR_VIEW("logout")))
        return DEVICE_SIGNED_OUT;
    return nr_view_is(reason, NR_VIEW("replaced")) ? DEVICE_SUPERSEDED : DEVICE_LAPSED;
}

static void take_row(const struct nr_pg_rows *rows, size_t at, struct registry_item *item)
{
    bool is_old = nr_view_is(nr_pg_text(rows, at, COLUMN_IS_OLD), NR_VIEW("t"));

    *(is_old ? &item->old : &item->row) = (struct device_row){
        .standing = standing_of(nr_pg_text(rows, at, COLUMN_STATUS), nr_pg_text(rows, at, COLUMN_REASON)),
        .device_id = nr_pg_int(rows, at, COLUMN_DEVICE_ID),
        .version = nr_pg_int(rows, at, COLUMN_VERSION),
        .user = nr_pg_text(rows, at, COLUMN_USER),
        .platform = nr_pg_text(rows, at, COLUMN_PLATFORM),
        .installation_id = nr_pg_text(rows, at, COLUMN_INSTALLATION),
        .registered_unix_ms = nr_pg_int(rows, at, COLUMN_REGISTERED),
    };
}

static void write_keys(struct registry_item *const *items, size_t n_items, struct nr_buf *out)
{
    nr_buf_add_char(out, '[');
    for (size_t i = 0; i < n_items; i++) {
        items[i]->row = items[i]->old = (struct device_row){.standing = DEVICE_ABSENT};
        if (items[i]->is_done)
            continue;
        add_key(out, i, false, items[i]->message, &items[i]->message->device);
        if (items[i]->message->action == DEVICE_REPLACE)
            add_key(out, i, true, items[i]->message, &items[i]->message->replaces);
    }
    nr_buf_add_char(out, ']');
}

int store_registry_read(struct nr_pg *pg, struct registry_item *const *items, size_t n_items,
                        int64_t deadline_mono_ms, struct nr_pg_rows **rows, struct nr_err *err)
{
    NR_BUF_AUTO keys;
    struct nr_pg_value value;
    struct nr_pg_rows *found;

    nr_buf_init(&keys, ITEMS_MAX_BYTES);
    write_keys(items, n_items, &keys);
    if (nr_buf_check(&keys, "devices", err) != 0)
        return -1;
    value.text = nr_buf_view(&keys);
    if (nr_pg_run(pg, &read_devices, &value, deadline_mono_ms, &found, err) != 0)
        return -1;
    for (size_t at = 0; at < nr_pg_rows_count(found); at++) {
        size_t item = (size_t)nr_pg_int(found, at, COLUMN_ITEM);

        if (item < n_items)
            take_row(found, at, items[item]);
    }
    *rows = found;
    return 0;
}

/* --- write ---------------------------------------------------------------------------------------------- */

static void add_text(struct nr_buf *out, const char *name, struct nr_view text)
{
    if (!text.ptr)
        return;
    nr_buf_printf(out, ",\"%s\":", name);
    nr_buf_add_json_text(out, text);
}

static const char *const topics_names[] = {
    [DEVICE_TOPICS_KEEP] = "keep", [DEVICE_TOPICS_DROP] = "drop", [DEVICE_TOPICS_REARM] = "rearm"};

static void add_change(struct nr_buf *out, size_t i, const struct registry_item *item)
{
    const struct device_message *message = item->message;
    const struct device_change *change = &item->change;

    nr_buf_printf(out, "%s{\"item\":%zu,\"kind\":\"%s\",\"at_ms\":%" PRId64, out->len > 1 ? "," : "", i,
                  message->device.is_fid ? "fid" : "token", change->at_unix_ms);
    add_text(out, "app_id", message->app_id);
    add_text(out, "registration", message->device.registration);
    add_text(out, "platform", change->platform);
    add_text(out, "user_id", change->user);
    add_text(out, "installation_id", change->installation_id);
    nr_buf_printf(out, ",\"sets_user\":%d,\"is_signing\":%d,\"is_alive\":%d,\"topics\":\"%s\"",
                  change->sets_user, change->is_signing, change->is_alive, topics_names[change->topics]);
    if (change->write == DEVICE_WRITE_UPDATE)
        nr_buf_printf(out, ",\"device_id\":%" PRId64 ",\"version\":%" PRId64, item->row.device_id,
                      item->row.version);
    if (change->ends_old)
        nr_buf_printf(out, ",\"old_id\":%" PRId64 ",\"old_version\":%" PRId64, item->old.device_id,
                      item->old.version);
    nr_buf_add_char(out, '}');
}

static void add_topics(struct nr_buf *out, size_t i, const struct device_message *message)
{
    bool is_wanted = message->action != DEVICE_UNSUBSCRIBE;
    const json_t *topic;
    size_t at;

    json_array_foreach(message->topics, at, topic)
    {
        nr_buf_printf(out, "%s{\"item\":%zu,\"is_wanted\":%s,\"topic\":", out->len > 1 ? "," : "", i,
                      is_wanted ? "true" : "false");
        nr_buf_add_json_text(out, nr_view_n(json_string_value(topic), json_string_length(topic)));
        nr_buf_add_char(out, '}');
    }
}

static size_t write_changes(struct registry_item *const *items, size_t n_items, struct nr_buf *changes,
                            struct nr_buf *topics)
{
    size_t n = 0;

    nr_buf_add_char(changes, '[');
    nr_buf_add_char(topics, '[');
    for (size_t i = 0; i < n_items; i++) {
        if (items[i]->is_done || items[i]->change.write == DEVICE_WRITE_NOTHING)
            continue;
        add_change(changes, i, items[i]);
        add_topics(topics, i, items[i]->message);
        n++;
    }
    nr_buf_add_char(changes, ']');
    nr_buf_add_char(topics, ']');
    return n;
}

static void settle_unwritten(struct registry_item *const *items, size_t n_items)
{
    for (size_t i = 0; i < n_items; i++) {
        if (items[i]->is_done || items[i]->change.write != DEVICE_WRITE_NOTHING)
            continue;
        items[i]->device_id = items[i]->row.device_id;
        items[i]->is_done = true;
    }
}

int store_registry_write(struct nr_pg *pg, struct registry_item *const *items, size_t n_items,
                         int64_t deadline_mono_ms, struct nr_err *err)
{
    NR_BUF_AUTO changes;
    NR_BUF_AUTO topics;
    NR_PG_ROWS_AUTO *rows = NULL;
    struct nr_pg_value values[2];

    nr_buf_init(&changes, ITEMS_MAX_BYTES);
    nr_buf_init(&topics, ITEMS_MAX_BYTES);
    if (write_changes(items, n_items, &changes, &topics) > 0) {
        if (nr_buf_check(&changes, "devices", err) != 0 || nr_buf_check(&topics, "topics", err) != 0)
            return -1;
        values[0].text = nr_buf_view(&changes);
        values[1].text = nr_buf_view(&topics);
        if (nr_pg_run(pg, &write_devices, values, deadline_mono_ms, &rows, err) != 0)
            return -1;
    }
    settle_unwritten(items, n_items);
    for (size_t at = 0; rows && at < nr_pg_rows_count(rows); at++) {
        struct registry_item *item = items[nr_pg_int(rows, at, 0)];

        item->device_id = nr_pg_int(rows, at, 1);
        item->is_done = true;
    }
    return 0;
}
