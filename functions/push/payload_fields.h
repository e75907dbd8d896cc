/* payload_fields.h - single fields of a message that FCM is certain to refuse.
 *
 * Is:      pure: a table of paths, each with its check; what is not in it is passed through.
 * Is not:  rules about the message as a whole (payload.h).
 * Beware:  only FCM's snake_case names are looked at; the camelCase ones that its JSON takes as well go
 *          through unchecked, and FCM judges them.
 * Source:  FCM REST reference, projects.messages; firebase-admin-go messaging_utils.go, whose checks these
 *          are.
 */
#ifndef NARAE_PUSH_PAYLOAD_FIELDS_H
#define NARAE_PUSH_PAYLOAD_FIELDS_H

#include <narae/err.h>
#include <narae/json.h>

/* Returns 0, or -1: INVALID, Function.InvalidMessage, with the field's path. */
int payload_fields_check(const struct nr_json_place *message, struct nr_err *err) NR_MUST_CHECK;

/* A map of strings whose keys FCM does not reserve. Returns as above. */
int payload_fields_data(const struct nr_json_place *data, struct nr_err *err) NR_MUST_CHECK;

#endif
