#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <narae/buf.h>
#include <narae/clock.h>
#include <narae/env.h>
#include <narae/log.h>

#include "log_sink.h"

static const char *const level_names[] = {"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"};
enum { N_LEVELS = sizeof(level_names) / sizeof(level_names[0]) };

static struct {
    bool is_set_up;
    bool is_json;
    enum nr_log_level least;
    pthread_mutex_t lock; /* of the line, and of the sink: records of two threads never mix */
    struct nr_buf line;   /* kept, so that a record allocates only while the line grows */
} log_state = {
    .least = NR_LOG_INFO, .lock = PTHREAD_MUTEX_INITIALIZER, .line = {.max_bytes = NR_LOG_RECORD_MAX_BYTES}};

/* Whose invocation this thread serves. The library is there from the start of the process, so the quick model
 * of thread-local storage holds, which a signal handler may use as well. */
static _Thread_local struct {
    const char *request_id;
    const char *tenant_id;
} context __attribute__((tls_model("initial-exec")));

/* Lambda offers the descriptor to the runtime alone: a child that finds the variable would write there,
 * too. */
static void take_telemetry(void)
{
    const char *text = nr_env_raw("_LAMBDA_TELEMETRY_LOG_FD");
    char *end;
    long long fd = text ? strtoll(text, &end, 10) : -1;

    if (text && *end == '\0' && fd >= 0 && fd <= INT_MAX)
        log_sink_frames_to((int)fd);
    if (text)
        unsetenv("_LAMBDA_TELEMETRY_LOG_FD");
}

/* The variables are set by Lambda and compared without case, as the managed runtimes do. Several invocations
 * at a time have only JSON (Lambda Developer Guide, "lambda-managed-instances"). */
void nr_log_setup(void)
{
    struct nr_view format = nr_view(nr_env_raw("AWS_LAMBDA_LOG_FORMAT"));
    struct nr_view level = nr_view(nr_env_raw("AWS_LAMBDA_LOG_LEVEL"));

    log_state.is_json =
        nr_view_is_nocase(format, NR_VIEW("JSON")) || nr_env_raw("AWS_LAMBDA_MAX_CONCURRENCY") != NULL;
    log_state.least = NR_LOG_INFO;
    for (int i = 0; i < N_LEVELS; i++)
        if (nr_view_is_nocase(level, nr_view(level_names[i])))
            log_state.least = (enum nr_log_level)i;
    take_telemetry();
    log_state.is_set_up = true;
}

void nr_log_context(const char *request_id, const char *tenant_id)
{
    context.request_id = request_id && request_id[0] ? request_id : NULL;
    context.tenant_id = tenant_id && tenant_id[0] ? tenant_id : NULL;
}

void nr_log_to(int fd)
{
    log_sink_to(fd);
}

bool nr_log_is_on(enum nr_log_level level)
{
    if (!log_state.is_set_up)
        nr_log_setup();
    return level >= log_state.least;
}

static void add_value(struct nr_buf *line, const struct nr_log_field *field)
{
    switch (field->kind) {
    case NR_LOG_FIELD_INT:
        nr_buf_add_int(line, field->number);
        break;
    case NR_LOG_FIELD_BOOL:
        nr_buf_add_text(line, field->number ? "true" : "false");
        break;
    default:
        nr_buf_add_json_text(line, field->text);
    }
}

static void add_json_pair(struct nr_buf *line, const struct nr_log_field *field)
{
    if (!field->key)
        return;
    nr_buf_add_char(line, ',');
    nr_buf_add_json_text(line, nr_view(field->key));
    nr_buf_add_char(line, ':');
    add_value(line, field);
}

static void add_text_pair(struct nr_buf *line, const struct nr_log_field *field)
{
    if (!field->key)
        return;
    nr_buf_add_char(line, ' ');
    nr_buf_add_text(line, field->key);
    nr_buf_add_char(line, '=');
    add_value(line, field);
}

static struct nr_log_field id_field(const char *key, const char *id)
{
    return id ? nr_log_text(key, nr_view(id)) : (struct nr_log_field){0};
}

static void begin_json(struct nr_buf *line, const char *time, const char *level, const char *message)
{
    const struct nr_log_field ids[] = {id_field("requestId", context.request_id),
                                       id_field("tenantId", context.tenant_id)};

    nr_buf_add_text(line, "{\"timestamp\":\"");
    nr_buf_add_text(line, time);
    nr_buf_add_text(line, "\",\"level\":\"");
    nr_buf_add_text(line, level);
    nr_buf_add_text(line, "\",\"message\":");
    nr_buf_add_json_text(line, nr_view(message));
    add_json_pair(line, &ids[0]);
    add_json_pair(line, &ids[1]);
}

static void begin_text(struct nr_buf *line, const char *time, const char *level, const char *message)
{
    const struct nr_log_field tenant = id_field("tenantId", context.tenant_id);
    const char *const words[] = {time, level, context.request_id ? context.request_id : "-"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        nr_buf_add_text(line, words[i]);
        nr_buf_add_char(line, ' ');
    }
    /* The message is ours, but may hold words from outside: a newline would make two records of one. */
    for (const char *c = message; *c; c++)
        nr_buf_add_char(line, (unsigned char)*c < 0x20 ? ' ' : *c);
    add_text_pair(line, &tenant);
}

/* Nothing from here on allocates in a line that has its memory, or calls what a signal handler may not. */
static void format_line(struct nr_buf *line, int64_t wall_ms, enum nr_log_level level, const char *message,
                        const struct nr_log_field *fields, size_t n_fields)
{
    char time[NR_CLOCK_RFC3339_BYTES];
    const char *name = level_names[(unsigned)level < N_LEVELS ? level : NR_LOG_ERROR];

    nr_clock_rfc3339(wall_ms, time);
    nr_buf_reset(line);
    (log_state.is_json ? begin_json : begin_text)(line, time, name, message);
    for (size_t i = 0; i < n_fields; i++)
        (log_state.is_json ? add_json_pair : add_text_pair)(line, &fields[i]);
    nr_buf_add_text(line, log_state.is_json ? "}\n" : "\n");
}

static void write_record(struct nr_buf *line, enum nr_log_level level, const char *message,
                         const struct nr_log_field *fields, size_t n_fields)
{
    int64_t wall_ms = nr_clock_wall_ms();

    format_line(line, wall_ms, level, message, fields, n_fields);
    if (line->is_bad) {
        const struct nr_log_field cut = nr_log_int("cutAtBytes", (int64_t)line->max_bytes);

        format_line(line, wall_ms, level, "a log record was too long and lost its fields", &cut, 1);
    }
    log_sink_write(level, log_state.is_json, wall_ms * 1000, nr_buf_view(line));
}

void nr_log_write(enum nr_log_level level, const char *message, const struct nr_log_field *fields,
                  size_t n_fields)
{
    if (!nr_log_is_on(level))
        return;
    pthread_mutex_lock(&log_state.lock);
    write_record(&log_state.line, level, message, fields, n_fields);
    pthread_mutex_unlock(&log_state.lock);
}

/* Without the lock: this very thread may have been stopped while it held it. */
void nr_log_last_words(struct nr_buf *line, const char *message, const struct nr_log_field *fields,
                       size_t n_fields)
{
    write_record(line, NR_LOG_FATAL, message, fields, n_fields);
}

void nr_log_line(enum nr_log_level level, struct nr_view line)
{
    if (!log_state.is_set_up)
        nr_log_setup();
    pthread_mutex_lock(&log_state.lock);
    log_sink_write(level, true, nr_clock_wall_ms() * 1000, line);
    pthread_mutex_unlock(&log_state.lock);
}

enum { ERR_FIELDS = 4, FIELDS_MAX = 16 };

void nr_log_err(enum nr_log_level level, const char *message, const struct nr_err *err,
                const struct nr_log_field *fields, size_t n_fields)
{
    struct nr_log_field all[ERR_FIELDS + FIELDS_MAX] = {
        nr_log_text("errorType", nr_view(err->type)),
        nr_log_text("errorKind", nr_view(nr_err_kind_name(err->kind))),
        nr_log_text("errorMessage", nr_view(err->message)),
        err->hint[0] ? nr_log_text("hint", nr_view(err->hint)) : (struct nr_log_field){0},
    };

    if (n_fields > FIELDS_MAX)
        n_fields = FIELDS_MAX;
    if (n_fields)
        memcpy(all + ERR_FIELDS, fields, n_fields * sizeof(*fields));
    nr_log_write(level, message, all, ERR_FIELDS + n_fields);
}
