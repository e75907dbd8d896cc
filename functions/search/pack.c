#include <stdlib.h>
#include <string.h>

#include "functions/search/pack.h"

/* splitmix64: keys must spread, not be secret. */
static uint64_t mix(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static void write_key(uint64_t value, char key[PACK_KEY_BYTES])
{
    for (int i = PACK_KEY_BYTES - 1; i >= 0; i--, value >>= 4)
        key[i] = "0123456789abcdef"[value & 15];
}

static bool fits(const struct pack_record *record, const struct pack_unit *unit, size_t record_bytes)
{
    return record->n_bytes + 1 + unit->len + PACK_KEY_BYTES <= record_bytes &&
           record->n_events + unit->n_events <= PACK_EVENTS_MAX;
}

static void add(struct pack_record *record, const struct pack_unit *unit)
{
    record->n_bytes += (record->n_units > 0) + unit->len;
    record->n_events += unit->n_events;
    record->n_units++;
}

size_t pack_records(const struct pack_unit *units, size_t n_units, size_t record_bytes, bool is_by_lane,
                    uint64_t random, struct pack_record *out)
{
    size_t n = 0;

    for (size_t i = 0; i < n_units; i++) {
        bool is_apart = n == 0 || (is_by_lane && units[i].lane != units[i - 1].lane);

        if (is_apart || !fits(&out[n - 1], &units[i], record_bytes)) {
            out[n++] = (struct pack_record){.first_unit = i};
            write_key(is_by_lane ? units[i].lane : mix(&random), out[n - 1].key);
        }
        add(&out[n - 1], &units[i]);
    }
    return n;
}

size_t pack_request(const struct pack_record *records, size_t n, size_t from, size_t request_bytes)
{
    size_t n_bytes = 0;
    size_t i = from;

    while (i < n && i - from < PACK_RECORDS_MAX) {
        n_bytes += records[i].n_bytes + PACK_KEY_BYTES;
        if (n_bytes > request_bytes && i > from)
            break;
        i++;
    }
    return i - from;
}

/* Stable, since `at` grows with the order in which units came. */
static int by_lane(const void *a, const void *b)
{
    const struct pack_unit *x = a;
    const struct pack_unit *y = b;

    if (x->lane != y->lane)
        return x->lane < y->lane ? -1 : 1;
    return x->at < y->at ? -1 : 1;
}

void pack_by_lane(struct pack_unit *units, size_t n_units, struct nr_view text, struct nr_buf *text_out)
{
    qsort(units, n_units, sizeof(*units), by_lane);
    for (size_t i = 0; i < n_units; i++) {
        size_t at = text_out->len;

        nr_buf_add(text_out, nr_view_n(text.ptr + units[i].at, units[i].len));
        nr_buf_add_char(text_out, '\n');
        units[i].at = at;
    }
}
