/* device_wave.h - how many messages of a batch can go to the registry together.
 *
 * Is:      pure: messages that follow one another and name no registration twice. What comes later about one
 *          of them has to wait until the first has been written.
 */
#ifndef NARAE_PUSH_DEVICE_WAVE_H
#define NARAE_PUSH_DEVICE_WAVE_H

#include <stddef.h>

#include "functions/push/device_event.h"

/* One statement for so many: large enough that the round trips do not count, small enough that comparing each
 * with each (125,000 pairs) does not either. */
enum { DEVICE_WAVE_MAX = 500 };

/* How many messages from `messages[0]` on form a wave; 0 only when n is 0. */
size_t device_wave_len(const struct device_message *const *messages, size_t n);

#endif
