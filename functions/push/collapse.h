/* collapse.h - keys that let a push which is sent twice replace itself on the device.
 *
 * Is:      pure: a message and its id in, the message with android tag, apns-collapse-id and web tag out,
 *          each only where the caller has set none.
 * Is not:  android's collapse_key: a device that is away keeps four different ones only, so a key made from
 *          every id would lose pushes.
 * Beware:  a data message on Android shows nothing by itself: replacing is then the app's business.
 * Source:  FCM AndroidNotification.tag; APNs "apns-collapse-id", at most 64 bytes; the Notification API's
 *          tag.
 */
#ifndef NARAE_PUSH_COLLAPSE_H
#define NARAE_PUSH_COLLAPSE_H

#include <jansson.h>

#include <narae/err.h>
#include <narae/view.h>

/* message  in   borrowed for the call; not changed
 * id       in   1 to 64 bytes
 * out      out  the caller's, json_decref(); shares what is unchanged with message
 * Returns 0, or -1: UNAVAILABLE (memory). */
int collapse_apply(const json_t *message, struct nr_view id, json_t **out, struct nr_err *err) NR_MUST_CHECK;

#endif
