/* payload.h - what FCM is certain to refuse, found before a byte is sent.
 *
 * Is:      pure checks of a message (FCM v1 Message without its target); each is a row of a table.
 * Is not:  a schema: fields that are not known here are passed through, since FCM's schema grows.
 * Source:  FCM REST reference, projects.messages and ErrorCode (payload 4,096 bytes, reserved keys, string
 *          values).
 */
#ifndef NARAE_PUSH_PAYLOAD_H
#define NARAE_PUSH_PAYLOAD_H

#include <narae/err.h>
#include <narae/json.h>

enum { PAYLOAD_MAX_BYTES = 4096 };

/* Returns 0, or -1: INVALID, Function.InvalidMessage, with the field's path. */
int payload_check(const struct nr_json_place *message, struct nr_err *err) NR_MUST_CHECK;

/* Keys and values of data and notification, which is what the limit counts. */
size_t payload_bytes(const json_t *message);

#endif
