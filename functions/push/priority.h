/* priority.h - may a message wait a minute?
 *
 * Is:      pure: what the message itself says, for each platform that it has words for.
 * Beware:  a message that says nothing is urgent: only who asks for less gets less.
 */
#ifndef NARAE_PUSH_PRIORITY_H
#define NARAE_PUSH_PRIORITY_H

#include <stdbool.h>

#include <jansson.h>

/* Does it ask for normal or low priority somewhere, and for high nowhere? */
bool priority_allows_delay(const json_t *message);

#endif
