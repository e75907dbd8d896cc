/* h2_feed.h - requests from the caller.
 *
 * Is:      asking next(), and remembering what it said: one request ahead, none before its time, no more.
 * Is not:  where a request goes (h2_run.c).
 */
#ifndef NARAE_IO_H2_FEED_H
#define NARAE_IO_H2_FEED_H

#include <stdbool.h>

#include "layer/io/h2_client.h"

/* Is a request waiting to be sent? Asks the caller for one when none is. */
bool h2_feed(struct nr_h2 *h2);

#endif
