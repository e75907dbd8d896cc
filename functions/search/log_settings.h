/* log_settings.h - what search_log is told by its environment. README has the table. */
#ifndef NARAE_SEARCH_LOG_SETTINGS_H
#define NARAE_SEARCH_LOG_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include <narae/err.h>

#include "functions/search/pseudonym.h"

struct log_settings {
    const char *stream; /* name or ARN; the environment's */
    char region[32];    /* of an ARN; "" = the function's own */
    int64_t record_bytes, request_bytes, request_timeout_ms, http_max_bytes, http_max_events;
    bool is_by_session; /* events of a session share a partition key */
    struct pseudonym_key key;
    bool has_key;
};

/* Read all but the key. Returns 0, or -1: INVALID, Function.MissingSetting or Function.InvalidSetting. */
int log_settings_read(struct log_settings *out, struct nr_err *err) NR_MUST_CHECK;

/* Read the key of pseudonyms, each time: it is rotated. One that cannot be had now leaves the last one in
 * use. Returns 0, or -1 as nr_secret_read() and pseudonym_key_parse(). */
int log_settings_read_key(struct log_settings *settings, int64_t deadline_mono_ms,
                          struct nr_err *err) NR_MUST_CHECK;

/* Wipe the key. */
void log_settings_done(struct log_settings *settings);

#endif
