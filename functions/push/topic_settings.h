/* topic_settings.h - how fast, and by which API, topics are worked on.
 *
 * Is:      the table of environment variables; README has the same one.
 */
#ifndef NARAE_PUSH_TOPIC_SETTINGS_H
#define NARAE_PUSH_TOPIC_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include <narae/err.h>

struct topic_settings {
    int64_t rate;             /* calls a second of this sandbox */
    bool is_iid;              /* the older batch API, as long as it exists */
    const char *iid_endpoint; /* borrowed from the environment */
};

/* Returns 0, or -1: INVALID, naming the variable. */
int topic_settings_read(struct topic_settings *out, struct nr_err *err) NR_MUST_CHECK;

#endif
