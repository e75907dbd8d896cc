#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include <narae/tls.h>

#include "layer/io/h2_client.h"

/* What zero means and what may be given; offsets keep the checks in one loop. */
static const struct {
    const char *name;
    const char *unit;
    int64_t min, max, fallback;
} limits[] = {
    {"max_connections", "", 1, 64, 4},
    {"max_streams", "", 1, 1000, 100},
    {"connect_timeout_ms", " ms", 1, 600000, 5000},
    {"request_timeout_ms", " ms", 1, 600000, 10000},
    {"idle_max_ms", " ms", 1, 3600000, 45000},
    {"reply_max_bytes", " bytes", 1, (int64_t)64 * 1024 * 1024, 65536},
};

static int pick(size_t i, int64_t given, int64_t *out, struct nr_err *err)
{
    if (given != 0 && (given < limits[i].min || given > limits[i].max))
        return nr_err_set(err, NR_ERR_INVALID, "Function.InvalidSetting",
                          "%s must be %lld to %lld%s, not \"%lld\"", limits[i].name, (long long)limits[i].min,
                          (long long)limits[i].max, limits[i].unit, (long long)given);
    *out = given ? given : limits[i].fallback;
    return 0;
}

static int fill_options(struct nr_h2_options *out, const struct nr_h2_options *in, struct nr_err *err)
{
    const size_t reply_max = in->reply_max_bytes > INT64_MAX ? INT64_MAX : in->reply_max_bytes;
    const int64_t given[] = {in->max_connections,    in->max_streams, in->connect_timeout_ms,
                             in->request_timeout_ms, in->idle_max_ms, (int64_t)reply_max};
    int64_t picked[sizeof(given) / sizeof(given[0])];

    for (size_t i = 0; i < sizeof(given) / sizeof(given[0]); i++)
        if (pick(i, given[i], &picked[i], err) != 0)
            return -1;
    *out = (struct nr_h2_options){.max_connections = (int)picked[0],
                                  .max_streams = (int)picked[1],
                                  .connect_timeout_ms = picked[2],
                                  .request_timeout_ms = picked[3],
                                  .idle_max_ms = picked[4],
                                  .reply_max_bytes = (size_t)picked[5]};
    return 0;
}

static int no_memory(struct nr_err *err)
{
    return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.OutOfMemory", "no memory for an HTTP/2 client");
}

static int fill(struct nr_h2 *h2, const struct nr_h2_options *options, struct nr_err *err)
{
    size_t n;

    if (fill_options(&h2->options, options, err) != 0 || h2_site_init(&h2->site, options->origin, err) != 0 ||
        nr_tls_warm(err) != 0)
        return -1;
    n = (size_t)h2->options.max_connections;
    h2->user_agent = strdup(options->user_agent ? options->user_agent : "narae");
    h2->conns = calloc(n, sizeof(h2->conns[0]));
    h2->polls = calloc(n, sizeof(h2->polls[0]));
    if (!h2->user_agent || !h2->conns || !h2->polls)
        return no_memory(err);
    for (size_t i = 0; i < n; i++) {
        h2->conns[i].h2 = h2;
        h2->conns[i].fd = -1;
    }
    return 0;
}

int nr_h2_new(const struct nr_h2_options *options, struct nr_h2 **out, struct nr_err *err)
{
    struct nr_h2 *h2 = calloc(1, sizeof(*h2));

    if (!h2)
        return no_memory(err);
    if (fill(h2, options, err) != 0) {
        nr_h2_free(h2);
        return -1;
    }
    *out = h2;
    return 0;
}

void nr_h2_free(struct nr_h2 *h2)
{
    if (!h2)
        return;
    for (int i = 0; h2->conns && i < h2->options.max_connections; i++)
        h2_conn_close(&h2->conns[i]);
    h2_slot_free_all(&h2->spare);
    h2_slot_free_all(&h2->waiting);
    h2_site_done(&h2->site);
    free(h2->conns);
    free(h2->polls);
    free(h2->user_agent);
    free(h2);
}

struct nr_h2_stats nr_h2_stats(const struct nr_h2 *h2)
{
    return h2->stats;
}
