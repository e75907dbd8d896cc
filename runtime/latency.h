/* latency.h - what many times of the same thing come to.
 *
 * Is:      pure; times in, four of them out.
 * Source:  nearest-rank percentiles: each figure is a time that was seen, none is made up between two.
 */
#ifndef NARAE_RUNTIME_LATENCY_H
#define NARAE_RUNTIME_LATENCY_H

#include <stddef.h>
#include <stdint.h>

#include <narae/buf.h>

struct latency {
    size_t n;
    int64_t first_us, min_us, median_us, p99_us, max_us; /* first: the one that found nothing warm */
};

/* times_us: n of them, at least 1, in the order they came; sorted when it returns. */
struct latency latency_of(int64_t *times_us, size_t n);

/* One line without its end: "1000 invocations: first 0.912 ms, min 0.003, median 0.004, p99 0.011, max
 * 0.912". */
void latency_format(struct nr_buf *out, const struct latency *latency);

#endif
