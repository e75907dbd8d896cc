#include <string.h>

#include <narae/clock.h>
#include <narae/env.h>
#include <narae/secret.h>

#include "functions/search/cursor.h"
#include "functions/search/query_settings.h"

enum {
    KEY_WAIT_MS = 1000,       /* with a key at hand, a search waits so long for a newer one */
    KEY_QUIET_MS = 30 * 1000, /* and the next ones do not, when that was in vain */
};

static const struct nr_env_text events_queue = {"NARAE_SEARCH_EVENTS_QUEUE",
                                                "https://..., the URL of search_log's queue", "", 512};

/* A search takes milliseconds; one that takes seconds is better asked again than waited for. */
static const struct nr_env_int timeout = {"NARAE_SEARCH_TIMEOUT_MS", "ms", 50, 30000, 2000};

/* Every search waits for its event to be taken: usually some milliseconds, at worst this. */
static const struct nr_env_int events_timeout = {"NARAE_SEARCH_EVENTS_TIMEOUT_MS", "ms", 20, 5000, 300};

static const char database[] = "NARAE_DATABASE";
static const char cursor_key[] = "NARAE_SEARCH_CURSOR_KEY";

int query_settings_read(struct query_settings *out, struct nr_err *err)
{
    if (nr_env_get_text(&events_queue, &out->events_queue, err) != 0 ||
        nr_env_get_int(&events_timeout, &out->events_timeout_ms, err) != 0 ||
        nr_env_get_int(&timeout, &out->timeout_ms, err) != 0)
        return -1;
    if (out->events_queue[0] && strncmp(out->events_queue, "https://", 8) != 0 &&
        strncmp(out->events_queue, "http://", 7) != 0)
        return nr_err_set(err, NR_ERR_INVALID, "Function.InvalidSetting", "%s: must be %s, not \"%s\"",
                          events_queue.name, events_queue.form, out->events_queue);
    nr_buf_init(&out->cursor_key, NR_SECRET_MAX_BYTES);
    return 0;
}

static int read_database(struct query_settings *settings, int64_t deadline_mono_ms, struct nr_err *err)
{
    NR_SECRET_AUTO conninfo;

    nr_buf_init(&conninfo, NR_SECRET_MAX_BYTES);
    if (nr_secret_read(database, deadline_mono_ms, &conninfo, err) != 0)
        return -1;
    return nr_pg_new(&(struct nr_pg_options){.setting = database,
                                             .conninfo = nr_buf_text(&conninfo),
                                             .application_name = "narae-search_query",
                                             .connect_timeout_ms = settings->timeout_ms,
                                             .statement_timeout_ms = settings->timeout_ms},
                     &settings->pg, err);
}

/* Read for each search, so that a new key is everybody's minutes after it was put there. */
static int ask_for_key(const struct query_settings *settings, int64_t deadline_mono_ms, struct nr_buf *key,
                       struct nr_err *err)
{
    int64_t at_most = nr_clock_mono_ms() + KEY_WAIT_MS;

    if (settings->cursor_key.len && at_most < deadline_mono_ms)
        deadline_mono_ms = at_most;
    return nr_secret_read(cursor_key, deadline_mono_ms, key, err);
}

/* While it cannot be reached, the one at hand still serves. */
static int read_cursor_key(struct query_settings *settings, int64_t deadline_mono_ms, struct nr_err *err)
{
    NR_SECRET_AUTO key;
    struct nr_err why = {0};

    nr_buf_init(&key, NR_SECRET_MAX_BYTES);
    if (settings->cursor_key.len && nr_clock_mono_ms() < settings->key_quiet_mono_ms)
        return 0;
    if (ask_for_key(settings, deadline_mono_ms, &key, &why) != 0) {
        if (!settings->cursor_key.len || !nr_err_is_transient(&why)) {
            *err = why;
            return -1;
        }
        settings->key_quiet_mono_ms = nr_clock_mono_ms() + KEY_QUIET_MS;
        return 0;
    }
    if (key.len < CURSOR_KEY_MIN_BYTES) {
        nr_secret_forget(cursor_key); /* perhaps it is being mended */
        return nr_err_set(err, NR_ERR_INVALID, "Function.InvalidSetting",
                          "%s: must have at least %d bytes, not %zu", cursor_key, CURSOR_KEY_MIN_BYTES,
                          key.len);
    }
    nr_buf_reset(&settings->cursor_key);
    nr_buf_add(&settings->cursor_key, nr_buf_view(&key));
    return nr_buf_check(&settings->cursor_key, cursor_key, err);
}

int query_settings_read_secrets(struct query_settings *settings, int64_t deadline_mono_ms, struct nr_err *err)
{
    if (!settings->pg && read_database(settings, deadline_mono_ms, err) != 0)
        return -1;
    return read_cursor_key(settings, deadline_mono_ms, err);
}

void query_settings_forget_database(struct query_settings *settings)
{
    nr_secret_forget(database);
    nr_pg_free(settings->pg);
    settings->pg = NULL;
}

void query_settings_done(struct query_settings *settings)
{
    nr_pg_free(settings->pg);
    nr_secret_done(&settings->cursor_key);
    *settings = (struct query_settings){0};
}
