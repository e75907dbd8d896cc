/* h2_slot.h - one request on its way.
 *
 * Is:      what h2 keeps of a request from next() to done(), and the lists in which requests stand.
 * Is not:  a decision; h2_settle.h says what becomes of it.
 * Beware:  all requests of a client have the same time limit, so a connection's list is ordered by deadline
 *          because it is ordered by submission.
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
    struct h2_conn *conn; /* NULL while it waits to be sent */
    int32_t stream_id;
    int n_submitted;
    bool is_framed;       /* its HEADERS frame was made, at this byte of the connection's output */
    uint64_t framed_at;   /* bytes */
    size_t part, part_at; /* how far the body has been sent */
    int64_t started_us;   /* mono */
    int64_t deadline_ms;  /* mono */
    char content_length[24];
    int status; /* 0 until a reply began */
    struct nr_buf body;
    char retry_after[64];
    char date[64];
};

struct h2_slot_list {
    struct h2_slot *first, *last;
};

void h2_slot_append(struct h2_slot_list *list, struct h2_slot *slot);
void h2_slot_prepend(struct h2_slot_list *list, struct h2_slot *slot);
void h2_slot_remove(struct h2_slot_list *list, struct h2_slot *slot);

/* The first one, taken out; NULL when there is none. */
struct h2_slot *h2_slot_take(struct h2_slot_list *list);

/* Before each submission: as if nothing had been sent or received. */
void h2_slot_rewind(struct h2_slot *slot);

/* Copy the next at most cap bytes of the request's body; *is_end when they are the last. */
size_t h2_slot_read_body(struct h2_slot *slot, uint8_t *out, size_t cap, bool *is_end);

/* Release all slots of a list. */
void h2_slot_free_all(struct h2_slot_list *list);

#endif
