/* What Lambda hands to search_log, from the first byte to rows: every row must be one line of sound JSON. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "functions/search/decode.h"
#include "functions/search/event.h"
#include "functions/search/intake.h"
#include "functions/search/row.h"
#include "functions/search/scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum { MAX_BYTES = 1 << 20 };

static const int64_t now_ms = 1790000000000; /* 2026-09-21 */

static struct {
    struct pseudonym_key key;
    struct row_maker rows;
    struct decode decode;
    struct nr_buf body, arena, out;
} kept;

static void set_up(void)
{
    struct nr_err err = {0};

    if (kept.key.mac)
        return;
    if (pseudonym_key_parse(
            "KEY", NR_VIEW("{\"id\":\"k\",\"key\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\"}"),
            &kept.key, &err) != 0)
        abort();
    row_maker_init(&kept.rows, &kept.key, now_ms);
    decode_init(&kept.decode, MAX_BYTES);
    nr_buf_init(&kept.body, MAX_BYTES);
    nr_buf_init(&kept.arena, MAX_BYTES);
    nr_buf_init(&kept.out, MAX_BYTES);
}

static void check_row(const struct search_event *event)
{
    struct nr_err err = {0};
    unsigned pii;
    json_t *doc;

    nr_buf_reset(&kept.out);
    if (row_write(&kept.rows, event, NR_VIEW("source"), 0, &kept.out, &pii, &err) != 0)
        return;
    if (memchr(kept.out.data, '\n', kept.out.len))
        abort();
    doc = json_loadb(kept.out.data, kept.out.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
    if (!json_is_object(doc))
        abort();
    json_decref(doc);
}

static void read_events(struct nr_view text)
{
    const struct event_place place = {.in = EVENT_IN_BODY};
    struct scan scan;
    bool is_array;

    scan_init(&scan, text);
    is_array = scan_peek(&scan) == SCAN_ARRAY && scan_enter(&scan, SCAN_ARRAY);
    while (is_array ? scan_item(&scan) : scan_peek(&scan) != SCAN_NOTHING) {
        struct search_event event;
        struct nr_err err = {0};

        if (search_event_read(&scan, &place, now_ms, &kept.arena, &event, &err) == 0 && !event.is_opt_out)
            check_row(&event);
    }
}

/* As log_batch.c does. */
static void read_body(struct nr_view raw, bool is_base64)
{
    struct nr_err err = {0};
    struct nr_view body;

    nr_buf_reset(&kept.body);
    if (!nr_buf_room(&kept.body, raw.len + SCAN_SPARE_BYTES))
        return;
    if (!scan_unescape_skimmed(raw, kept.body.data, &kept.body.len))
        return;
    if (decode_body(&kept.decode, nr_buf_view(&kept.body), is_base64, &body, &err) == 0)
        read_events(body);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct nr_view event = nr_view_n((const char *)bytes, n);
    struct intake intake;
    struct nr_err err = {0};

    set_up();
    if (intake_read(event, &intake, &err) != 0)
        return 0;
    for (size_t i = 0; i < intake.sqs.n_records; i++)
        read_body(intake.sqs.records[i].body, false);
    if (intake.shape == INTAKE_HTTP && intake.body.raw.ptr)
        read_body(intake.body.raw, intake.is_base64);
    if (intake.shape == INTAKE_DIRECT)
        read_events(event);
    intake_done(&intake);
    return 0;
}
