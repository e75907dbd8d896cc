#include <stdbool.h>
#include <string.h>

#include "functions/search/base64.h"
#include "functions/search/kinesis_wire.h"
#include "functions/search/scan.h"

/* --- request -------------------------------------------------------------------------------------------- */

/* What stands around data and key, and the comma behind. */
enum { RECORD_OVERHEAD_BYTES = sizeof("{\"Data\":\"\",\"PartitionKey\":\"\"},") - 1 };

static void write_record(const struct kinesis_record *record, struct nr_buf *out)
{
    nr_buf_add(out, NR_VIEW("{\"Data\":\""));
    base64_write(record->data, out);
    nr_buf_add(out, NR_VIEW("\",\"PartitionKey\":\""));
    nr_buf_add(out, record->key);
    nr_buf_add(out, NR_VIEW("\"}"));
}

void kinesis_request_write(const char *stream, const struct kinesis_record *records, const uint8_t *fates,
                           size_t n, struct nr_buf *out)
{
    bool is_first = true;
    size_t n_bytes = 0;

    for (size_t i = 0; i < n; i++)
        n_bytes += RECORD_OVERHEAD_BYTES + records[i].key.len + (records[i].data.len + 2) / 3 * 4;
    nr_buf_room(out, n_bytes); /* once, rather than copied again at each doubling */
    nr_buf_add_text(out, strncmp(stream, "arn:", 4) == 0 ? "{\"StreamARN\":" : "{\"StreamName\":");
    nr_buf_add_json_text(out, nr_view(stream));
    nr_buf_add(out, NR_VIEW(",\"Records\":["));
    for (size_t i = 0; i < n; i++) {
        if (fates[i] == KINESIS_STORED)
            continue;
        if (!is_first)
            nr_buf_add_char(out, ',');
        is_first = false;
        write_record(&records[i], out);
    }
    nr_buf_add(out, NR_VIEW("]}"));
}

/* --- reply ---------------------------------------------------------------------------------------------- */

/* A number in the stream and no error: anything else is not stored. A null counts as absent. */
static enum kinesis_fate read_entry(struct scan *scan)
{
    enum kinesis_fate fate = KINESIS_FAILED;
    bool has_error = false;
    struct scan_text name;
    struct scan_text text;

    if (!scan_enter(scan, SCAN_OBJECT))
        return KINESIS_PENDING;
    while (scan_member(scan, &name)) {
        bool is_code = nr_view_is(name.raw, NR_VIEW("ErrorCode"));
        bool is_number = nr_view_is(name.raw, NR_VIEW("SequenceNumber"));

        if ((!is_code && !is_number) || scan_peek(scan) == SCAN_NULL) {
            scan_skip(scan);
        } else if (scan_string(scan, &text) && is_code) {
            has_error = true;
            fate = nr_view_is(text.raw, NR_VIEW("ProvisionedThroughputExceededException")) ? KINESIS_THROTTLED
                                                                                           : KINESIS_FAILED;
        } else if (!has_error) {
            fate = KINESIS_STORED;
        }
    }
    return fate;
}

static size_t next_pending(const uint8_t *fates, size_t n, size_t from)
{
    while (from < n && fates[from] == KINESIS_STORED)
        from++;
    return from;
}

/* The entries in their order; with `out`, fates are written to it. Returns how many entries there are. */
static size_t read_entries(struct scan *scan, const uint8_t *fates, size_t n, uint8_t *out)
{
    size_t n_entries = 0;
    size_t at = next_pending(fates, n, 0);

    if (!scan_enter(scan, SCAN_ARRAY))
        return 0;
    while (scan_item(scan)) {
        enum kinesis_fate fate = read_entry(scan);

        n_entries++;
        if (out && at < n) {
            size_t next = next_pending(fates, n, at + 1); /* before this one may become stored */

            out[at] = (uint8_t)fate;
            at = next;
        }
    }
    return n_entries;
}

/* One pass. Returns how many entries the reply has; the scan holds a fault when it is none. */
static size_t read_reply(struct nr_view reply, struct scan *scan, const uint8_t *fates, size_t n,
                         uint8_t *out)
{
    struct scan_text name;
    bool has_entries = false;
    size_t n_entries = 0;

    scan_init(scan, reply);
    if (!scan_enter(scan, SCAN_OBJECT))
        return 0;
    while (scan_member(scan, &name)) {
        if (!nr_view_is(name.raw, NR_VIEW("Records"))) {
            scan_skip(scan);
        } else if (has_entries) {
            scan_fail(scan, "has two lists of entries");
        } else {
            n_entries = read_entries(scan, fates, n, out);
            has_entries = true;
        }
    }
    scan_end(scan);
    return n_entries;
}

int kinesis_reply_read(struct nr_view reply, uint8_t *fates, size_t n, struct nr_err *err)
{
    struct scan scan;
    size_t n_wanted = 0;
    size_t n_entries = read_reply(reply, &scan, fates, n, NULL);

    for (size_t i = 0; i < n; i++)
        n_wanted += fates[i] != KINESIS_STORED;
    if (scan.fault)
        return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.InvalidReply",
                          "the reply of PutRecords %s at byte %zu", scan.fault,
                          (size_t)(scan.at - scan.start));
    if (n_entries != n_wanted)
        return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.InvalidReply",
                          "the reply of PutRecords has %zu entries for %zu records", n_entries, n_wanted);
    read_reply(reply, &scan, fates, n, fates);
    return 0;
}
