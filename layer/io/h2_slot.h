/* h2_slot.h - one request on its way.
 *
 * Is:      what h2 keeps of a request from next() to done(), and the list in which requests wait for their
 * deadline. Beware:  all requests of a client have the same time limit, so the list is ordered by deadline
 * because it is ordered by submission; a slot that is sent again goes to its end.
 */
#ifndef NARAE_IO_H2_SLOT_H
#define NARAE_IO_H2_SLOT_H

#include <stdbool.h>
#include <stdint.h>

#include <narae/buf.h>
#include <narae/h2.h>

struct h2_conn;

struct h2_slot {
    struct nr_h2_request request;
    struct h2_slot *before, *after;
    struct h2_conn *conn; /* NULL while it waits to be sent again */
    int32_t stream_id;
    int tries;        /* submissions so far */
    bool is_sent;     /* a frame of it left nghttp2: from then on it may have been processed */
    bool is_complete; /* the reply has ended */
    bool is_too_large;
    int64_t started_us;
    int64_t deadline_mono_ms;
    size_t part, part_at; /* how far the body has been sent */
    char content_length[24];
    int status;
    struct nr_buf body;
    char retry_after[64];
    char date[64];
};

struct h2_slot_list {
    struct h2_slot *first, *last;
};

void h2_slot_append(struct h2_slot_list *list, struct h2_slot *slot);
void h2_slot_remove(struct h2_slot_list *list, struct h2_slot *slot);

/* Before each submission: as if nothing had been sent or received. */
void h2_slot_rewind(struct h2_slot *slot);

#endif
