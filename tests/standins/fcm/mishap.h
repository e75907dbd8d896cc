/* mishap.h - what goes wrong for anybody: a share of all sends, or every so-manieth.
 *
 * Is:      "mishaps" of the configuration: rules that answer in place of a registration's script.
 * Beware:  a send that a mishap answers does not move its registration's script on.
 */
#ifndef NARAE_STANDIN_FCM_MISHAP_H
#define NARAE_STANDIN_FCM_MISHAP_H

#include "tests/standins/fcm/chance.h"
#include "tests/standins/fcm/step.h"

struct mishaps;

/* Read a list of steps, each with "share" (0 to 1) or "every" (a number of sends), and perhaps "from" and
 * "to" (the first and the last send, counted from 1, that it may meet). NULL = none. Returns the rules,
 * mishaps_free(); NULL with the reason in why. */
struct mishaps *mishaps_new(json_t *list, char *why, size_t why_cap);
void mishaps_free(struct mishaps *mishaps);

/* The step that this send gets instead, by the first rule that meets it; false = none. Threads: safe. */
bool mishaps_next(struct mishaps *mishaps, struct chance *chance, struct step *out);

/* Do any of the steps need our own HTTP/2 listener? */
bool mishaps_have_faults(const struct mishaps *mishaps);

#endif
