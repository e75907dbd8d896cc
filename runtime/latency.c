#include <stdlib.h>

#include "runtime/latency.h"

static int compare(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a;
    int64_t right = *(const int64_t *)b;

    return (left > right) - (left < right);
}

/* The smallest time that at least `percent` of all do not exceed. */
static int64_t percentile(const int64_t *sorted, size_t n, size_t percent)
{
    return sorted[(n * percent + 99) / 100 - 1];
}

struct latency latency_of(int64_t *times_us, size_t n)
{
    int64_t first_us = times_us[0];

    qsort(times_us, n, sizeof(*times_us), compare);
    return (struct latency){
        .n = n,
        .first_us = first_us,
        .min_us = times_us[0],
        .median_us = percentile(times_us, n, 50),
        .p99_us = percentile(times_us, n, 99),
        .max_us = times_us[n - 1],
    };
}

void latency_format(struct nr_buf *out, const struct latency *latency)
{
    nr_buf_printf(out, "%zu invocation%s: first %.3f ms, min %.3f, median %.3f, p99 %.3f, max %.3f",
                  latency->n, latency->n == 1 ? "" : "s", (double)latency->first_us / 1000,
                  (double)latency->min_us / 1000, (double)latency->median_us / 1000,
                  (double)latency->p99_us / 1000, (double)latency->max_us / 1000);
}
