/* log.h - one record, one line, one write(2).
 *
 * Is:      JSON lines on standard error with timestamp, level, message, requestId, tenantId and the caller's
 *          fields; or text, as AWS_LAMBDA_LOG_FORMAT says ("JSON", "Text"; default Text as Lambda's).
 *          AWS_LAMBDA_LOG_LEVEL filters. Safe for threads.
 * Is not:  for secrets, registrations, tokens or payloads. Log ids, counts and durations.
 * Beware:  only the edge logs (runtime/loop.c and each function's main file); a library returns its error
 *          (metric.h has the one exception).
 * Source:  reference of keys and levels: Lambda Developer Guide, "monitoring-cloudwatchlogs-log-level".
 */
#ifndef NARAE_LOG_H
#define NARAE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <narae/buf.h>
#include <narae/err.h>
#include <narae/view.h>

enum nr_log_level { NR_LOG_TRACE, NR_LOG_DEBUG, NR_LOG_INFO, NR_LOG_WARN, NR_LOG_ERROR, NR_LOG_FATAL };

enum nr_log_field_kind { NR_LOG_FIELD_NONE = 0, NR_LOG_FIELD_TEXT, NR_LOG_FIELD_INT, NR_LOG_FIELD_BOOL };

/* One key and value; make it with nr_log_text(), nr_log_int() or nr_log_bool(). */
struct nr_log_field {
    const char *key;
    enum nr_log_field_kind kind;
    struct nr_view text;
    int64_t number;
};

static inline struct nr_log_field nr_log_text(const char *key, struct nr_view text)
{
    return (struct nr_log_field){key, NR_LOG_FIELD_TEXT, text, 0};
}

static inline struct nr_log_field nr_log_int(const char *key, int64_t number)
{
    return (struct nr_log_field){key, NR_LOG_FIELD_INT, {NULL, 0}, number};
}

static inline struct nr_log_field nr_log_bool(const char *key, bool is_true)
{
    return (struct nr_log_field){key, NR_LOG_FIELD_BOOL, {NULL, 0}, is_true};
}

/* nr_log(NR_LOG_INFO, "pushes sent", nr_log_int("sent", 3), nr_log_int("durationMs", 12)); */
#define nr_log(level, message, ...)                                                                          \
    nr_log_write(                                                                                            \
        (level), (message),                                                                                  \
        (const struct nr_log_field[]){{NULL, NR_LOG_FIELD_NONE, {NULL, 0}, 0}, __VA_ARGS__},                 \
        sizeof((const struct nr_log_field[]){{NULL, NR_LOG_FIELD_NONE, {NULL, 0}, 0}, __VA_ARGS__}) /        \
            sizeof(struct nr_log_field))

/* Write one record. Fields without a key are passed over. A record over NR_LOG_RECORD_MAX_BYTES is cut and
 * says so. */
void nr_log_write(enum nr_log_level level, const char *message, const struct nr_log_field *fields,
                  size_t n_fields);

/* One record for one failure: level, `message`, then errorType, errorKind, errorMessage and hint, then the
 * fields. */
void nr_log_err(enum nr_log_level level, const char *message, const struct nr_err *err,
                const struct nr_log_field *fields, size_t n_fields);

/* Write a finished line of JSON, newline included, as it is and whatever the level in force: metric.h's. */
void nr_log_line(enum nr_log_level level, struct nr_view line);

/* Would a record of this level be written? For work that only a record needs. */
bool nr_log_is_on(enum nr_log_level level);

/* The record of a process that is about to die, from a signal handler: level FATAL, no lock, no allocation.
 *
 * line  in/out  with memory of its own: data, cap and max_bytes (cap - 1) set by the caller */
void nr_log_last_words(struct nr_buf *line, const char *message, const struct nr_log_field *fields,
                       size_t n_fields);

/* Read format and level from the environment, and take the telemetry descriptor
 * (_LAMBDA_TELEMETRY_LOG_FD: read, unset, written to in frames); the first record does it by itself. */
void nr_log_setup(void);

/* The ids that every record of this thread carries from now on; borrowed until the next call; NULL or "" =
 * none. */
void nr_log_context(const char *request_id, const char *tenant_id);

/* Records go to this descriptor (default 2) as plain lines. Tests, and the runtime's modes. */
void nr_log_to(int fd);

enum { NR_LOG_RECORD_MAX_BYTES = 65536 };

#endif
