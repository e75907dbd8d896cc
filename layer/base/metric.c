#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <string.h>

#include <narae/buf.h>
#include <narae/clock.h>
#include <narae/env.h>
#include <narae/log.h>
#include <narae/metric.h>

/* Whole numbers up to here are exact in a double. */
static const double whole_max = 9007199254740992.0; /* 2^53 */

/* One part of a namespace: what CloudWatch takes there, without the slash, which divides it, colon and blank. */
static const char scope_chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_#";

static const struct nr_env_text scope_setting = {
    "NARAE_METRIC_SCOPE", "1 to 128 letters, digits, '.', '-', '_' and '#'", "", NR_METRIC_SCOPE_MAX_BYTES};

static const char *scope = ""; /* borrowed from the environment; "" = none */

static int read_scope(const char **out, struct nr_err *err)
{
    const char *text;

    if (nr_env_get_text(&scope_setting, &text, err) != 0)
        return -1;
    if (text[strspn(text, scope_chars)] != '\0')
        return nr_err_set(err, NR_ERR_INVALID, "Function.InvalidSetting", "%s: \"%.64s\" is not %s",
                          scope_setting.name, text, scope_setting.form);
    *out = text;
    return 0;
}

/* Logged here, though the layer leaves that to others: who emits may be anybody's function, whose init knows
 * nothing of the scope; and metrics that go astray are no reason to stop what they count. */
static void set_up_scope(void)
{
    struct nr_err err = {0};

    if (read_scope(&scope, &err) != 0)
        nr_log_err(NR_LOG_WARN, "metrics are written without a scope", &err, NULL, 0);
}

/* Without floor(): libm would be one more library that every sandbox maps. */
static bool is_whole(double value)
{
    return value >= -whole_max && value <= whole_max && value == (double)(int64_t)value;
}

static void add_number(struct nr_buf *line, double value)
{
    if (is_whole(value))
        nr_buf_printf(line, "%" PRId64, (int64_t)value);
    else
        nr_buf_printf(line, "%.6g", value);
}

static void add_separator(struct nr_buf *line, bool *is_first)
{
    if (!*is_first)
        nr_buf_add_char(line, ',');
    *is_first = false;
}

static struct nr_view cut(struct nr_view value)
{
    size_t len = value.len;

    if (len <= NR_METRIC_DIMENSION_MAX_BYTES)
        return value;
    len = NR_METRIC_DIMENSION_MAX_BYTES;
    /* Not inside a character. */
    while (len > 0 && ((unsigned char)value.ptr[len] & 0xc0) == 0x80)
        len--;
    return nr_view_n(value.ptr, len);
}

static void add_namespace(struct nr_buf *line, const char *name_space)
{
    NR_BUF_AUTO whole;

    nr_buf_init(&whole, NR_LOG_RECORD_MAX_BYTES);
    nr_buf_printf(&whole, "%s%s%s", name_space, scope[0] ? "/" : "", scope);
    nr_buf_add_json_text(line, nr_buf_view(&whole));
}

/* What CloudWatch makes of the members at the root. */
static void add_directive(struct nr_buf *line, const char *name_space,
                          const struct nr_metric_dimension *dimensions, size_t n_dimensions,
                          const struct nr_metric *metrics, size_t n_metrics)
{
    bool is_first = true;

    nr_buf_printf(line, "\"_aws\":{\"Timestamp\":%" PRId64 ",\"CloudWatchMetrics\":[{\"Namespace\":",
                  nr_clock_wall_ms());
    add_namespace(line, name_space);
    nr_buf_add_text(line, ",\"Dimensions\":[[");
    for (size_t i = 0; i < n_dimensions; i++) {
        if (!dimensions[i].value.len)
            continue;
        add_separator(line, &is_first);
        nr_buf_add_json_text(line, nr_view(dimensions[i].name));
    }
    nr_buf_add_text(line, "]],\"Metrics\":[");
    is_first = true;
    for (size_t i = 0; i < n_metrics; i++) {
        if (!isfinite(metrics[i].value))
            continue;
        add_separator(line, &is_first);
        nr_buf_printf(line, "{\"Name\":\"%s\",\"Unit\":\"%s\"}", metrics[i].name, metrics[i].unit);
    }
    nr_buf_add_text(line, "]}]}");
}

static void add_members(struct nr_buf *line, const struct nr_metric_dimension *dimensions,
                        size_t n_dimensions, const struct nr_metric *metrics, size_t n_metrics)
{
    for (size_t i = 0; i < n_dimensions; i++) {
        if (!dimensions[i].value.len)
            continue;
        nr_buf_add_char(line, ',');
        nr_buf_add_json_text(line, nr_view(dimensions[i].name));
        nr_buf_add_char(line, ':');
        nr_buf_add_json_text(line, cut(dimensions[i].value));
    }
    for (size_t i = 0; i < n_metrics; i++) {
        if (!isfinite(metrics[i].value))
            continue;
        nr_buf_printf(line, ",\"%s\":", metrics[i].name);
        add_number(line, metrics[i].value);
    }
}

static size_t n_finite(const struct nr_metric *metrics, size_t n_metrics)
{
    size_t n = 0;

    for (size_t i = 0; i < n_metrics; i++)
        n += isfinite(metrics[i].value) ? 1 : 0;
    return n;
}

void nr_metric_emit(const char *name_space, const struct nr_metric_dimension *dimensions, size_t n_dimensions,
                    const struct nr_metric *metrics, size_t n_metrics)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    NR_BUF_AUTO line;

    nr_buf_init(&line, NR_LOG_RECORD_MAX_BYTES);
    if (n_dimensions > NR_METRIC_DIMENSIONS_MAX)
        n_dimensions = NR_METRIC_DIMENSIONS_MAX;
    if (n_metrics > NR_METRICS_MAX)
        n_metrics = NR_METRICS_MAX;
    if (n_finite(metrics, n_metrics) == 0)
        return;
    pthread_once(&once, set_up_scope);
    nr_buf_add_text(&line, "{\"level\":\"INFO\",");
    add_directive(&line, name_space, dimensions, n_dimensions, metrics, n_metrics);
    add_members(&line, dimensions, n_dimensions, metrics, n_metrics);
    nr_buf_add_text(&line, "}\n");
    nr_log_line(NR_LOG_INFO, nr_buf_view(&line));
}
