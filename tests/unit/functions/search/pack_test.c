#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>
#include <jansson.h>

#include <narae/rand.h>

#include "functions/search/kinesis_wire.h"
#include "functions/search/pack.h"

enum { UNITS_MAX = 4000 };

static struct pack_unit units[UNITS_MAX];
static struct pack_record records[UNITS_MAX];

/* Units of the given lengths, one after the other with a newline between. */
static size_t make(const size_t *lens, size_t n)
{
    size_t at = 0;

    for (size_t i = 0; i < n; i++) {
        units[i] = (struct pack_unit){
            .at = at, .len = lens[i], .item = (uint32_t)i, .n_events = 1, .lane = (uint16_t)(i % 3)};
        at += lens[i] + 1;
    }
    return n;
}

Test(pack, fills_records_up_to_the_step_that_is_billed)
{
    size_t n = make((const size_t[]){2000, 2000, 982, 1, 300}, 5);

    /* 2,000 + 1 + 2,000 + 1 + 982 + 16 of the key = 5,000 */
    cr_assert_eq(pack_records(units, n, 5000, false, 1, records), 2);
    cr_assert_eq(records[0].n_units, 3);
    cr_assert_eq(records[0].n_bytes, 4984);
    cr_assert_eq(records[1].first_unit, 3);
    cr_assert_eq(records[1].n_bytes, 302);
}

Test(pack, never_splits_a_unit)
{
    size_t n = make((const size_t[]){10, 70000, 10}, 3);

    cr_assert_eq(pack_records(units, n, 5000, false, 1, records), 3);
    cr_assert_eq(records[1].n_bytes, 70000);
}

Test(pack, keeps_firehoses_limit_of_events)
{
    size_t n = make((const size_t[]){1, 1, 1}, 3);

    units[0].n_events = 400;
    units[1].n_events = 100;
    cr_assert_eq(pack_records(units, n, 5000, false, 1, records), 2);
    cr_assert_eq(records[0].n_events, 500);
}

Test(pack, spreads_keys)
{
    size_t lens[100];
    size_t n;

    for (int i = 0; i < 100; i++)
        lens[i] = 4900;
    n = pack_records(units, make(lens, 100), 5000, false, 7, records);
    cr_assert_eq(n, 100);
    for (size_t i = 1; i < n; i++)
        cr_assert_neq(memcmp(records[i].key, records[i - 1].key, PACK_KEY_BYTES), 0);
}

Test(pack, gives_a_lane_one_key_and_keeps_its_order)
{
    static const char text[] = "aa\nb\ncc\ndd\ne\nff\n";
    struct nr_buf sorted;
    size_t n = make((const size_t[]){2, 1, 2, 2, 1, 2}, 6);

    nr_buf_init(&sorted, 1024);
    pack_by_lane(units, n, nr_view(text), &sorted);
    cr_assert_str_eq(nr_buf_text(&sorted), "aa\ndd\nb\ne\ncc\nff\n");
    cr_assert_eq(pack_records(units, n, 5000, true, 1, records), 3);
    cr_assert(nr_view_is(nr_view_n(sorted.data + units[records[1].first_unit].at, records[1].n_bytes),
                         NR_VIEW("b\ne")));
    cr_assert_eq(memcmp(records[1].key, "0000000000000001", PACK_KEY_BYTES), 0);
    nr_buf_done(&sorted);
}

Test(pack, knows_what_is_billed)
{
    cr_assert_eq(pack_billed_bytes(1), 5000);
    cr_assert_eq(pack_billed_bytes(5000), 5000);
    cr_assert_eq(pack_billed_bytes(5001), 10000);
}

/* --- requests, whatever comes --------------------------------------------------------------------------- */

/* The body of a request as the service reads it: it must be within its limits. Returns how many records. */
static size_t check_body(const struct pack_record *of, size_t n, const char *text, size_t request_bytes)
{
    struct kinesis_record wire[PACK_RECORDS_MAX];
    uint8_t fates[PACK_RECORDS_MAX] = {0};
    struct nr_buf body;
    json_t *doc;
    size_t counted = 0;
    size_t i;
    json_t *record;

    cr_assert_leq(n, PACK_RECORDS_MAX);
    for (i = 0; i < n; i++)
        wire[i] = (struct kinesis_record){nr_view_n(text + units[of[i].first_unit].at, of[i].n_bytes),
                                          nr_view_n(of[i].key, PACK_KEY_BYTES)};
    nr_buf_init(&body, 64 << 20);
    kinesis_request_write("s", wire, fates, n, &body);
    doc = json_loadb(body.data, body.len, JSON_REJECT_DUPLICATES, NULL);
    cr_assert_eq(json_array_size(json_object_get(doc, "Records")), n);
    json_array_foreach(json_object_get(doc, "Records"), i, record)
    {
        size_t coded = strlen(json_string_value(json_object_get(record, "Data")));

        cr_assert_eq(coded, (of[i].n_bytes + 2) / 3 * 4);
        counted += of[i].n_bytes + strlen(json_string_value(json_object_get(record, "PartitionKey")));
    }
    cr_assert(counted <= request_bytes || n == 1, "%zu bytes in %zu records", counted, n);
    json_decref(doc);
    nr_buf_done(&body);
    return n;
}

Test(pack, keeps_every_request_within_the_limits_and_every_unit_in_one_record, .timeout = 60)
{
    static char text[40 * 1024 * 1024];
    static size_t lens[UNITS_MAX];

    memset(text, 'x', sizeof(text));
    nr_rand_fix(1);
    for (int round = 0; round < 60; round++) {
        size_t most = (size_t)1 << (4 + round % 14); /* up to 131,072 bytes */
        size_t n_units = 1 + nr_rand_below(most > 20000 ? 200 : UNITS_MAX);
        size_t record_bytes = 1000 + nr_rand_below(round % 2 ? 5000 : 999000);
        size_t request_bytes = 100000 + nr_rand_below(round % 3 ? 2500000 : 10385760);
        size_t n;
        size_t n_seen = 0;

        for (size_t i = 0; i < n_units; i++)
            lens[i] = 1 + nr_rand_below(most);
        n = pack_records(units, make(lens, n_units), record_bytes, round % 4 == 0, (uint64_t)round, records);
        for (size_t i = 0; i < n; i++) {
            cr_assert_eq(records[i].first_unit, n_seen);
            cr_assert(records[i].n_bytes + PACK_KEY_BYTES <= record_bytes || records[i].n_units == 1);
            cr_assert_leq(records[i].n_events, PACK_EVENTS_MAX);
            n_seen += records[i].n_units;
        }
        cr_assert_eq(n_seen, n_units);
        for (size_t from = 0; from < n;)
            from += check_body(&records[from], pack_request(records, n, from, request_bytes), text,
                               request_bytes);
    }
}
