/* fault.h - what a connection can do to an answer, by name.
 *
 * Is:      pure; one table: the name, whether FCM has acted upon the message all the same, and how it is
 *          told.
 * Beware:  only the stand-in's own HTTP/2 listener can do these; nghttpx would repair most of them.
 * Source:  RFC 9113: REFUSED_STREAM (section 8.7), GOAWAY (6.8); FCM clients' reports of each, see README.md.
 */
#ifndef NARAE_STANDIN_FCM_FAULT_H
#define NARAE_STANDIN_FCM_FAULT_H

#include <stdbool.h>

enum fault {
    FAULT_NONE,
    /* Not acted upon. */
    FAULT_REFUSE,        /* RST_STREAM(REFUSED_STREAM): provably unread */
    FAULT_RESET,         /* RST_STREAM(INTERNAL_ERROR): the client cannot know */
    FAULT_CUT,           /* the connection is closed with a TCP RST: the client cannot know */
    FAULT_GOAWAY_BEFORE, /* GOAWAY with the id before this one: this and later streams are provably unread */
    FAULT_STALL,         /* never answered */
    /* Acted upon. */
    FAULT_RESET_AFTER, /* RST_STREAM(INTERNAL_ERROR) instead of the answer: delivered, yet unknown */
    FAULT_RESET_MID,   /* the same after the answer's head and half of its body */
    FAULT_CUT_AFTER,   /* the connection is closed instead of the answer: delivered, yet unknown */
    FAULT_GOAWAY,      /* answered, and no further stream is taken on this connection */
    FAULT_COUNT
};

/* The fault of that name; FAULT_COUNT when there is none. */
enum fault fault_find(const char *name);
const char *fault_name(enum fault fault);

/* Does the message count as sent? */
bool fault_is_acted_upon(enum fault fault);

#endif
