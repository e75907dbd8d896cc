#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include <narae/clock.h>

#include "layer/io/h2_client.h"
#include "layer/io/h2_feed.h"
#include "layer/io/h2_settle.h"

enum {
    /* Silent for longer, a connection must answer a PING before it is given requests: one that died unseen
     * would turn a whole burst into "maybe". */
    PROBE_AFTER_MS = 1000,
    PROBE_TIMEOUT_MS = 2000, /* many times a round trip, and little beside a request's time limit */
};

/* NOLINTBEGIN(bugprone-macro-parentheses): a name that is declared takes no parentheses */
#define EACH_CONN(h2, conn)                                                                                  \
    for (struct h2_conn *conn = (h2)->conns; conn < (h2)->conns + (h2)->options.max_connections; conn++)
/* NOLINTEND(bugprone-macro-parentheses) */

static bool is_usable(const struct h2_conn *conn)
{
    return conn->state == H2_CONN_READY && !conn->is_retired;
}

static bool is_coming(const struct h2_conn *conn)
{
    return conn->state == H2_CONN_CONNECTING || conn->state == H2_CONN_HANDSHAKE ||
           conn->state == H2_CONN_PROBING;
}

void h2_stop(struct nr_h2 *h2, const struct nr_err *why)
{
    struct h2_slot *slot;

    if (!h2_is_stopped(h2))
        h2->why = *why;
    while ((slot = h2_slot_take(&h2->waiting)))
        h2_settle_unsent(h2, slot, why);
}

/* --- which requests go ---------------------------------------------------------------------------------- */

static int64_t time_needed_ms(const struct nr_h2 *h2)
{
    return h2->options.request_timeout_ms;
}

/* Without the time that a request may take, it is not begun: it could end as "maybe". */
static bool has_time(struct nr_h2 *h2)
{
    struct nr_err why = {0};
    int64_t left_ms = nr_clock_left_ms(h2->deadline_ms);

    if (left_ms >= time_needed_ms(h2))
        return true;
    nr_err_set(&why, NR_ERR_DEADLINE, NULL, "%lld ms are left, and a request to \"%s\" may take %lld ms",
               (long long)left_ms, h2->site.name, (long long)time_needed_ms(h2));
    h2_stop(h2, &why);
    return false;
}

static struct h2_conn *conn_with_room(struct nr_h2 *h2)
{
    EACH_CONN(h2, conn)
    if (h2_conn_has_room(conn, h2->options.max_streams))
        return conn;
    return NULL;
}

static void submit(struct nr_h2 *h2, struct h2_conn *conn)
{
    struct h2_slot *slot = h2_slot_take(&h2->waiting);
    struct nr_err why = {0};

    if (slot->n_submitted > 0)
        h2->stats.resubmissions++;
    if (h2_session_submit(conn, slot, &why) == 0)
        return;
    h2_settle_unsent(h2, slot, &why);
    h2_stop(h2, &why);
}

/* --- connections ---------------------------------------------------------------------------------------- */

static void open_one(struct nr_h2 *h2, struct h2_conn *conn);

/* A connection could not be made. The host may have moved since it was looked up. With another connection at
 * work it is no reason to stop. */
static void connect_failed(struct nr_h2 *h2, struct h2_conn *conn, const struct nr_err *why)
{
    bool may_have_moved = h2->site.is_old && why->kind == NR_ERR_UNAVAILABLE;

    h2_conn_close(conn);
    h2_site_forget(&h2->site);
    if (may_have_moved) {
        open_one(h2, conn);
        return;
    }
    h2->is_full_grown = true;
    EACH_CONN(h2, other)
    if (is_usable(other))
        return;
    h2_stop(h2, why);
}

static void advance(struct nr_h2 *h2, struct h2_conn *conn)
{
    struct nr_err why = {0};

    if (h2_conn_advance(conn, &why) < 0)
        connect_failed(h2, conn, &why);
    else if (conn->state == H2_CONN_READY)
        h2->stats.connections_opened++;
}

static void open_one(struct nr_h2 *h2, struct h2_conn *conn)
{
    struct nr_err why = {0};

    if (h2_site_resolve(&h2->site, &why) != 0) {
        connect_failed(h2, conn, &why);
        return;
    }
    h2_conn_open(conn, &h2->site, h2->options.connect_timeout_ms);
    advance(h2, conn);
}

/* All connections are full: one more, unless one is coming, or growing has failed and there is another
 * way. */
static void grow(struct nr_h2 *h2)
{
    struct h2_conn *unused = NULL;
    bool has_usable = false;

    EACH_CONN(h2, conn)
    {
        if (is_coming(conn))
            return;
        if (is_usable(conn))
            has_usable = true;
        if (conn->state == H2_CONN_FREE && !unused)
            unused = conn;
    }
    if (unused && !(h2->is_full_grown && has_usable))
        open_one(h2, unused);
}

static void launch(struct nr_h2 *h2)
{
    while (h2_feed(h2) && has_time(h2)) {
        struct h2_conn *conn = conn_with_room(h2);

        if (!conn) {
            grow(h2);
            return;
        }
        submit(h2, conn);
    }
}

/* Writing has failed; what the server said before it hung up may still be read: answers, and a GOAWAY that
 * says what was not processed. */
static void lose_after_write(struct nr_h2 *h2, struct h2_conn *conn, struct nr_err *why)
{
    struct nr_err last = {0};

    do {
        if (h2_conn_read(conn, &last) != 0 && conn->has_goaway)
            *why = last;
    } while (conn->has_more);
    h2_settle_lost(h2, conn, why);
}

/* True when all are still there; else there may be room for another one now. */
static bool flush(struct nr_h2 *h2)
{
    bool is_whole = true;

    EACH_CONN(h2, conn)
    {
        struct nr_err why = {0};

        if (!conn->session)
            continue;
        if (conn->is_retired && conn->n_active == 0)
            h2_conn_lost(conn, "it answered nothing for too long", &why);
        if (h2_conn_write(conn, &why) == 0 && why.kind == NR_ERR_NONE)
            continue;
        lose_after_write(h2, conn, &why);
        is_whole = false;
    }
    return is_whole;
}

static void receive(struct nr_h2 *h2, struct h2_conn *conn)
{
    struct nr_err why = {0};

    if (!conn->session)
        advance(h2, conn);
    else if (h2_conn_read(conn, &why) != 0)
        h2_settle_lost(h2, conn, &why);
}

/* --- time ----------------------------------------------------------------------------------------------- */

/* now_ms: when the socket was last looked at. A reply that came while this process was busy, or was not given
 * the processor, came in time: to take it for late would send the request again. */
static void expire_slots(struct nr_h2 *h2, struct h2_conn *conn, int64_t now_ms)
{
    struct h2_slot *slot;
    struct nr_err why = {0};

    nr_err_set(&why, NR_ERR_UNAVAILABLE, "Function.RequestTimeout", "no reply from \"%s\" within %lld ms",
               h2->site.name, (long long)h2->options.request_timeout_ms);
    while ((slot = conn->slots.first) && slot->deadline_ms <= now_ms) {
        /* Nothing at all came since it was sent: the connection itself is in doubt. */
        if (conn->used_mono_ms <= slot->started_us / 1000)
            conn->is_retired = true;
        h2_session_cancel(conn, slot);
        h2_settle_failed(h2, slot, &why);
    }
}

/* looked_ms: all that had come by then was read, but for what a connection still has. */
static void expire(struct nr_h2 *h2, int64_t looked_ms)
{
    int64_t now_ms = nr_clock_mono_ms();

    EACH_CONN(h2, conn)
    {
        if (!conn->has_more && conn->slots.first && conn->slots.first->deadline_ms <= looked_ms)
            expire_slots(h2, conn, looked_ms);
        if (h2_conn_patience_ms(conn) > now_ms)
            continue;
        if (conn->state == H2_CONN_PROBING)
            h2_conn_close(conn);
        else
            advance(h2, conn);
    }
}

static int poll_timeout_ms(const struct nr_h2 *h2)
{
    int64_t until_ms = h2->ask_mono_ms && !h2->waiting.first ? h2->ask_mono_ms : NR_CLOCK_NEVER_MS;
    int64_t left_ms;

    EACH_CONN(h2, conn)
    {
        int64_t patience_ms = h2_conn_patience_ms(conn);

        if (conn->has_more)
            return 0;
        if (patience_ms < until_ms)
            until_ms = patience_ms;
        if (conn->slots.first && conn->slots.first->deadline_ms < until_ms)
            until_ms = conn->slots.first->deadline_ms;
    }
    left_ms = nr_clock_left_ms(until_ms);
    return left_ms > 1000 ? 1000 : (int)left_ms; /* a replaced clock is looked at once a second */
}

static void wait_and_receive(struct nr_h2 *h2)
{
    nfds_t n = (nfds_t)h2->options.max_connections;
    int64_t looked_ms;

    for (nfds_t i = 0; i < n; i++) {
        h2->polls[i].fd = h2->conns[i].fd; /* poll(2) passes over negative ones */
        h2->polls[i].events = (short)(POLLIN | (h2->conns[i].wants_write ? POLLOUT : 0));
        h2->polls[i].revents = 0;
    }
    looked_ms = nr_clock_mono_ms();
    (void)poll(h2->polls, n, poll_timeout_ms(h2)); /* after a signal, revents are all 0 */
    for (nfds_t i = 0; i < n; i++)
        if (h2->conns[i].fd >= 0 && (h2->polls[i].revents || h2->conns[i].has_more))
            receive(h2, &h2->conns[i]);
    expire(h2, looked_ms);
}

/* --- a run ---------------------------------------------------------------------------------------------- */

static int64_t probe_timeout_ms(const struct nr_h2 *h2)
{
    int64_t connect_ms = h2->options.connect_timeout_ms;

    return connect_ms < PROBE_TIMEOUT_MS ? connect_ms : PROBE_TIMEOUT_MS;
}

/* What happened to the connections since the last run? */
static void look_after_pause(struct nr_h2 *h2)
{
    EACH_CONN(h2, conn)
    {
        struct nr_err ignored = {0};
        int64_t silence_ms = h2_conn_silence_ms(conn);

        if (conn->state != H2_CONN_READY)
            continue;
        if (silence_ms > h2->options.idle_max_ms || h2_conn_read(conn, &ignored) != 0 || conn->is_retired)
            h2_conn_close(conn);
        else if (silence_ms > PROBE_AFTER_MS)
            h2_conn_probe(conn, probe_timeout_ms(h2));
    }
}

static bool is_over(const struct nr_h2 *h2)
{
    if (h2->waiting.first || (!h2->is_exhausted && !h2_is_stopped(h2)))
        return false;
    EACH_CONN(h2, conn)
    if (conn->slots.first)
        return false;
    return true;
}

static void begin_run(struct nr_h2 *h2, const struct nr_h2_work *work, int64_t deadline_mono_ms)
{
    h2->work = work;
    h2->deadline_ms = deadline_mono_ms;
    h2->ask_mono_ms = 0;
    h2->is_exhausted = false;
    h2->is_full_grown = false;
    h2->n_barren = 0;
    h2->n_given_up = 0;
    nr_err_reset(&h2->why);
}

static void end_run(struct nr_h2 *h2)
{
    (void)flush(h2); /* answers to the server's frames, RST_STREAM */
    EACH_CONN(h2, conn)
    {
        if (conn->state == H2_CONN_READY)
            h2_conn_touch(conn);
        else
            h2_conn_close(conn);
    }
    h2->work = NULL;
}

int nr_h2_run(struct nr_h2 *h2, const struct nr_h2_work *work, int64_t deadline_mono_ms, struct nr_err *err)
{
    if (h2->work)
        return nr_err_set(err, NR_ERR_BUG, NULL, "nr_h2_run() was called from one of its callbacks");
    begin_run(h2, work, deadline_mono_ms);
    look_after_pause(h2);
    do {
        launch(h2);
        if (flush(h2) && !is_over(h2))
            wait_and_receive(h2);
    } while (!is_over(h2));
    end_run(h2);
    if (!h2_is_stopped(h2))
        return 0;
    *err = h2->why;
    return -1;
}
