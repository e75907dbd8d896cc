#include <inttypes.h>
#include <math.h>

#include <narae/buf.h>
#include <narae/clock.h>
#include <narae/log.h>
#include <narae/metric.h>

/* Whole numbers up to here are exact in a double. */
static const double whole_max = 9007199254740992.0; /* 2^53 */

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

/* What CloudWatch makes of the members at the root. */
static void add_directive(struct nr_buf *line, const char *name_space,
                          const struct nr_metric_dimension *dimensions, size_t n_dimensions,
                          const struct nr_metric *metrics, size_t n_metrics)
{
    bool is_first = true;

    nr_buf_printf(line, "\"_aws\":{\"Timestamp\":%" PRId64 ",\"CloudWatchMetrics\":[{\"Namespace\":",
                  nr_clock_wall_ms());
    nr_buf_add_json_text(line, nr_view(name_space));
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
    NR_BUF_AUTO line;

    nr_buf_init(&line, NR_LOG_RECORD_MAX_BYTES);
    if (n_dimensions > NR_METRIC_DIMENSIONS_MAX)
        n_dimensions = NR_METRIC_DIMENSIONS_MAX;
    if (n_metrics > NR_METRICS_MAX)
        n_metrics = NR_METRICS_MAX;
    if (n_finite(metrics, n_metrics) == 0)
        return;
    nr_buf_add_text(&line, "{\"level\":\"INFO\",");
    add_directive(&line, name_space, dimensions, n_dimensions, metrics, n_metrics);
    add_members(&line, dimensions, n_dimensions, metrics, n_metrics);
    nr_buf_add_text(&line, "}\n");
    nr_log_line(NR_LOG_INFO, nr_buf_view(&line));
}
