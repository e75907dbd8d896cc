#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include <narae/clock.h>

#include "functions/push/ledger.h"

enum {
    /* What a death of the sandbox sends again at most. In this process a statement costs 85 us and 0.5 us a
     * result, of some 6 us for a push: half as many would cost another 6 %, twice as many save 3 %. */
    SOME_RESULTS = 250,
    SOME_AGE_MS = 100,   /* at a slower pace than 2,500 a second, which leaves time for it */
    SOME_WAIT_MS = 1000, /* answers wait in the sockets meanwhile: far below a request's time limit */
    QUIET_MS = 1000,     /* a database that is away is not asked at every answer */
    PAUSE_MS = 200,      /* between tries at the end */
};

void ledger_init(struct ledger *ledger, struct nr_pg *pg, int64_t holder)
{
    *ledger = (struct ledger){.pg = pg, .holder = holder};
}

void ledger_done(struct ledger *ledger)
{
    free(ledger->results);
    free(ledger->ids);
    *ledger = (struct ledger){0};
}

int ledger_add(struct ledger *ledger, const struct store_result *result, struct nr_err *err)
{
    if (ledger->n == ledger->cap) {
        size_t cap = ledger->cap ? ledger->cap * 2 : SOME_RESULTS;
        struct store_result *grown = realloc(ledger->results, cap * sizeof(*grown));

        if (!grown)
            return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.OutOfMemory", "no memory for %zu results",
                              cap);
        ledger->results = grown;
        ledger->cap = cap;
    }
    if (ledger->n == 0)
        ledger->oldest_mono_ms = nr_clock_mono_ms();
    ledger->results[ledger->n++] = *result;
    return 0;
}

int ledger_own_ids(struct ledger *ledger, struct nr_err *err)
{
    size_t need = 1;
    char *at;

    for (size_t i = 0; i < ledger->n; i++)
        need += ledger->results[i].message_id.len;
    at = malloc(need);
    if (!at)
        return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.OutOfMemory", "no memory for %zu ids",
                          ledger->n);
    free(ledger->ids);
    ledger->ids = at;
    for (size_t i = 0; i < ledger->n; i++) {
        struct nr_view *id = &ledger->results[i].message_id;

        memcpy(at, id->ptr, id->len);
        id->ptr = at;
        at += id->len;
    }
    return 0;
}

static int write_all_once(struct ledger *ledger, int64_t deadline_mono_ms, struct nr_err *err)
{
    struct store_meaning meanings[FCM_N_VERDICTS];
    size_t n_written;

    for (int i = 0; i < FCM_N_VERDICTS; i++) {
        const struct fcm_meaning *meaning = fcm_meaning((enum fcm_verdict)i);

        meanings[i] = (struct store_meaning){meaning->state, meaning->name};
    }
    if (store_finish_write(ledger->pg,
                           &(struct store_finished){.meanings = meanings,
                                                    .n_meanings = FCM_N_VERDICTS,
                                                    .results = ledger->results,
                                                    .n_results = ledger->n,
                                                    .holder = ledger->holder},
                           deadline_mono_ms, &n_written, err) != 0)
        return -1;
    ledger->n_written += n_written;
    ledger->n = 0;
    return 0;
}

void ledger_write_some(struct ledger *ledger)
{
    int64_t now_ms;
    struct nr_err ignored = {0}; /* ledger_write_all() will say what is wrong, if it still is */

    if (ledger->n == 0)
        return;
    now_ms = nr_clock_mono_ms();
    if ((ledger->n < SOME_RESULTS && now_ms - ledger->oldest_mono_ms < SOME_AGE_MS) ||
        now_ms < ledger->quiet_mono_ms)
        return;
    if (write_all_once(ledger, now_ms + SOME_WAIT_MS, &ignored) != 0)
        ledger->quiet_mono_ms = nr_clock_mono_ms() + QUIET_MS;
}

int ledger_write_all(struct ledger *ledger, int64_t deadline_mono_ms, struct nr_err *err)
{
    for (;;) {
        struct nr_err why = {0};

        if (ledger->n == 0 || write_all_once(ledger, deadline_mono_ms, &why) == 0)
            return 0;
        if (!nr_err_is_transient(&why) || nr_clock_left_ms(deadline_mono_ms) <= PAUSE_MS) {
            *err = why;
            return -1;
        }
        (void)poll(NULL, 0, PAUSE_MS);
    }
}
