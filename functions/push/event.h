/* event.h - one push message, read from the body of an SQS message.
 *
 * Is:      pure: text in, checked message out; the wire form is schema/push-message.schema.json.
 * Is not:  a judge of FCM's own rules; payload.h is.
 * Beware:  a message borrows from the JSON document that it owns; nothing of it outlives push_message_done().
 */
#ifndef NARAE_PUSH_EVENT_H
#define NARAE_PUSH_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include <narae/err.h>
#include <narae/view.h>

enum push_target { PUSH_TO_USERS, PUSH_TO_DEVICES, PUSH_TO_TOPIC, PUSH_TO_CONDITION };

enum {
    PUSH_ID_MAX_BYTES = 64,
    PUSH_USER_ID_MAX_BYTES = 64,
    /* A list this long is 10,000 sends: a second of FCM's whole default quota (600,000 a minute). Beyond it a
       topic is the tool. */
    PUSH_LIST_MAX = 10000,
};

struct push_message {
    json_t *doc; /* owned */
    struct nr_view id;
    enum push_target target;
    const json_t *list;      /* users or devices: an array of checked strings */
    struct nr_view name;     /* topic or condition */
    const json_t *message;   /* FCM's Message without a target */
    int64_t expires_unix_ms; /* not to be sent from then on; 0 = never */
    bool is_validate_only;
};

/* Read a message.
 *
 * body      in   borrowed for the call
 * position  in   index of the SQS record, for paths: "Records[3].body.to.users[0]: ..."
 * out       out  the caller's, push_message_done()
 * Returns 0, or -1: INVALID, Function.InvalidJson or Function.InvalidMessage; UNAVAILABLE (memory). */
int push_message_parse(struct nr_view body, size_t position, struct push_message *out,
                       struct nr_err *err) NR_MUST_CHECK;

/* Accepts a zeroed message. */
void push_message_done(struct push_message *message);

#endif
