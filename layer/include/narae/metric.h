/* metric.h - CloudWatch metrics as log lines (Embedded Metric Format).
 *
 * Is:      one line for one set of measurements, written where the log goes; CloudWatch makes metrics of it.
 * Is not:  a client of the CloudWatch API, nor an aggregator: count in your own variables, emit once per
 *          invocation.
 * Scope:   NARAE_METRIC_SCOPE stands behind the namespace of every line, so that two stacks of one Region do
 *          not count into each other's metrics: with "narae-prod" in it, "Narae/Push" becomes
 *          "Narae/Push/narae-prod". 1 to 128 letters, digits, '.', '-', '_' and '#'; not set or empty: the
 *          namespace alone. It is read for the first line of a process and kept; any other value is not used,
 *          and one record of level WARN says so in front of that line.
 * Beware:  each distinct set of dimension values is a metric that is paid for: never a request, user or
 *          device id as a dimension. Lambda's own level filter counts a line without `level` as INFO; the
 *          line carries `level` INFO, and metrics need ApplicationLogLevel INFO or lower.
 * Source:  CloudWatch User Guide, "Specification: Embedded metric format": at most 100 metrics and 30
 *          dimensions a line, dimension values of 1 to 1,024 characters; "CloudWatch concepts": what a
 *          namespace is written with, at most 255 characters.
 */
#ifndef NARAE_METRIC_H
#define NARAE_METRIC_H

#include <stddef.h>

#include <narae/view.h>

/* Units as CloudWatch spells them. */
#define NR_METRIC_COUNT        "Count"
#define NR_METRIC_MILLISECONDS "Milliseconds"
#define NR_METRIC_BYTES        "Bytes"
#define NR_METRIC_PERCENT      "Percent"
#define NR_METRIC_NONE         "None" /* ratios, hours: CloudWatch has no unit for them */

enum {
    NR_METRICS_MAX = 100,
    NR_METRIC_DIMENSIONS_MAX = 30,
    NR_METRIC_DIMENSION_MAX_BYTES = 1024,
    NR_METRIC_SCOPE_MAX_BYTES = 128
};

struct nr_metric {
    const char *name; /* "PushesSent"; static */
    const char *unit; /* one of NR_METRIC_... */
    double value;     /* not finite = left out */
};

struct nr_metric_dimension {
    const char *name;     /* "Platform"; static */
    struct nr_view value; /* empty = the dimension is left out; longer than the limit = cut */
};

/* Write one line. Everything is borrowed for the call.
 *
 * name_space  in  "Narae/Push"; at most 126 bytes, for the scope goes behind it
 * dimensions  in  one set, shared by all metrics of the line; n_dimensions 0 to NR_METRIC_DIMENSIONS_MAX,
 *                 what is above is left out
 * metrics     in  n_metrics 0 to NR_METRICS_MAX, what is above is left out; with none no line is written
 */
void nr_metric_emit(const char *name_space, const struct nr_metric_dimension *dimensions, size_t n_dimensions,
                    const struct nr_metric *metrics, size_t n_metrics);

#endif
