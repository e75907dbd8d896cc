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

void h2_slot_rewind(struct h2_slot *slot)
{
    slot->stream_id = 0;
    slot->is_sent = slot->is_complete = slot->is_too_large = false;
    slot->part = slot->part_at = 0;
    slot->status = 0;
    slot->retry_after[0] = slot->date[0] = '\0';
    nr_buf_reset(&slot->body);
}
