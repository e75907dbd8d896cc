#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <narae/buf.h>
#include <narae/clock.h>
#include <narae/env.h>
#include <narae/log.h>

static const char *const level_names[] = {"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"};
enum { N_LEVELS = sizeof(level_names) / sizeof(level_names[0]) };

static struct {
    bool is_set_up;
    bool is_json;
    enum nr_log_level least;
    int fd;
    const char *request_id;
    const char *tenant_id;
    struct nr_buf line; /* kept, so that a record allocates only while the line grows */
} log_state = {.least = NR_LOG_INFO, .fd = STDERR_FILENO, .line = {.max_bytes = NR_LOG_RECORD_MAX_BYTES}};

/* Both variables are set by Lambda and compared without case, as the managed runtimes do. */
void nr_log_setup(void)
{
    struct nr_view format = nr_view(nr_env_raw("AWS_LAMBDA_LOG_FORMAT"));
    struct nr_view level = nr_view(nr_env_raw("AWS_LAMBDA_LOG_LEVEL"));

    log_state.is_json = nr_view_is_nocase(format, NR_VIEW("JSON"));
    log_state.least = NR_LOG_INFO;
    for (int i = 0; i < N_LEVELS; i++)
        if (nr_view_is_nocase(level, nr_view(level_names[i])))
            log_state.least = (enum nr_log_level)i;
    log_state.is_set_up = true;
}

void nr_log_context(const char *request_id, const char *tenant_id)
{
    log_state.request_id = request_id && request_id[0] ? request_id : NULL;
    log_state.tenant_id = tenant_id && tenant_id[0] ? tenant_id : NULL;
}

void nr_log_to(int fd)
{
    log_state.fd = fd;
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
        nr_buf_printf(line, "%" PRId64, field->number);
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
    nr_buf_printf(line, " %s=", field->key);
    add_value(line, field);
}

static void begin_json(struct nr_buf *line, const char *time, const char *level, const char *message)
{
    nr_buf_printf(line, "{\"timestamp\":\"%s\",\"level\":\"%s\",\"message\":", time, level);
    nr_buf_add_json_text(line, nr_view(message));
    if (log_state.request_id)
        add_json_pair(
            line, &(struct nr_log_field){"requestId", NR_LOG_FIELD_TEXT, nr_view(log_state.request_id), 0});
    if (log_state.tenant_id)
        add_json_pair(line,
                      &(struct nr_log_field){"tenantId", NR_LOG_FIELD_TEXT, nr_view(log_state.tenant_id), 0});
}

static void begin_text(struct nr_buf *line, const char *time, const char *level, const char *message)
{
    nr_buf_printf(line, "%s %s %s ", time, level, log_state.request_id ? log_state.request_id : "-");
    /* The message is ours, but may hold words from outside: a newline would make two records of one. */
    for (const char *c = message; *c; c++)
        nr_buf_add_char(line, (unsigned char)*c < 0x20 ? ' ' : *c);
}

static void format_line(struct nr_buf *line, enum nr_log_level level, const char *message,
                        const struct nr_log_field *fields, size_t n_fields)
{
    char time[NR_CLOCK_RFC3339_BYTES];
    const char *name = level_names[(unsigned)level < N_LEVELS ? level : NR_LOG_ERROR];

    nr_clock_rfc3339(nr_clock_wall_ms(), time);
    nr_buf_reset(line);
    (log_state.is_json ? begin_json : begin_text)(line, time, name, message);
    for (size_t i = 0; i < n_fields; i++)
        (log_state.is_json ? add_json_pair : add_text_pair)(line, &fields[i]);
    nr_buf_add_text(line, log_state.is_json ? "}\n" : "\n");
}

/* Nobody can be told that a log line was lost, so an error ends the attempt. */
static void write_all(int fd, struct nr_view bytes)
{
    while (bytes.len) {
        ssize_t n = write(fd, bytes.ptr, bytes.len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return;
        bytes.ptr += n;
        bytes.len -= (size_t)n;
    }
}

void nr_log_write(enum nr_log_level level, const char *message, const struct nr_log_field *fields,
                  size_t n_fields)
{
    if (!nr_log_is_on(level))
        return;
    format_line(&log_state.line, level, message, fields, n_fields);
    if (log_state.line.is_bad) {
        const struct nr_log_field cut = nr_log_int("cutAtBytes", NR_LOG_RECORD_MAX_BYTES);

        format_line(&log_state.line, level, "a log record was too long and lost its fields", &cut, 1);
    }
    write_all(log_state.fd, nr_buf_view(&log_state.line));
}

void nr_log_line(enum nr_log_level level, struct nr_view line)
{
    (void)level;
    write_all(log_state.fd, line);
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
