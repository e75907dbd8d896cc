/* h2_client.h - what a client of h2.h holds; for the h2 files only.
 *
 * Is:      the connections, the slots that wait or are spare, and the state of one run.
 * Beware:  the last group of fields means something only during nr_h2_run().
 */
#ifndef NARAE_IO_H2_CLIENT_H
#define NARAE_IO_H2_CLIENT_H

#include <narae/h2.h>

#include "layer/io/h2_conn.h"
#include "layer/io/h2_site.h"
#include "layer/io/h2_slot.h"

struct nr_h2 {
    struct h2_site site;
    struct nr_h2_options options; /* with defaults filled in; origin and user_agent are not kept here */
    char *user_agent;
    struct nr_h2_stats stats;
    struct h2_conn *conns;       /* options.max_connections of them */
    struct pollfd *polls;        /* as many */
    struct h2_slot_list spare;   /* for reuse: never more than were ever in flight */
    struct h2_slot_list waiting; /* to be sent: one that has just been taken, or came back unprocessed */

    const struct nr_h2_work *work; /* NULL outside of a run */
    int64_t deadline_ms;           /* of the run, mono */
    int64_t ask_mono_ms;           /* next() has nothing before; 0 = ask at once */
    bool is_exhausted;             /* next() had no more */
    bool is_full_grown;            /* a further connection failed: go on with those there are */
    int n_barren;                  /* connections lost in a row that had answered nothing */
    int n_given_up;                /* requests in a row that were refused to the end */
    struct nr_err why;             /* why taking has stopped; kind NONE = it has not */
};

/* Take no more requests. What waits is done; what is in flight goes on. The first reason stays. */
void h2_stop(struct nr_h2 *h2, const struct nr_err *why);

static inline bool h2_is_stopped(const struct nr_h2 *h2)
{
    return h2->why.kind != NR_ERR_NONE;
}

#endif
