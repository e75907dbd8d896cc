#include <stdlib.h>
#include <string.h>

#include "layer/io/h2_slot.h"

void h2_slot_append(struct h2_slot_list *list, struct h2_slot *slot)
{
    slot->before = list->last;
    slot->after = NULL;
    if (list->last)
        list->last->after = slot;
    else
        list->first = slot;
    list->last = slot;
}

void h2_slot_prepend(struct h2_slot_list *list, struct h2_slot *slot)
{
    slot->before = NULL;
    slot->after = list->first;
    if (list->first)
        list->first->before = slot;
    else
        list->last = slot;
    list->first = slot;
}

void h2_slot_remove(struct h2_slot_list *list, struct h2_slot *slot)
{
    if (slot->before)
        slot->before->after = slot->after;
    else
        list->first = slot->after;
    if (slot->after)
        slot->after->before = slot->before;
    else
        list->last = slot->before;
    slot->before = slot->after = NULL;
}

struct h2_slot *h2_slot_take(struct h2_slot_list *list)
{
    struct h2_slot *slot = list->first;

    if (slot)
        h2_slot_remove(list, slot);
    return slot;
}

void h2_slot_rewind(struct h2_slot *slot)
{
    slot->stream_id = 0;
    slot->is_framed = false;
    slot->part = slot->part_at = 0;
    slot->status = 0;
    slot->retry_after[0] = slot->date[0] = '\0';
    nr_buf_reset(&slot->body);
}

size_t h2_slot_read_body(struct h2_slot *slot, uint8_t *out, size_t cap, bool *is_end)
{
    size_t n = 0;

    for (; slot->part < NR_H2_BODY_PARTS_MAX; slot->part++, slot->part_at = 0) {
        struct nr_view part = slot->request.body[slot->part];
        size_t take = part.len - slot->part_at;

        if (take > cap - n)
            take = cap - n;
        if (take)
            memcpy(out + n, part.ptr + slot->part_at, take);
        n += take;
        slot->part_at += take;
        if (slot->part_at < part.len)
            break;
    }
    *is_end = slot->part == NR_H2_BODY_PARTS_MAX;
    return n;
}

void h2_slot_free_all(struct h2_slot_list *list)
{
    struct h2_slot *after;

    for (struct h2_slot *slot = list->first; slot; slot = after) {
        after = slot->after;
        nr_buf_done(&slot->body);
        free(slot);
    }
    *list = (struct h2_slot_list){0};
}
