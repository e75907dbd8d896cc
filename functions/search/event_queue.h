/* event_queue.h - search events on their way to search_log's queue.
 *
 * Is:      SQS SendMessage within a small budget of time.
 * Is not:  a promise: a search that was answered is worth more than its event. What cannot be sent is lost,
 *          and counted.
 * Beware:  after a failure nothing is sent for a while, since each search would wait for the whole budget.
 * Source:  Amazon SQS API Reference, "SendMessage" (AWS JSON protocol).
 */
#ifndef NARAE_SEARCH_EVENT_QUEUE_H
#define NARAE_SEARCH_EVENT_QUEUE_H

#include <stdint.h>

#include <narae/attr.h>
#include <narae/err.h>
#include <narae/view.h>

enum { EVENT_QUEUE_PAUSE_MS = 10 * 1000 /* about as long as a failing dependency takes to be replaced */ };

struct event_queue {
    const char *url;              /* borrowed; "" = events are not wanted */
    int64_t timeout_ms;           /* for one event */
    int64_t paused_until_mono_ms; /* 0 = not paused */
    int64_t n_lost;               /* since the sandbox started */
};

enum event_queue_result {
    EVENT_QUEUE_SENT,
    EVENT_QUEUE_LOST,
    EVENT_QUEUE_FAILED /* lost, and `err` says why */
};

/* Send one event.
 *
 * deadline_mono_ms  in   what the invocation can spare; the queue's own budget binds beside it
 * err               out  set only with EVENT_QUEUE_FAILED: once for each pause */
enum event_queue_result event_queue_send(struct event_queue *queue, struct nr_view event,
                                         int64_t deadline_mono_ms, struct nr_err *err) NR_MUST_CHECK;

#endif
