#include <stdlib.h>

#include <jansson.h>

#include "functions/push/store.h"

enum { ARRAY_MAX_BYTES = 16 * 1024 * 1024 /* more than an event of 6 MB can name */ };

/* to_json() gives the registration with its quotes and escapes, ready for the request body. A token and a fid
 * of one installation are one device; 'fid' sorts first. */
static const struct nr_pg_statement find_devices = {
    "find devices",
    "select distinct on (m, app_id, installation) m, device_id, version, kind, registration from ("
    " select t.m, d.device_id, d.version, d.kind, to_json(d.registration)::text as registration, d.app_id,"
    "  coalesce(d.installation_id, '#' || d.device_id) as installation"
    "  from unnest($1::int[], $2::text[]) as t(m, user_id)"
    "  join narae_push.device d on d.user_id = t.user_id and d.status = 'active'"
    " union"
    " select t.m, t.device_id, d.version, d.kind, to_json(d.registration)::text, d.app_id,"
    "  coalesce(d.installation_id, '#' || t.device_id)"
    "  from unnest($3::int[], $4::bigint[]) as t(m, device_id)"
    "  left join narae_push.device d on d.device_id = t.device_id and d.status = 'active'"
    ") as found order by m, app_id, installation, kind, device_id",
    4, true};

/* Rows are locked in one order, so that two sandboxes cannot wait for each other. */
static const struct nr_pg_statement deactivate_unregistered = {
    "deactivate unregistered devices",
    "with dead as (select d.device_id from unnest($1::bigint[], $2::bigint[]) as t(device_id, version)"
    "  join narae_push.device d on d.device_id = t.device_id and d.version = t.version and d.status = "
    "'active'"
    "  order by d.device_id for update of d)"
    " update narae_push.device d set status = 'inactive', inactive_reason = 'unregistered', inactive_at = "
    "now()"
    " from dead where d.device_id = dead.device_id",
    2, true};

enum { COLUMN_MESSAGE, COLUMN_DEVICE_ID, COLUMN_VERSION, COLUMN_KIND, COLUMN_REGISTRATION };

/* Four arrays: (message, user id) pairs and (message, device id) pairs. */
struct wanted {
    struct nr_buf user_messages, users, device_messages, devices;
};

static struct nr_buf *const *buffers_of(struct wanted *wanted, struct nr_buf *out[4])
{
    out[0] = &wanted->user_messages;
    out[1] = &wanted->users;
    out[2] = &wanted->device_messages;
    out[3] = &wanted->devices;
    return out;
}

static void wanted_done(struct wanted *wanted)
{
    struct nr_buf *all[4];

    for (int i = 0; i < 4; i++)
        nr_buf_done(buffers_of(wanted, all)[i]);
}

static void add_message(struct wanted *wanted, size_t index, const struct push_message *message)
{
    struct nr_buf *messages =
        message->target == PUSH_TO_USERS ? &wanted->user_messages : &wanted->device_messages;
    struct nr_buf *ids = message->target == PUSH_TO_USERS ? &wanted->users : &wanted->devices;
    const json_t *item;
    size_t i;

    json_array_foreach(message->list, i, item)
    {
        nr_pg_array_add_int(messages, (int64_t)index);
        nr_pg_array_add(ids, nr_view_n(json_string_value(item), json_string_length(item)));
    }
}

/* How many (message, target) pairs there are. */
static size_t collect(struct wanted *wanted, const struct push_message *messages, const bool *is_skipped,
                      size_t n_messages)
{
    struct nr_buf *all[4];
    size_t n = 0;

    buffers_of(wanted, all);
    for (int i = 0; i < 4; i++) {
        nr_buf_init(all[i], ARRAY_MAX_BYTES);
        nr_pg_array_begin(all[i]);
    }
    for (size_t i = 0; i < n_messages; i++) {
        if (is_skipped[i] || !messages[i].list)
            continue;
        add_message(wanted, i, &messages[i]);
        n += json_array_size(messages[i].list);
    }
    for (int i = 0; i < 4; i++)
        nr_pg_array_end(all[i]);
    return n;
}

static int ask(struct nr_pg *pg, struct wanted *wanted, int64_t deadline_mono_ms, struct nr_pg_rows **rows,
               struct nr_err *err)
{
    struct nr_pg_value values[4];
    struct nr_buf *all[4];

    buffers_of(wanted, all);
    for (int i = 0; i < 4; i++) {
        if (nr_buf_check(all[i], "targets", err) != 0)
            return -1;
        values[i].text = nr_buf_view(all[i]);
    }
    return nr_pg_run(pg, &find_devices, values, deadline_mono_ms, rows, err);
}

static int read_devices(struct nr_pg_rows *rows, struct store_devices *out, struct nr_err *err)
{
    size_t n = nr_pg_rows_count(rows);
    struct plan_device *items = calloc(n + 1, sizeof(*items));

    if (!items)
        return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.OutOfMemory", "no memory for %zu devices", n);
    out->items = items;
    for (size_t row = 0; row < n; row++) {
        struct nr_view kind = nr_pg_text(rows, row, COLUMN_KIND);

        if (!kind.ptr) {
            out->n_unknown++;
            continue;
        }
        items[out->n++] = (struct plan_device){
            .message = (size_t)nr_pg_int(rows, row, COLUMN_MESSAGE),
            .device_id = nr_pg_int(rows, row, COLUMN_DEVICE_ID),
            .version = nr_pg_int(rows, row, COLUMN_VERSION),
            .is_fid = nr_view_is(kind, NR_VIEW("fid")),
            .registration = nr_pg_text(rows, row, COLUMN_REGISTRATION),
        };
    }
    return 0;
}

int store_find_devices(struct nr_pg *pg, const struct push_message *messages, const bool *is_skipped,
                       size_t n_messages, int64_t deadline_mono_ms, struct store_devices *out,
                       struct nr_err *err)
{
    struct wanted wanted;
    struct store_devices found = {0};
    int result = 0;

    if (collect(&wanted, messages, is_skipped, n_messages) > 0)
        result = ask(pg, &wanted, deadline_mono_ms, &found.rows, err);
    wanted_done(&wanted);
    if (result == 0 && found.rows)
        result = read_devices(found.rows, &found, err);
    if (result != 0) {
        store_devices_done(&found);
        return -1;
    }
    *out = found;
    return 0;
}

void store_devices_done(struct store_devices *devices)
{
    nr_pg_rows_free(devices->rows);
    free(devices->items);
    *devices = (struct store_devices){0};
}

int store_deactivate_unregistered(struct nr_pg *pg, const struct store_device_key *keys, size_t n_keys,
                                  int64_t deadline_mono_ms, size_t *n_changed, struct nr_err *err)
{
    NR_BUF_AUTO ids;
    NR_BUF_AUTO versions;
    NR_PG_ROWS_AUTO *rows = NULL;
    struct nr_pg_value values[2];

    nr_buf_init(&ids, ARRAY_MAX_BYTES);
    nr_buf_init(&versions, ARRAY_MAX_BYTES);
    nr_pg_array_begin(&ids);
    nr_pg_array_begin(&versions);
    for (size_t i = 0; i < n_keys; i++) {
        nr_pg_array_add_int(&ids, keys[i].device_id);
        nr_pg_array_add_int(&versions, keys[i].version);
    }
    nr_pg_array_end(&ids);
    nr_pg_array_end(&versions);
    if (nr_buf_check(&ids, "devices", err) != 0 || nr_buf_check(&versions, "devices", err) != 0)
        return -1;
    values[0].text = nr_buf_view(&ids);
    values[1].text = nr_buf_view(&versions);
    if (nr_pg_run(pg, &deactivate_unregistered, values, deadline_mono_ms, &rows, err) != 0)
        return -1;
    *n_changed = nr_pg_rows_changed(rows);
    return 0;
}
